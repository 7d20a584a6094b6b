"""Thin vessels of voxels as trees with radii."""

import numpy as np
import pytest
from scipy import ndimage, sparse

from pennes.imaging import Grid
from pennes.imaging.centrelines import _without_twigs, skeleton, thin_centrelines
from pennes.scene.label_fields import local_radius

RADIUS = 1.3


def tubes():
    """On a turned grid of 1 mm: a trunk of 4 mm radius along x, a branch that leaves it along z and forks in the plane
    y = 0; and a thin piece that touches nothing."""
    from scipy.spatial.transform import Rotation

    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", (8, -5, 12), degrees=True).as_matrix()
    affine[:3, 3] = -affine[:3, :3] @ np.full(3, 29.5)
    grid = Grid.from_lps_mm((60, 60, 60), affine)
    points = 1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T)

    def tube(start, end, radius):
        start, step = np.array(start, float), np.subtract(end, start).astype(float)
        share = np.clip((points - start) @ step / (step @ step), 0, 1)
        return np.linalg.norm(points - start - share[:, None] * step, axis=1) < radius

    trunk = tube((-25, 0, -15), (25, 0, -15), 4)
    thin = tube((0, 0, -15), (0, 0, 2), RADIUS) | tube((0, 0, 2), (-10, 0, 14), RADIUS)
    thin |= tube((0, 0, 2), (10, 0, 14), RADIUS) | tube((-15, 18, 10), (15, 18, 10), RADIUS)
    return (trunk | thin).reshape(grid.shape), trunk.reshape(grid.shape), grid


def test_branches_leave_the_trunk_and_keep_length_and_radius():
    mask, thick, grid = tubes()
    trees = thin_centrelines(mask, thick, grid)
    assert len(trees) == 2
    forked, alone = sorted(trees, key=lambda tree: 1e3 * abs(tree.points[:, 1]).max())
    # From the trunk's surface (z = -11) to the fork at 2, then 15.6 mm each way; ends lose up to a radius.
    assert 1e3 * forked.length == pytest.approx(13 + 2 * 15.6, abs=4 * RADIUS)
    assert 1e3 * alone.length == pytest.approx(30, abs=3 * RADIUS)
    assert 1e3 * forked.points[0] == pytest.approx([0, 0, -11], abs=1.5)
    children = np.bincount(forked.parents[1:], minlength=len(forked.points))
    assert (children > 1).sum() == 1 and (children == 0).sum() == 2
    assert 1e3 * forked.points[children > 1][0] == pytest.approx([0, 0, 2], abs=1.5)
    for tree in trees:
        assert 1e3 * np.median(tree.radii) == pytest.approx(RADIUS, abs=0.2)
        assert (tree.parents[1:] < np.arange(1, len(tree.points))).all()


def test_where_all_is_thick_there_are_none():
    _, thick, grid = tubes()
    assert thin_centrelines(thick, thick, grid) == []


@pytest.mark.parametrize("width", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_tubes_of_every_width_have_a_skeleton(width, axis):
    """Thinning by itself leaves nothing of a square tube of two, four or six voxels."""
    mask = np.zeros((30, 30, 30), dtype=bool)
    mask[3:27, 10 : 10 + width, 10 : 10 + width] = True
    mask[15:17, 24:26, 24:26] = True
    places = skeleton(np.moveaxis(mask, 0, axis).copy(), np.ones(3)).places
    along, across = places[:, axis], np.delete(places, axis, axis=1)
    tube = (across < 20).all(axis=1)
    assert tube.any() and not tube.all(), "a piece of its own is kept"
    assert along[tube].min() < 4 + width and along[tube].max() > 25 - width
    assert (np.diff(np.unique(along[tube])) == 0.5).all()
    middle = tube & (along > 3 + width) & (along < 26 - width)
    assert middle.sum() > 10
    assert across[middle] == pytest.approx(10 + (width - 1) / 2, abs=0.5)


def tube(direction, radius, length):
    """Voxels of a tube through the middle of 50 cubed."""
    direction = np.array(direction) / np.linalg.norm(direction)
    away = np.indices((50, 50, 50)).reshape(3, -1).T - np.array([24.6, 24.3, 24.8])
    along = np.clip(away @ direction, -length / 2, length / 2)
    return (np.linalg.norm(away - along[:, None] * direction, axis=1) < radius).reshape(50, 50, 50)


@pytest.mark.parametrize("direction", [(1, 1, 0), (1, 1, 1), (3, 1, -2), (-1, 4, 2)])
@pytest.mark.parametrize("radius", [0.8, 1.2, 2.0])
def test_oblique_tubes_are_one_line_of_their_length_and_width(direction, radius):
    """Voxels that touch by their edges or corners hang together; no stairs, no twigs."""
    mask = tube(direction, radius, 40.0)
    (found,) = thin_centrelines(mask, np.zeros_like(mask), Grid.from_lps_mm(mask.shape, np.eye(4)))
    assert np.bincount(found.parents[1:]).max() == 1
    assert 1e3 * found.length == pytest.approx(40.0, rel=0.1)
    of_voxels = np.sqrt(mask.sum() / (40.0 * np.pi))
    assert of_voxels == pytest.approx(radius, rel=0.2)
    assert 1e3 * np.median(found.radii) == pytest.approx(of_voxels, rel=0.05)


@pytest.mark.parametrize("direction", [(1, 0, 0), (1, 1, 0), (3, 1, -2), (-1, 4, 2)])
def test_wide_tubes_have_their_radius_all_around(direction):
    mask = tube(direction, 5.5, 40.0)
    surface = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    radii = local_radius(mask, np.ones(3), surface)
    along = np.abs((surface - 24.5) @ (np.array(direction) / np.linalg.norm(direction)))
    assert radii[along < 13] == pytest.approx(5.5, rel=0.25)


def test_the_shortest_twig_goes_first():
    """At the end of a line two twigs of 1.0 and 1.1, the shorter with the higher number: it goes, and the other is the
    line's end then. A branch of 3 stays."""
    ends = [(n, n + 1, 1.0) for n in range(10)] + [(10, 11, 0.1), (9, 12, 1.0), (5, 13, 1.5), (13, 14, 1.5)]
    first, last, lengths = np.array(ends).T
    links = sparse.coo_matrix((lengths, (first.astype(int), last.astype(int))), shape=(15, 15)).tocsr()
    kept = _without_twigs((links + links.T).tocsr(), np.full(15, 0.9))
    assert np.flatnonzero(~kept).tolist() == [12]


def test_what_a_twig_leaves_is_judged_again():
    """A tooth of 0.2 on a twig of 1.2: with it gone the twig is one, and goes too."""
    ends = [(n, n + 1, 1.0) for n in range(10)] + [(5, 11, 0.6), (11, 12, 0.6), (11, 13, 0.2)]
    first, last, lengths = np.array(ends).T
    links = sparse.coo_matrix((lengths, (first.astype(int), last.astype(int))), shape=(14, 14)).tocsr()
    depth = np.full(14, 0.9)
    depth[11:] = 0.3
    kept = _without_twigs((links + links.T).tocsr(), depth)
    assert np.flatnonzero(~kept).tolist() == [11, 12, 13]
