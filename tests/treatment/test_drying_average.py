"""Averaged dryness: conserved, spread over the length that was asked, and absent where the length is nothing."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.elements import LinearElements
from pennes.treatment.drying import DryingAverage
from small_meshes import jittered_block

SIZE, LENGTH = 0.02, 2e-3


@pytest.fixture(scope="module")
def elements():
    return LinearElements(jittered_block(MPI.COMM_SELF, 3, 16, SIZE))


def test_an_average_keeps_the_dried_volume_and_its_bounds(elements):
    dryness = (elements.points[:, 0] < 0.3 * SIZE).astype(float)
    found = DryingAverage(elements, np.full(elements.n_cells, LENGTH))(dryness)
    assert elements.total(elements.mass(found)) == pytest.approx(elements.total(elements.mass(dryness)), rel=1e-3)
    assert 0.0 <= found.min() < found.max() <= 1.0


def test_dryness_that_is_the_same_everywhere_stays(elements):
    found = DryingAverage(elements, np.full(elements.n_cells, LENGTH))(np.full(elements.n_local, 0.7))
    np.testing.assert_allclose(found, 0.7, rtol=1e-3)


def test_a_front_is_spread_over_the_length(elements):
    """Across a plane front the average is exp(-x / l) / 2 beyond it, by (1 - l^2 d2/dx2) a = d."""
    x = elements.points[:, 0] - 0.5 * SIZE
    share = np.clip(0.5 - x / (SIZE / 16), 0.0, 1.0)
    found = DryingAverage(elements, np.full(elements.n_cells, LENGTH))(share)
    inner = (x > 0.5e-3) & (x < 5e-3)
    np.testing.assert_allclose(found[inner], 0.5 * np.exp(-x[inner] / LENGTH), atol=0.03)


def test_tissue_without_a_length_keeps_its_dryness(elements):
    centres = elements.points[elements.cells].mean(axis=1)
    lengths = np.where(centres[:, 0] < 0.5 * SIZE, LENGTH, 0.0)
    dryness = np.random.default_rng(1).random(elements.n_local)
    found = DryingAverage(elements, lengths)(dryness)
    outside = np.ones(elements.n_local, dtype=bool)
    outside[elements.cells[lengths > 0.0]] = False
    np.testing.assert_allclose(found[outside], dryness[outside], atol=1e-3)
    assert np.std(found[~outside]) < 0.5 * np.std(dryness[~outside])


def test_conductivity_feels_the_average_and_only_where_something_has_dried(physics):
    """Dry tissue at one place lowers the conductivity of its neighbours, whose temperature is that of the body."""
    tissues, elements = physics.tissues, physics.elements
    body = np.full(elements.n_local, 37.0)
    cold = tissues.electric_conductivity(body)
    np.testing.assert_allclose(cold, tissues.electric_conductivity(np.full(elements.n_local, 37.0)), rtol=0)
    hottest = int(np.argmin(np.linalg.norm(elements.points - np.array([0.0, 0.0, 0.0]), axis=1)))
    spot = body.copy()
    spot[hottest] = 150.0
    ratio = tissues.electric_conductivity(spot) / cold
    touching = (elements.cells == hottest).any(axis=1)
    away = np.linalg.norm(elements.points[elements.cells].mean(axis=1) - elements.points[hottest], axis=1)
    assert (ratio[~touching & (away < 5e-3)] < 1.0 - 1e-6).any()
    assert ratio[~touching].max() <= 1.0 + 1e-9
