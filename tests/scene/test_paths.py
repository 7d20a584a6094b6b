"""Centrelines: rounded corners, arcs, distances, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from pennes.scene.paths import arc, point_distance, segment_distance, through

CORNER = [[0.0, 0.0, 0.0], [0.05, 0.0, 0.0], [0.05, 0.05, 0.0]]


def test_a_straight_path_keeps_its_ends_and_length():
    path = through([[0, 0, 0], [0.03, 0.04, 0], [0.06, 0.08, 0]], radius=1e-3)
    assert len(path.pieces) == 1
    assert path.length == pytest.approx(0.1)
    np.testing.assert_allclose(path.sample(1.0)[[0, -1]], [[0, 0, 0], [0.06, 0.08, 0]], atol=1e-15)


def test_a_corner_becomes_a_bend_without_kinks():
    path = through(CORNER, radius=3e-3)
    assert path.length == pytest.approx(0.1 - 2 * 6e-3 + np.pi / 2 * 6e-3)
    steps = np.diff(path.sample(2e-4), axis=0)
    units = steps / np.linalg.norm(steps, axis=1)[:, None]
    turns = np.arccos(np.clip((units[:-1] * units[1:]).sum(axis=1), -1, 1))
    assert turns.max() < 2e-4 / 6e-3 * 1.05
    np.testing.assert_allclose(path.pieces[0].direction(0.0), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(path.pieces[-1].direction(0.0), [0, 1, 0], atol=1e-12)


def test_parts_join_to_the_whole_and_reversal_gives_the_same_points():
    path = through([*CORNER, [0.05, 0.05, 0.04]], radius=2e-3)
    cut = 0.061
    both = np.concatenate([path.part(0, cut).sample(1e-3), path.part(cut, path.length).sample(1e-3)])
    assert point_distance(both, path.sample(1e-5)).max() < 1e-8
    assert path.part(0, cut).length == pytest.approx(cut)
    np.testing.assert_allclose(path.reversed().point_at(0.02), path.point_at(path.length - 0.02), atol=1e-12)


def test_an_arc_goes_through_its_three_points():
    points = np.array([[0.001, 0.0, 0.0], [0.006, 0.002, 0.009], [0.016, 0.001, 0.002]])
    path = arc(points, radius=1e-4)
    assert point_distance(points, path.sample(1e-6)).max() < 1e-7
    np.testing.assert_allclose(path.sample(1.0)[[0, -1]], points[[0, 2]], atol=1e-12)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([[0, 0, 0], [0, 0, 0], [0.1, 0, 0]], "segment without length"),
        ([[0, 0, 0], [0.05, 0, 0], [0.0, 1e-4, 0]], "kink tighter than the radius"),
        ([[0, 0, 0], [0.05, 0, 0], [0.0, 0, 0]], "kink tighter than the radius"),
        ([[0, 0, 0], [0.05, 0, 0], [0.05, 0.002, 0], [0, 0.002, 0]], "kink tighter than the radius"),
    ],
)
def test_degenerate_paths_are_refused(points, words):
    with pytest.raises(ValueError, match=words):
        through(points, radius=3e-3)


def test_degenerate_arcs_are_refused():
    with pytest.raises(ValueError, match="same"):
        arc([[0, 0, 0], [0, 0, 0], [1, 0, 0]], 1e-4)
    with pytest.raises(ValueError, match="lie in a line"):
        arc([[0, 0, 0], [2, 0, 0], [1, 0, 0]], 1e-4)
    with pytest.raises(ValueError, match="less than the radius of the wire"):
        arc([[0, 0, 0], [1e-4, 0, 1e-4], [2e-4, 0, 0]], 1e-3)


coordinates = st.lists(st.floats(-1, 1), min_size=12, max_size=12)


@settings(max_examples=60, deadline=None)
@given(coordinates)
def test_the_distance_of_two_segments_is_the_smallest(values):
    a, b, c, d = np.round(np.array(values).reshape(4, 3), 3)
    distance, x, y = segment_distance(np.stack([a, b]), np.stack([c, d]))
    assert np.linalg.norm(x - y) == pytest.approx(distance, abs=1e-12)

    def squared(st_values):
        s, t = st_values
        return np.sum((a + s * (b - a) - c - t * (d - c)) ** 2)

    starts = [(0, 0), (1, 1), (0, 1), (1, 0), (0.5, 0.5)]
    best = min(minimize(squared, start, bounds=[(0, 1), (0, 1)]).fun for start in starts)
    assert distance**2 == pytest.approx(best, abs=2e-6)
