import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pennes.case.death import ThreeStateDeath
from pennes.death import ThreeState

MODEL = ThreeState.from_case(ThreeStateDeath())
PUBLISHED = ThreeState.from_case(ThreeStateDeath(cut_off="0 degC"))
# Viability (alive + vulnerable) at constant temperature (C), after VIABILITY_SECONDS.
VIABILITY = {
    45: (0.999931, 0.99984, 0.999358, 0.996747, 0.985592),
    50: (0.999915, 0.999784, 0.99881, 0.988906, 0.918132),
    55: (0.999894, 0.9997, 0.997554, 0.957064, 0.658719),
    60: (0.999865, 0.999567, 0.994391, 0.842903, 0.283542),
    65: (0.999827, 0.999346, 0.985771, 0.581858, 0.07997),
    80: (0.99957, 0.996835, 0.748341, 0.028423, 0.000476),
}
VIABILITY_SECONDS = (60, 120, 300, 600, 900)


def held(model, temperature, seconds, step):
    state, at = model.initial(1), np.array([float(temperature)])
    for _ in range(round(seconds / step)):
        state = model.advance(state, at, at, step)
    return state


def reference(temperature_of_time, seconds, alive=0.99, dead=0.0):
    """Alive and dead after the published equations, written down a second time and solved to 1e-11."""

    def change(time, state):
        alive, dead = state
        forward = 3.33e-3 * np.exp(temperature_of_time(time) / 40.5) * (1 - alive)
        vulnerable = 1 - alive - dead
        return -forward * alive + 7.77e-3 * vulnerable, forward * vulnerable

    return solve_ivp(change, (0, seconds), (alive, dead), rtol=1e-11, atol=1e-14, method="DOP853").y[:, -1]


# Seconds to a viability of 0.8 and of 0.2 at constant temperature (C).
SECONDS_TO = {50: (1059.94, 1546.22), 60: (629.697, 960.104), 70: (412.371, 641.901), 80: (285.448, 448.253)}
TABLE = [(t, s, v) for t, row in VIABILITY.items() for s, v in zip(VIABILITY_SECONDS, row, strict=True)]


@pytest.mark.parametrize("step", [1.0, 20.0, 60.0])
@pytest.mark.parametrize(("temperature", "seconds", "viability"), TABLE)
def test_viability_at_constant_temperature(temperature, seconds, viability, step):
    state = held(MODEL, temperature, seconds, step)
    # Relative to what is left and to what was lost; 6e-7 is the rounding of the table.
    assert MODEL.viability(state)[0] == pytest.approx(viability, rel=1e-3, abs=0)
    assert MODEL.damage(state)[0] == pytest.approx(1 - viability, rel=1e-3, abs=6e-7)


@pytest.mark.parametrize(("temperature", "times"), SECONDS_TO.items())
def test_time_to_a_viability(temperature, times):
    for level, seconds in zip((0.8, 0.2), times, strict=True):
        before, after = (
            MODEL.viability(held(MODEL, temperature, seconds * f, seconds * f / 100))[0] for f in (0.999, 1.001)
        )
        assert before > level > after


def test_the_surface_of_the_zone_is_where_viability_reaches_the_threshold():
    before, after = (MODEL.indicator(held(MODEL, 60, 960.1 * f, 960.1 * f / 100))[0] for f in (0.999, 1.001))
    assert before < 0 < after < 0.05


@pytest.mark.parametrize(
    ("start", "end", "seconds"), [(43, 100, 300), (95, 43, 300), (60, 60, 600), (43, 44, 900), (100, 150, 60)]
)
def test_a_ramp_in_one_step_agrees_with_an_independent_integration(start, end, seconds):
    expected = reference(lambda t: start + (end - start) * t / seconds, seconds)
    state = MODEL.advance(MODEL.initial(1), np.array([float(start)]), np.array([float(end)]), seconds)
    np.testing.assert_allclose(state[:, 0], expected, rtol=0, atol=2e-6)


def test_the_crossing_of_the_cut_off_is_exact():
    from_body, hot = (
        MODEL.advance(MODEL.initial(1), np.array([t]), np.array([83.0]), s) for t, s in ((33.0, 250.0), (43.0, 200.0))
    )
    np.testing.assert_allclose(from_body, hot, rtol=1e-12)
    back = MODEL.advance(MODEL.initial(1), np.array([83.0]), np.array([33.0]), 250.0)
    assert back[1, 0] > 0 and np.abs(back - hot).max() > 1e-3


def test_the_published_equations_kill_at_body_temperature_and_the_default_does_not():
    assert PUBLISHED.viability(held(PUBLISHED, 37, 900, 10.0))[0] == pytest.approx(0.998662, abs=1e-6)
    assert PUBLISHED.viability(held(PUBLISHED, 37, 12 * 3600, 60.0))[0] < 0.01
    np.testing.assert_array_equal(held(MODEL, 37, 12 * 3600, 60.0), MODEL.initial(1))


def test_heat_that_comes_late_kills_as_much_as_heat_that_comes_at_once():
    waited = MODEL.initial(1)
    for temperature, seconds in ((37.0, 600.0), (65.0, 700.0)):
        at = np.array([temperature])
        for _ in range(100):
            waited = MODEL.advance(waited, at, at, seconds / 100)
    np.testing.assert_array_equal(waited, held(MODEL, 65, 700.0, 7.0))


def test_charring_tissue_dies_at_once_and_costs_nothing():
    state = MODEL.advance(MODEL.initial(2), np.array([37.0, 250.0]), np.array([1500.0, 2000.0]), 60.0)
    assert MODEL.viability(state).max() < 1e-6
    assert np.isfinite(MODEL.indicator(state)).all()
