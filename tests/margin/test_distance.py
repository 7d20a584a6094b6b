"""Distances and enclosure against plain definitions."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import ConvexHull

from pennes.margin import DistanceField, Surface, distance_to_triangles, enclosed, join_surfaces, signed_margins
from pennes.margin.tree import TriangleTree


def closest_by_regions(p, a, b, c):
    """Closest point on a triangle by Voronoi regions (Ericson 2005, 5.1.5): another way than the package's."""
    ab, ac, ap = b - a, c - a, p - a
    d1, d2 = ab @ ap, ac @ ap
    if d1 <= 0 and d2 <= 0:
        return a
    d3, d4 = ab @ (p - b), ac @ (p - b)
    if d3 >= 0 and d4 <= d3:
        return b
    if d1 * d4 - d3 * d2 <= 0 and d1 >= 0 and d3 <= 0:
        return a + d1 / (d1 - d3) * ab
    d5, d6 = ab @ (p - c), ac @ (p - c)
    if d6 >= 0 and d5 <= d6:
        return c
    if d5 * d2 - d1 * d6 <= 0 and d2 >= 0 and d6 <= 0:
        return a + d2 / (d2 - d6) * ac
    if d3 * d6 - d5 * d4 <= 0 and d4 - d3 >= 0 and d5 - d6 >= 0:
        return b + (d4 - d3) / ((d4 - d3) + (d5 - d6)) * (c - b)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    return a + (ab * vb + ac * vc) / (va + vb + vc)


def brute_force(points, vertices, triangles):
    return np.array([min(np.linalg.norm(p - closest_by_regions(p, *vertices[t])) for t in triangles) for p in points])


# Whole numbers bring ties, shared edges and points on the triangles; the fractions everything else.
coordinates = st.one_of(st.integers(-4, 4).map(float), st.floats(-4, 4, width=32).map(lambda x: round(x, 3)))


@given(data=st.data(), count=st.integers(1, 150))
@settings(deadline=None, max_examples=60)
def test_distance_agrees_with_brute_force(data, count):
    vertices = data.draw(arrays(float, (12, 3), elements=coordinates))
    points = data.draw(arrays(float, (6, 3), elements=coordinates))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    triangles = rng.integers(0, 12, (count, 3))
    a, b, c = vertices[triangles.T]
    triangles = triangles[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-6]
    if not len(triangles):
        return
    distance, nearest = distance_to_triangles(points, vertices, triangles)
    np.testing.assert_allclose(distance, brute_force(points, vertices, triangles), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(points - nearest, axis=1), distance, atol=1e-12)
    assert distance_to_triangles(nearest, vertices, triangles)[0].max() < 1e-12  # the nearest point is on the surface


def test_distance_in_a_large_soup_of_very_different_sizes():
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(1500, 1, 3))
    vertices = (centres + rng.normal(size=(1500, 3, 3)) * 10 ** rng.uniform(-4, 0, (1500, 1, 1))).reshape(-1, 3)
    triangles = np.arange(4500).reshape(-1, 3)
    points = rng.normal(size=(12, 3)) * 2
    distance, _ = distance_to_triangles(points, vertices, triangles)
    np.testing.assert_allclose(distance, brute_force(points, vertices, triangles), rtol=1e-10)


def test_point_at_the_centre_of_a_ball_where_every_triangle_is_as_near(ball):
    surface = ball(5000, 1.0)
    distance, _ = distance_to_triangles(np.zeros((1, 3)), surface.points, surface.triangles)
    planes = np.abs(np.einsum("ij,ij->i", surface.corners[:, 0], surface.area_vectors)) / surface.areas
    assert distance[0] == pytest.approx(planes.min(), rel=1e-12)


@pytest.mark.parametrize("place", [0.0, 0.1, 1e4])
def test_points_on_the_surface_are_at_distance_zero(ball, place):
    surface = ball(700, 0.01, (place, -place, place))
    points = np.concatenate([surface.points, surface.corners.mean(axis=1), surface.samples(0.0005)[0]])
    distance, nearest = distance_to_triangles(points, surface.points, surface.triangles)
    assert distance.max() <= 1e-15 * max(place, 1) * 4
    assert np.isfinite(nearest).all()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 700])
