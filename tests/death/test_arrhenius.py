import time

import numpy as np
import pytest
from scipy.integrate import quad

from pennes.case.death import ArrheniusDeath
from pennes.death import Arrhenius
from pennes.death.arrhenius import SETS

LIVER = Arrhenius.from_case(ArrheniusDeath())
# Seconds at a constant temperature (C) to Omega = 1, from the closed form exp(Ea / R T) / A.
TIMES_TO_ONE = {
    "liver_jacques": {43: 510.5, 45: 275.6, 50: 61.05, 55: 14.16, 60: 3.431, 65: 0.8669, 70: 0.228, 80: 0.01767},
    "hepg2": {43: 10180, 45: 5249, 50: 1039, 55: 216.1, 60: 47.12, 65: 10.75, 70: 2.559, 80: 0.1639},
    "bhk_borrelli": {43: 1554, 45: 463, 50: 23.94, 55: 1.355, 60: 0.0836, 65: 0.0056},
    "cho_he": {43: 448, 45: 102.2, 50: 2.751, 55: 0.0827, 60: 0.002761},
    "flow_stasis": {43: 8010, 45: 1625, 50: 32.85, 55: 0.7478, 60: 0.01907},
}
CASES = [(name, t, seconds) for name, times in TIMES_TO_ONE.items() for t, seconds in times.items()]


def held(model, temperature, seconds, steps=1):
    state = model.initial(1)
    at = np.array([float(temperature)])
    for _ in range(steps):
        state = model.advance(state, at, at, seconds / steps)
    return state


def test_every_published_set_is_checked():
    assert set(TIMES_TO_ONE) == set(SETS)


@pytest.mark.parametrize(("name", "temperature", "seconds"), CASES)
def test_time_to_omega_one_at_constant_temperature(name, temperature, seconds):
    model = Arrhenius.from_case(ArrheniusDeath(set=name))
    assert model.damage(held(model, temperature, seconds * (1 - 1e-3)))[0] < 1
    assert model.damage(held(model, temperature, seconds * (1 + 1e-3)))[0] > 1


def test_the_surface_of_the_zone_is_where_omega_reaches_the_threshold():
    model = Arrhenius.from_case(ArrheniusDeath(threshold=4.6))
    before, after = (model.indicator(held(model, 50, 4.6 * 61.05 * f))[0] for f in (0.999, 1.001))
    assert before < 0 < after < 0.01


def test_viability_and_damage_say_the_same():
    state = held(LIVER, 50, 61.05 * 2)
    assert LIVER.damage(state)[0] == pytest.approx(2, rel=1e-3)
    assert LIVER.viability(state)[0] == pytest.approx(np.exp(-2), rel=2e-3)


def test_own_parameters_are_used():
    own = ArrheniusDeath(set="own", frequency_factor="5.51e41 1/s", activation_energy="276.9 kJ/mol")
    hepg2 = Arrhenius.from_case(ArrheniusDeath(set="hepg2"))
    assert Arrhenius.from_case(own).rate(60.0) == pytest.approx(hepg2.rate(60.0), rel=1e-12)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("start", "end"), [(50, 50.001), (50, 50.3), (50, 52), (60, 95), (95, 60), (37, 80), (80, 30), (36, 43.5)]
)
def test_a_ramp_is_integrated_exactly_in_one_step(name, start, end):
    model = Arrhenius.from_case(ArrheniusDeath(set=name))
    low, high = max(43.0, min(start, end)), max(start, end)
    expected = 20.0 / (high - min(start, end)) * quad(model.rate, low, high, epsabs=0, epsrel=1e-11, limit=200)[0]
    omega = model.advance(model.initial(1), np.array([float(start)]), np.array([float(end)]), 20.0)[0, 0]
    assert omega == pytest.approx(expected, rel=1e-8)


def test_there_is_no_rate_below_the_cut_off():
    model = Arrhenius.from_case(ArrheniusDeath(cut_off="45 degC"))
    assert model.rate(44.999) == 0
    assert model.rate(45.0) == pytest.approx(1 / 275.6, rel=1e-3)


def test_a_lower_cut_off_opens_the_trap_that_the_default_closes():
    trusting = Arrhenius.from_case(ArrheniusDeath(cut_off="0 degC"))
    assert trusting.damage(held(trusting, 37, 720))[0] == pytest.approx(0.21, abs=0.005)
    assert LIVER.damage(held(LIVER, 37, 720))[0] == 0


def test_a_hundred_thousand_points_take_little_time():
    rng = np.random.default_rng(1)
    start = np.where(rng.random(100_000) < 0.2, 60.0, 38.0) + rng.random(100_000)
    state, end, seconds = LIVER.initial(start.size), start + 1.0, []
    for _ in range(10):
        begun = time.process_time()
        LIVER.advance(state, start, end, 5.0)
        seconds.append(time.process_time() - begun)
    assert min(seconds) < 0.015


def test_the_level_runs_on_smoothly_where_the_cut_off_ends_the_damage():
    model, temperature = LIVER, np.linspace(38.0, 50.0, 241)
    state = model.initial(temperature.size)
    for _ in range(72):
        state = model.advance(state, temperature, temperature, 10.0)
    level = model.indicator(state)
    border = np.interp(0.0, level, temperature)
    assert border == pytest.approx(43.0, abs=0.06), "720 s of a little over the cut-off kill"
    straight = 0.29 * (temperature - border)
    assert np.abs(level - straight).max() < 0.5
    assert (np.diff(level) >= 0).all()


def test_the_interpolated_border_beside_a_cold_wall_is_that_of_the_temperature():
    """60 C at one vertex, 37 C at its neighbour, for 720 s: tissue dies down to 43 C."""
    ends = np.array([60.0, 37.0])
    state = LIVER.advance(LIVER.initial(2), ends, ends, 720.0)
    dead, alive = LIVER.indicator(state)
    assert dead / (dead - alive) == pytest.approx((60.0 - 43.0) / (60.0 - 37.0), abs=0.05)
