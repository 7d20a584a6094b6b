"""Meshes as arrays: quality of known tetrahedra, order, refinement."""

from __future__ import annotations

import numpy as np
import pytest

from pennes.scene import arrays
from pennes.scene.arrays import MeshArrays

REGULAR = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])


def cube(n: int = 2) -> MeshArrays:
    """A unit cube in 6 n^3 tetrahedra, halves tagged 1 and 2, the face x = 0 tagged 7; vertices shuffled."""
    grid = np.arange((n + 1) ** 3).reshape((n + 1,) * 3)
    points = np.stack(np.meshgrid(*[np.linspace(0, 1, n + 1)] * 3, indexing="ij"), -1).reshape(-1, 3)
    cells = []
    for i, j, k in np.ndindex(n, n, n):
        for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
            at = np.array([i, j, k])
            corners = [grid[tuple(at)]]
            for axis in order:
                at[axis] += 1
                corners.append(grid[tuple(at)])
            cells.append(corners)
    cells = np.array(cells)
    shuffle = np.random.default_rng(0).permutation(len(points))
    rank = np.argsort(shuffle)
    points, cells = points[shuffle], rank[cells]
    facets = arrays.exterior_facets(cells)
    facets = facets[(points[facets][:, :, 0] == 0).all(axis=1)]
    tags = 1 + (points[cells].mean(axis=1)[:, 0] > 0.5)
    return MeshArrays(points, cells, tags, facets, np.full(len(facets), 7))


def area(mesh: MeshArrays) -> float:
    a, b, c = np.moveaxis(mesh.points[mesh.facets], 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_a_regular_tetrahedron_is_perfect_and_a_flat_one_worthless():
    assert arrays.radius_ratios(REGULAR, np.array([[0, 1, 2, 3]]))[0] == pytest.approx(1.0)
    flat = REGULAR.copy()
    flat[3] = flat[:3].mean(axis=0)
    assert arrays.radius_ratios(flat, np.array([[0, 1, 2, 3]]))[0] == pytest.approx(0.0, abs=1e-12)


def test_quality_of_a_corner_tetrahedron():
    points = np.vstack([np.zeros(3), np.eye(3)])
    mesh = MeshArrays(points, np.array([[0, 1, 2, 3]]), np.ones(1, int), np.empty((0, 3), int), np.empty(0, int))
    measured = arrays.quality(mesh)
    inner = 1 / (3 + np.sqrt(3))
    assert measured.min_radius_ratio == pytest.approx(3 * inner / (np.sqrt(3) / 2))
    assert measured.min_dihedral_deg == pytest.approx(np.degrees(np.arccos(1 / np.sqrt(3))))
    assert (measured.h_min, measured.h_max) == pytest.approx((1.0, np.sqrt(2)))
    assert (measured.vertices, measured.cells) == (4, 1)


def test_ordering_keeps_the_mesh_and_narrows_its_band():
    mesh = cube(5)
    extra = MeshArrays(np.vstack([mesh.points, [9, 9, 9]]), mesh.cells, mesh.cell_tags, mesh.facets, mesh.facet_tags)
    result = arrays.ordered(extra)
    assert len(result.points) == len(mesh.points)
    volumes = arrays.signed_volumes(result.points, result.cells)
    assert volumes.min() > 0
    assert volumes[result.cell_tags == 2].sum() == pytest.approx(0.5, rel=0.25)
    assert area(result) == pytest.approx(1.0)
    assert np.ptp(result.cells, axis=1).max() < 0.6 * np.ptp(mesh.cells, axis=1).max()


def test_refinement_halves_edges_and_keeps_volumes_areas_and_tags():
    mesh = arrays.ordered(cube(2))
    fine = arrays.refined(mesh)
    assert len(fine.cells) == 8 * len(mesh.cells)
    assert len(fine.facets) == 4 * len(mesh.facets)
    volumes, before = arrays.signed_volumes(fine.points, fine.cells), arrays.signed_volumes(mesh.points, mesh.cells)
    np.testing.assert_allclose(np.sort(volumes), np.sort(np.repeat(before / 8, 8)), rtol=1e-9)
    for tag in (1, 2):
        assert volumes[fine.cell_tags == tag].sum() == pytest.approx(before[mesh.cell_tags == tag].sum())
    assert area(fine) == pytest.approx(1.0)
    assert set(fine.facet_tags) == {7}
    assert len(arrays.exterior_facets(fine.cells)) == 4 * len(arrays.exterior_facets(mesh.cells))
    assert arrays.quality(fine).h_min == pytest.approx(arrays.quality(mesh).h_min / 2)


def test_facet_keys_know_a_facet_in_any_order():
    keys = arrays.facet_keys(np.array([[5, 2, 9], [9, 5, 2], [2, 5, 8]]))
    assert keys[0] == keys[1] != keys[2]
    large = arrays.facet_keys(np.array([[5, 2, 3_000_000], [3_000_000, 5, 2], [2, 5, 8]]))
    assert large[0] == large[1] != large[2]
    assert len(np.unique(large)) == 2
