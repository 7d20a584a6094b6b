"""What holds for every model of cell death."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pennes.case.death import Death
from pennes.death import make_death_models

MODELS = make_death_models(Death())
NAMES = list(MODELS)
each_model = pytest.mark.parametrize("name", NAMES)
temperatures = arrays(np.float64, 4, elements=st.floats(20.0, 130.0))
durations = st.floats(0.0, 60.0)


def heated(model, points=4, temperature=58.0, seconds=40.0):
    at = np.full(points, temperature)
    return model.advance(model.initial(points), at, at, seconds)


def through(model, temperature_of_time, times):
    """State after steps between ``times``, with the temperature linear in each."""
    state = model.initial(1)
    for before, after in pairwise(times):
        start, end = (np.array([temperature_of_time(t)]) for t in (before, after))
        state = model.advance(state, start, end, after - before)
    return state


def test_all_models_are_made_with_their_own_blocks():
    death = Death(arrhenius={"set": "hepg2"}, cem43={"threshold": "340 min"}, isotherm={"threshold": "52 degC"})
    models = make_death_models(death)
    assert list(models) == ["arrhenius", "cem43", "three_state", "isotherm"] == [m.name for m in models.values()]
    assert models["arrhenius"].frequency_factor == 5.51e41
    assert models["cem43"].threshold == 340 * 60
    assert models["isotherm"].threshold == 52


@each_model
def test_twelve_hours_at_body_temperature_do_nothing(name):
    model = MODELS[name]
    at, state = np.full(3, 37.0), model.initial(3)
    state = model.advance(state, at, at, 0.0)
    rested = state
    for _ in range(12 * 60):
        rested = model.advance(rested, at, at, 60.0)
    # The exposure goes on; damage and the highest temperature do not.
    rows = [row for row, word in enumerate(model.state_names) if word != "exposure"]
    np.testing.assert_array_equal(rested[rows], state[rows])
    assert model.viability(rested).tolist() == [1.0] * 3
    assert (model.indicator(rested) < -1.0).all()
    if name != "isotherm":
        assert not model.damage(rested).any()


@each_model
def test_healthy_tissue_starts_alive(name):
    model = MODELS[name]
    state = model.initial(5)
    assert state.shape == (len(model.state_names), 5)
    assert model.viability(state).tolist() == [1.0] * 5
    if name == "isotherm":
        assert (model.indicator(state) == -60).all()
    else:
        assert (model.indicator(state) < -5).all()


@each_model
def test_a_long_ablation_kills(name):
    model = MODELS[name]
    state = heated(model, temperature=80.0, seconds=900.0)
    assert (model.viability(state) < 0.01).all()
    assert (model.indicator(state) > 0).all()


@each_model
def test_a_state_is_not_changed_in_place(name):
    model = MODELS[name]
    state = heated(model)
    kept = state.copy()
    start, end = np.full(4, 55.0), np.full(4, 70.0)
    after = model.advance(state, start, end, 10.0)
    model.damage(state)[:] = -1
    np.testing.assert_array_equal(state, kept)
    assert not np.shares_memory(after, state)
    assert (start == 55).all() and (end == 70).all()


@each_model
@given(one=temperatures, other=temperatures, third=temperatures, first=durations, second=durations)
def test_damage_never_falls_in_time(name, one, other, third, first, second):
    model = MODELS[name]
    early = model.advance(model.initial(4), one, other, first)
    late = model.advance(early, other, third, second)
    assert (model.damage(late) >= model.damage(early)).all()
    assert (model.viability(late) <= model.viability(early)).all()
    assert (model.indicator(late) >= model.indicator(early)).all()
    assert (model.viability(late) >= 0).all() and (model.viability(early) <= 1).all()


@each_model
@given(start=temperatures, end=temperatures, warmer=st.floats(0.0, 20.0), seconds=durations)
def test_damage_rises_with_temperature(name, start, end, warmer, seconds):
    model = MODELS[name]
    cool = model.advance(model.initial(4), start, end, seconds)
    hot = model.advance(model.initial(4), start + warmer, end + warmer, seconds)
    damage = model.damage(cool)
    assert (model.damage(hot) >= damage - 1e-7 * np.maximum(damage, 1e-3)).all()


@pytest.mark.parametrize("name", ["arrhenius", "cem43", "three_state"])
def test_one_step_of_a_linear_ramp_equals_many(name):
    model = MODELS[name]
    once, often = (through(model, lambda t: 37 + 0.1 * t, np.linspace(0, 400, n)) for n in (2, 161))
    np.testing.assert_allclose(once, often, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("coolest", [45.0, 37.0])
@pytest.mark.parametrize("name", ["arrhenius", "cem43", "three_state"])
def test_second_order_in_time_where_the_temperature_is_curved(name, coolest):
    model = MODELS[name]

    def course(time):
        return coolest + (70 - coolest) * np.sin(np.pi * time / 900) ** 2

    finest = model.damage(through(model, course, np.linspace(0, 900, 1281)))[0]
    steps = np.array([20, 40, 80, 160])
    errors = [abs(model.damage(through(model, course, np.linspace(0, 900, n + 1)))[0] - finest) for n in steps]
    # Where the course crosses the cut-off the place of the crossing within a step adds scatter: fit, not pairs.
    order = -np.polyfit(np.log2(steps), np.log2(errors), 1)[0]
    assert order > 1.9


@each_model
def test_points_do_not_act_on_each_other(name):
    model, rng = MODELS[name], np.random.default_rng(3)
    start, end = rng.uniform(30, 110, (2, 20_000))
    together = model.advance(model.initial(start.size), start, end, 15.0)
    pieces = [
        model.advance(model.initial(2500), *ends, 15.0)
        for ends in zip(np.split(start, 8), np.split(end, 8), strict=True)
    ]
    np.testing.assert_allclose(together, np.concatenate(pieces, axis=1), rtol=1e-13)


@each_model
def test_a_temperature_that_is_not_a_number_is_not_hidden(name):
    model = MODELS[name]
    state = model.advance(model.initial(2), np.array([np.nan, 37.0]), np.array([np.nan, 37.0]), 5.0)
    assert np.isnan(model.damage(state)).tolist() == [True, False]


@each_model
def test_the_level_function_is_finite_for_any_heat(name):
    model = MODELS[name]
    state = model.advance(model.initial(3), np.array([37.0, 100.0, 2000.0]), np.array([37.0, 400.0, 2000.0]), 60.0)
    assert np.isfinite(model.indicator(state)).all()
