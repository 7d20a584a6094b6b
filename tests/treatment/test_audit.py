"""The energy budget closes in every step, and says so when a term is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from pennes.generator import Drive
from pennes.treatment.audit import EnergyAudit

TOLERATED = 1e-3
"""Of the heat that moves in a step (issue: 0.1 % at every step)."""


def march(physics, state, steps=8, dt=1.0, change=lambda step: step):
    """Audit of some steps at 30 W; ``change`` may falsify what the audit is told of a step."""
    audit = EnergyAudit()
    for _ in range(steps):
        step = physics.step(state, dt, Drive("power", 30.0))
        told = change(step)
        sinks = list(zip(physics.sinks, told.sink_heat, strict=True))
        audit.add(physics.integrator.equation, told.coefficients, state.temperature, told.heat, dt, sinks)
        for name, model in physics.death.items():
            state.death[name] = model.advance(state.death[name], state.temperature, step.heat.temperature, dt)
        state.temperature = step.heat.temperature
        state.time += dt
    return audit


def test_all_heat_is_accounted_for(physics, begin):
    state = begin(physics)
    audit = march(physics, state)
    assert audit.deposited == pytest.approx(30.0 * 8.0, rel=1e-6)
    assert state.temperature.max() > 90.0
    assert audit.perfusion > 0.0
    assert audit.vessels > 0.0
    assert audit.applicator_cooling > 0.0
    assert audit.worst_residual < TOLERATED
    assert audit.residual_fraction < TOLERATED
    assert EnergyAudit.from_dict(audit.to_dict()) == audit


def wrong_source(step):
    return replace(step, coefficients=replace(step.coefficients, source=1.01 * step.coefficients.source))


def wrong_perfusion(step):
    return replace(step, coefficients=replace(step.coefficients, perfusion=5.0 * step.coefficients.perfusion))


def wrong_sink(step):
    return replace(step, sink_heat=tuple(0.9 * heat for heat in step.sink_heat))


def wrong_end(step):
    rise = step.heat.temperature - 37.0
    return replace(step, heat=replace(step.heat, temperature=37.0 + 1.01 * rise))


@pytest.mark.parametrize("wrong", [wrong_source, wrong_perfusion, wrong_sink, wrong_end])
def test_an_error_in_any_term_shows_in_the_residual(wrong, physics, begin):
    audit = march(physics, begin(physics), change=wrong)
    assert audit.worst_residual > 3.0 * TOLERATED


def test_a_term_that_the_solver_forgets_shows_too(physics, begin, monkeypatch):
    """The step without perfusion, the audit with it."""
    equation = physics.integrator.equation
    true = type(equation).heating
    monkeypatch.setattr(
        type(equation),
        "heating",
        lambda self, at, temperature, *rest: true(self, at, temperature, *rest) - self.perfusion(at, temperature),
    )
    audit = march(physics, begin(physics), steps=20)
    assert audit.worst_residual > 3.0 * TOLERATED


def test_steps_that_move_no_heat_do_not_fail_by_rounding(physics, begin):
    state = begin(physics)
    audit = EnergyAudit()
    step = physics.step(state, 1.0, Drive("off"))
    sinks = list(zip(physics.sinks, step.sink_heat, strict=True))
    audit.add(physics.integrator.equation, step.coefficients, state.temperature, step.heat, 1.0, sinks)
    assert np.isfinite(audit.worst_residual)
    assert audit.worst_residual < TOLERATED
    assert audit.residual_fraction == 0.0
