"""Meshes cut along level functions."""

import numpy as np
import pytest

from pennes.margin.compare import tetrahedral_lattice
from pennes.scene.arrays import FACETS, MeshArrays, exterior_facets, facet_keys, ordered, radius_ratios, signed_volumes
from pennes.scene.cutting import cut_along, hollowed
from pennes.scene.improving import improved


@pytest.fixture(scope="module")
def cube():
    """A shaken cube of 40 mm, its faces named 1."""
    step = 0.04 / 16
    points, cells = tetrahedral_lattice(np.full(3, -0.02), step, np.array([16, 16, 16]))
    inner = np.abs(points).max(axis=1) < 0.0199
    points[inner] += np.random.default_rng(0).uniform(-0.12, 0.12, (inner.sum(), 3)) * step
    mesh = ordered(MeshArrays(points, cells, np.ones(len(cells), int), np.zeros((0, 3), int), np.zeros(0, int)))
    facets = exterior_facets(mesh.cells)
    return MeshArrays(mesh.points, mesh.cells, mesh.cell_tags, facets, np.ones(len(facets), int))


def ball(centre, radius):
    return lambda points: radius - np.linalg.norm(points - centre, axis=1)


def counted(mesh):
    """Facets by the number of their cells, and the named ones."""
    keys, counts = np.unique(facet_keys(mesh.cells[:, FACETS].reshape(-1, 3)), return_counts=True)
    return set(keys[counts == 1].tolist()), counts.max(), facet_keys(mesh.facets).tolist()


def volume(mesh, cells=slice(None)):
    return np.abs(signed_volumes(mesh.points, mesh.cells[cells])).sum()


@pytest.mark.parametrize("near", [0.0, 0.25])
def test_ball_is_cut_out_of_a_cube(cube, near):
    level = ball(np.array([1e-3, -2e-3, 0.5e-3]), 12e-3)
    mesh, inside = cut_along(cube, level, near)
    exterior, most, named = counted(mesh)
    assert most == 2 and exterior == set(named) and len(named) == len(set(named))
    assert volume(mesh) == pytest.approx(volume(cube), rel=1e-9)
    # Chords of 2.5 to 4 mm edges on a ball of 12 mm take about 1.5 % of the volume.
    assert volume(mesh, inside) == pytest.approx(4 / 3 * np.pi * 12e-3**3, rel=0.03)
    # No cell reaches across: all vertices are on one side or on the surface.
    values = level(mesh.points)[mesh.cells]
    assert values[inside].min() > -0.35e-3 and values[~inside].max() < 0.35e-3


def test_two_surfaces_that_leave_through_the_faces(cube):
    """A tube along x is hollowed out, a ball that touches it is cut afterwards; MMG keeps every surface."""
    tube = lambda points: 4e-3 - np.hypot(points[:, 1] - 8e-3, points[:, 2])  # noqa: E731
    mesh, inside = cut_along(cube, tube)
    mesh = hollowed(mesh, inside, 7)
    assert volume(mesh) == pytest.approx(0.04**3 - np.pi * 16e-6 * 0.04, rel=0.01)
    mesh, inside = cut_along(mesh, ball(np.array([0, -5e-3, 0]), 9e-3))
    mesh = MeshArrays(mesh.points, mesh.cells, np.where(inside, 2, 1), mesh.facets, mesh.facet_tags)
    exterior, most, named = counted(mesh)
    assert most == 2 and exterior == set(named)
    better = improved(ordered(mesh))
    exterior, most, named = counted(better)
    assert most == 2 and exterior == set(named)
    for tag in (1, 2):
        assert volume(better, better.cell_tags == tag) == pytest.approx(volume(mesh, mesh.cell_tags == tag), rel=1e-6)
    for tag in (1, 7):
        area = [areas(m)[m.facet_tags == tag].sum() for m in (mesh, better)]
        assert area[0] == pytest.approx(area[1], rel=1e-6)
    assert areas(better)[better.facet_tags == 7].sum() == pytest.approx(2 * np.pi * 4e-3 * 0.04, rel=0.05)
    assert radius_ratios(better.points, better.cells).min() >= radius_ratios(mesh.points, mesh.cells).min()
    assert np.percentile(radius_ratios(better.points, better.cells), 1) > 0.15


def areas(mesh):
    a, b, c = np.moveaxis(mesh.points[mesh.facets], 1, 0)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def test_named_surfaces_are_not_moved(cube):
    mesh, _ = cut_along(cube, lambda points: points[:, 2] - 0.0199)
    before = {tuple(p) for p in np.round(cube.points[np.unique(cube.facets)], 12)}
    after = {tuple(p) for p in np.round(mesh.points[np.unique(mesh.facets)], 12)}
    assert before <= after


def test_nothing_to_cut(cube):
    mesh, inside = cut_along(cube, lambda points: np.full(len(points), -1.0))
    assert not inside.any() and len(mesh.cells) == len(cube.cells)
