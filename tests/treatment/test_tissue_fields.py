"""Tissue on the mesh: healthy and perfused at the start, and at rest where nothing happens."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from pennes.generator import Drive
from pennes.treatment.sinks import FixedSink


def test_healthy_tissue_is_perfused_from_the_start(physics, begin, scene):
    """The shares of each node's tissues of rho_b c_b w, with neither hyperaemia nor damage at 37 C."""
    state = begin(physics)
    viability = physics.viability(state, state.temperature, 1e-9)
    np.testing.assert_allclose(viability, 1.0, atol=1e-6)
    found = physics.tissues.perfusion(state.temperature, viability)
    blood = scene.case.body.blood
    capacity = blood.density.value * blood.heat_capacity.value
    values = np.array([capacity * region.tissue.perfusion.value for region in scene.domain.regions])
    assert found.min() >= values.min() * (1.0 - 1e-6) > 0.0
    assert found.max() <= values.max() * (1.0 + 1e-6)
    np.testing.assert_allclose(found, values @ physics.tissues.shares, rtol=1e-6)
    assert len(np.unique(np.round(found / values.max(), 3))) > 2


def test_dead_tissue_is_not_perfused(physics, begin):
    state = begin(physics)
    half = np.where(physics.elements.points[:, 2] > 0.0, 0.0, 1.0)
    found = physics.tissues.perfusion(state.temperature, half)
    assert np.all(found[half == 0.0] == 0.0)
    assert np.all(found[half == 1.0] > 0.0)


def test_shares_of_tissues_at_a_node_add_up_to_one(physics):
    np.testing.assert_allclose(physics.tissues.shares.sum(axis=0), 1.0, rtol=1e-12)
    volume = physics.elements.total(physics.elements.node_volumes)
    assert volume == pytest.approx(physics.elements.volumes.sum())


@pytest.mark.parametrize("drive", [Drive("off"), Drive("power", 1e-9)])
def test_tissue_stays_at_37_where_nothing_heats_or_cools(drive, physics, begin, scene):
    """No power, and no coolant: two minutes later nothing has changed (37 C is a fixed point of every law)."""
    physics.sinks = [sink for sink in physics.sinks if not (isinstance(sink, FixedSink) and sink.kind == "cooling")]
    physics.conductance = sum((s.conductance for s in physics.sinks), np.zeros(physics.elements.n_local))
    state = begin(physics)
    for _ in range(6):
        step = physics.step(state, 20.0, drive)
        for name, model in physics.death.items():
            state.death[name] = model.advance(state.death[name], state.temperature, step.heat.temperature, 20.0)
        state.temperature = step.heat.temperature
    np.testing.assert_allclose(state.temperature, scene.case.body.temperature, atol=1e-6)
    for name, model in physics.death.items():
        assert model.indicator(state.death[name]).max() < 0.0, name
    np.testing.assert_allclose(physics.viability(state, state.temperature, 1.0), 1.0, atol=1e-3)
