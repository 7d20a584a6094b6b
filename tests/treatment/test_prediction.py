"""Extrapolation through the stages of a step."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from pennes.bioheat.integrator import GAMMA
from pennes.tissue.enthalpy import Enthalpy
from pennes.treatment.state import QUADRATIC_REACH, Past, State, through_stages

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("x", [-0.5, 0.0, 0.3, GAMMA, 0.8, 1.0, 1.5, 2.5])
def test_parabolas_are_met_exactly(x):
    a, b, c = RNG.normal(size=(3, 50))
    values = [a + b * at + c * at**2 for at in (0.0, GAMMA, 1.0)]
    np.testing.assert_allclose(through_stages(x, *values), a + b * x + c * x**2, rtol=1e-12, atol=1e-12)


def enthalpy(n):
    """Per volume: 3.6 MJ/m3/K, and water that boils."""
    full = np.full(n, 1.0)
    return Enthalpy(capacity=3.6e6 * full, latent=1.6e9 * full, dry_capacity=1.2e6 * full)


def state_on_a_parabola(table, dt, n=40):
    """Enthalpies h(t) = a + b t + c t^2 of the last step that begin warm and rise through boiling in some nodes."""
    a = table.value(np.linspace(40.0, 99.0, n))
    b, c = RNG.uniform(1e6, 4e7, n), RNG.uniform(-1e5, 1e5, n)

    def h(t):
        return a + b * t + c * t**2

    return State(0.0, table.temperature(h(dt)), {}, Past(dt, h(0.0), h(GAMMA * dt))), h


@pytest.mark.parametrize("reach", [0.1, 1.0, QUADRATIC_REACH])
def test_heat_that_runs_on_a_parabola_is_predicted_exactly_through_boiling(reach):
    table, dt = enthalpy(40), 2.0
    state, h = state_on_a_parabola(table, dt)
    expected = table.temperature(h(dt + reach * dt))
    assert np.count_nonzero((expected > 99.0) & (expected < 101.0)) > 5
    np.testing.assert_allclose(state.predict(reach * dt, table), expected, atol=1e-6)


def test_far_ahead_a_straight_line_is_followed():
    table, dt = enthalpy(40), 2.0
    state, h = state_on_a_parabola(table, dt)
    ahead = 3.0 * dt
    slope = (h(dt) - h(GAMMA * dt)) / ((1.0 - GAMMA) * dt)
    expected = table.temperature(h(dt) + ahead * slope)
    np.testing.assert_allclose(state.predict(ahead, table), expected, atol=1e-6)


def test_without_a_past_nothing_is_foreseen_and_nothing_shared():
    state = State(0.0, np.array([37.0, 60.0]), {})
    found = state.predict(5.0, enthalpy(2))
    np.testing.assert_array_equal(found, state.temperature)
    found += 1.0
    np.testing.assert_array_equal(state.temperature, [37.0, 60.0])
