"""Cut surfaces that enclose the smooth one's volume, and the worst cells made better."""

import numpy as np
import pytest

from pennes.scene.arrays import MeshArrays, ordered, radius_ratios, signed_volumes
from pennes.scene.cutting import cut_along
from pennes.scene.label_comparison import enclosed_volume, facet_area
from pennes.scene.relaxing import relaxed
from pennes.scene.volume_keeping import interface, volume_kept


def block(n=12, edge=1e-3, seed=0):
    """A cube of n^3 cubes of six tetrahedra with its inner vertices shaken."""
    axis = np.arange(n + 1)
    index = axis[:, None, None] * (n + 1) ** 2 + axis[:, None] * (n + 1) + axis
    corner = [index[i : n + i, j : n + j, k : n + k].ravel() for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    paths = [(0, 4, 6, 7), (0, 4, 5, 7), (0, 2, 6, 7), (0, 2, 3, 7), (0, 1, 5, 7), (0, 1, 3, 7)]
    cells = np.concatenate([np.stack([corner[c] for c in path], -1) for path in paths])
    points = edge * (np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3) - n / 2)
    inner = (np.abs(points) < edge * (n / 2 - 0.5)).all(axis=1)
    points[inner] += np.random.default_rng(seed).uniform(-0.15, 0.15, (inner.sum(), 3)) * edge
    none = np.zeros((0, 3), dtype=int)
    return MeshArrays(points, cells, np.ones(len(cells), dtype=int), none, np.zeros(0, dtype=int))


def ball(radius):
    return lambda points: radius - np.linalg.norm(points, axis=1)


@pytest.mark.parametrize("radius", [2.5e-3, 4.3e-3])
def test_a_ball_keeps_its_volume(radius):
    """Vertices on a ball leave chords inside; moved, they enclose it within 1 % and 3 % of its area."""
    mesh, inside = cut_along(block(), ball(radius))
    exact, sign = 4 / 3 * np.pi * radius**3, np.sign(signed_volumes(mesh.points, mesh.cells))

    def volume(points):
        return float((sign * signed_volumes(points, mesh.cells))[inside].sum())

    kept = volume_kept(mesh, inside, ball(radius), hollow=False)
    assert volume(mesh.points) < 0.985 * exact
    assert volume(kept.points) == pytest.approx(exact, rel=0.01)
    area = facet_area(kept.points, interface(kept, inside))
    assert 1.0 < area / (4 * np.pi * radius**2) < 1.03
    assert (np.sign(signed_volumes(kept.points, kept.cells)) == sign).all()


def test_named_surfaces_stay():
    mesh, inside = cut_along(block(), ball(4.3e-3))
    facets = interface(mesh, inside)[:20]
    held = MeshArrays(mesh.points, mesh.cells, mesh.cell_tags, facets, np.full(20, 7))
    kept = volume_kept(held, inside, ball(4.3e-3), hollow=False)
    moved = (kept.points != held.points).any(axis=1)
    assert moved.any() and not moved[np.unique(facets)].any()


def test_the_worst_cells_get_better_and_surfaces_stay():
    radius = 4.3e-3
    mesh, inside = cut_along(block(seed=3), ball(radius), 0.1)
    mesh = ordered(MeshArrays(mesh.points, mesh.cells, np.where(inside, 2, 1), mesh.facets, mesh.facet_tags))
    after = relaxed(mesh, np.zeros(0, dtype=int), 0.06)
    before, then = (radius_ratios(m.points, m.cells) for m in (mesh, after))
    assert (then < 0.06).sum() < 0.3 * (before < 0.06).sum()
    assert then.min() >= before.min() and (signed_volumes(after.points, after.cells) > 0).all()
    surface = np.unique(interface(after, after.cell_tags == 2))
    assert np.abs(ball(radius)(after.points[surface])).max() < 0.1e-3


def test_what_a_wall_encloses():
    """A ball taken out of a block: the wall's share of the volume is minus the ball's."""
    mesh, inside = cut_along(block(), ball(4.3e-3))
    facets = interface(mesh, inside)
    rest = MeshArrays(mesh.points, mesh.cells[~inside], mesh.cell_tags[~inside], facets, np.full(len(facets), 5))
    lumen = float(np.abs(signed_volumes(mesh.points, mesh.cells))[inside].sum())
    assert enclosed_volume(ordered(rest), 5) == pytest.approx(-lumen, rel=1e-9)
