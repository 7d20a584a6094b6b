"""Zones of bodies of revolution, against volumes, distances and surfaces that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import Delaunay

from pennes.margin import clip_segments, distance_to_segments, marching_triangles, share_inside
from pennes.scene.axis import AROUND, Axis
from pennes.scene.frames import frame

SIZE = 0.03
CENTRE = np.array([0.0, 0.014])


@pytest.fixture(scope="module")
def square():
    """Irregular triangles of a square beside the axis, turned either way: coordinates, triangles, volumes."""
    side = np.linspace(0.0, SIZE, 25)
    points = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    inner = ((points > 0.0) & (points < SIZE)).all(axis=1)
    points[inner] += np.random.default_rng(3).uniform(-3e-4, 3e-4, (inner.sum(), 2))
    triangles = Delaunay(points).simplices.astype(np.int64)
    triangles[::2] = triangles[::2, ::-1]
    a, b, c = np.moveaxis(points[triangles], 1, 0)
    area = 0.5 * np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    return points, triangles, 2.0 * np.pi * (a + b + c)[:, 0] / 3.0 * area


def ball_level(points, radius):
    return radius - np.linalg.norm(points - CENTRE, axis=1)


def test_linear_levels_cut_off_exact_volumes(square):
    points, triangles, volumes = square
    r, z = points.T
    for level, expected in (
        (0.0112 - z, np.pi * SIZE**2 * 0.0112),
        (0.0112 - r, np.pi * 0.0112**2 * SIZE),
        (0.0112 - r - z, np.pi / 3.0 * 0.0112**3),
    ):
        assert volumes @ share_inside(r, triangles, level) == pytest.approx(expected, rel=1e-12)
        rest = volumes @ share_inside(r, triangles, -level)
        assert rest == pytest.approx(np.pi * SIZE**3 - expected, rel=1e-12)


def test_a_ball(square):
    points, triangles, volumes = square
    level = ball_level(points, 0.011)
    lines = marching_triangles(points, triangles, level)
    surface = Axis(np.array([0.1, 0.2, 0.3]), frame((1.0, -2.0, 0.5), 0.4)).swept(lines)
    inside = volumes @ share_inside(points[:, 0], triangles, level)
    assert inside == pytest.approx(4.0 / 3.0 * np.pi * 0.011**3, rel=5e-3)
    # The same zone as a surface: closed, outward, its rings polygons.
    assert surface.is_closed
    flattened = AROUND / (2.0 * np.pi) * np.sin(2.0 * np.pi / AROUND)
    assert surface.volume == pytest.approx(flattened * inside, rel=1e-9)
    assert np.unique(surface.points, axis=0).shape == surface.points.shape


def test_distances_are_those_in_space(square):
    points, triangles, _ = square
    axis = Axis(np.zeros(3), np.eye(3))
    lines = marching_triangles(points, triangles, ball_level(points, 0.011))
    places = np.random.default_rng(4).uniform(-0.03, 0.03, (400, 3))
    found = distance_to_segments(axis.coordinates(places), lines)
    expected = np.abs(0.011 - np.linalg.norm(places - np.array([0.0, 0.0, CENTRE[1]]), axis=1))
    assert found == pytest.approx(expected, abs=5e-5)
    assert np.all(np.isinf(distance_to_segments(axis.coordinates(places), np.empty((0, 2, 2)))))


def test_the_part_of_a_boundary_that_is_inside(square):
    points, _, _ = square
    order = np.argsort(points[:, 0] + 100.0 * (points[:, 1] < SIZE))
    top = order[:25]
    edges = np.column_stack([top[:-1], top[1:]])
    parts = clip_segments(points, edges, 0.0112 - points[:, 0])
    assert np.abs(parts[:, 1] - parts[:, 0]).sum() == pytest.approx(0.0112, rel=1e-12)
    assert parts[..., 0].max() == pytest.approx(0.0112, rel=1e-12)


def test_a_vertex_at_zero_counts_as_outside():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    triangle = np.array([[0, 1, 2]])
    assert share_inside(points[:, 0], triangle, np.array([0.0, 0.0, -1.0]))[0] == 0.0
    assert share_inside(points[:, 0], triangle, np.array([1.0, 0.0, 0.0]))[0] == pytest.approx(1.0)
    lines = marching_triangles(points, triangle, np.array([1.0, 0.0, 0.0]))
    assert sorted(lines[0].tolist()) == [[0.0, 1.0], [1.0, 0.0]]
    assert len(marching_triangles(points, triangle, np.array([0.0, 0.0, -1.0]))) == 0