def test_every_node_of_the_tree_holds_its_triangles(count):
    rng = np.random.default_rng(count)
    vertices = rng.normal(size=(3 * count, 3))
    tree = TriangleTree(vertices, np.arange(3 * count).reshape(-1, 3))
    given_corners = {t.tobytes() for t in vertices.reshape(-1, 3, 3)}
    assert given_corners <= {t.tobytes() for t in tree.corners}
    assert tree.sizes[-1] == len(tree.corners)
    for size, (low, high), slabs in zip(tree.sizes, tree.boxes, tree.slabs, strict=True):
        corners = tree.corners.reshape(-1, size * 3, 3)
        assert (corners >= low[:, None]).all() and (corners <= high[:, None]).all()
        offset = corners - slabs.centre[:, None]
        height = np.einsum("kij,kj->ki", offset, slabs.normal)
        across = np.linalg.norm(offset - height[:, :, None] * slabs.normal[:, None], axis=2)
        assert (height >= slabs.low[:, None] - 1e-12).all() and (height <= slabs.high[:, None] + 1e-12).all()
        assert (across <= slabs.radius[:, None] + 1e-12).all()


def test_triangles_without_area_count_as_their_edges():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0], [3, 0, 0]], float)
    distance, nearest = distance_to_triangles([[2, 1, 0], [5, 0, 0]], vertices, [[0, 1, 2]])
    np.testing.assert_allclose(distance, [1, 2])
    np.testing.assert_allclose(nearest, [[2, 0, 0], [3, 0, 0]])
    assert distance_to_triangles([[3, 4, 0]], vertices, [[2, 3, 2]])[0] == pytest.approx(4)


def test_no_triangles_are_infinitely_far():
    distance, nearest = distance_to_triangles(np.zeros((2, 3)), np.zeros((0, 3)), np.zeros((0, 3), int))
    assert np.isinf(distance).all() and np.isnan(nearest).all()
    assert (signed_margins(distance, [False, False]) == -np.inf).all()


def test_no_points_have_no_distances(cube):
    surface = cube(0, 1)
    distance, nearest = distance_to_triangles(np.zeros((0, 3)), surface.points, surface.triangles)
    assert distance.shape == (0,) and nearest.shape == (0, 3)


def test_answers_do_not_depend_on_which_points_are_asked_together(ball):
    surface = ball(800, 1.0)
    field = DistanceField(surface.points, surface.triangles)
    points = np.random.default_rng(0).normal(size=(200, 3))
    together = field(points)[0]
    np.testing.assert_array_equal(together, [field(p)[0][0] for p in points])


def test_enclosure_of_a_convex_body_is_that_of_its_half_spaces():
    rng = np.random.default_rng(1)
    hull = ConvexHull(rng.normal(size=(300, 3)))
    a, b, c = hull.points[hull.simplices.T]
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), hull.equations[:, :3]) < 0
    triangles = np.where(inward[:, None], hull.simplices[:, ::-1], hull.simplices)
    points = rng.uniform(-3, 3, (5000, 3))
    expected = (hull.equations[:, :3] @ points.T + hull.equations[:, 3:] < 0).all(axis=0)
    assert 0.05 < expected.mean() < 0.95
    np.testing.assert_array_equal(enclosed(points, Surface(hull.points, triangles)), expected)


def test_enclosure_where_rays_run_through_edges_and_vertices(cube):
    surface = cube(-2, 2)
    grid = np.array(list(itertools.product([-3, -2.5, -1, 0, 0.5, 1, 1.5, 2.5], repeat=3)), float)
    np.testing.assert_array_equal(enclosed(grid, surface), (np.abs(grid) < 2).all(axis=1))
    turned = Surface(surface.points @ np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 1.0]]), surface.triangles)
    through_vertices = np.array([[0, y, 0.25] for y in (-5, -4.5, -3, 0, 3.5, 4.5)])
    np.testing.assert_array_equal(enclosed(through_vertices, turned), np.abs(through_vertices[:, 1]) < 4)


def test_enclosure_knows_cavities_and_overlaps(cube):
    hollow = join_surfaces(cube(-2, 2), cube(-1, 1).flipped())
    assert enclosed([[0, 0, 0], [1.5, 0, 0], [3, 0, 0]], hollow).tolist() == [False, True, False]
    overlapping = join_surfaces(cube(0, 2), cube(1, 3))
    places = [[0.5, 0.6, 0.7], [1.5, 1.6, 1.7], [2.5, 2.6, 2.7], [2.5, 0.6, 0.5]]
    assert enclosed(places, overlapping).tolist() == [True, True, True, False]


def test_nothing_is_inside_no_surface():
    assert not enclosed([[0, 0, 0]], Surface(np.zeros((0, 3)), np.zeros((0, 3)))).any()
