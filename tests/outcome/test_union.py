"""Depth in united zones against exact distances."""

import numpy as np
import pytest

from pennes.outcome.surface import Tumours, directions
from pennes.outcome.union import Union
from pennes.outcome.zones import EllipsoidZone

BALL = EllipsoidZone(10.0, 10.0)
MIDDLE = np.full((1, 2), 0.5)
BARE = Tumours(np.array([5.0]), np.array([0.0]), np.array([50.0]), np.array([False]))


def union(points, needles, zone=BALL, tumours=BARE):
    united = Union(np.atleast_2d(points)[None])
    for needle in needles:
        united.add(np.array([0]), zone.zones(tumours, np.array([needle]), MIDDLE))
    return united.depth(np.array([0]))[0]


def lens(point, half):
    """Signed distance of a point from the union of balls of radius 10 at x = +-half (exact)."""
    point = np.array([abs(point[0]), np.hypot(point[1], point[2])])
    to_middle = point - [half, 0.0]
    single = 10.0 - np.hypot(*to_middle)
    # The ball's nearest surface point is on the union's front if it lies on its own side.
    foot = half + to_middle[0] / max(np.hypot(*to_middle), 1e-12) * 10.0
    if single < 0.0 or foot >= 0.0:
        return single
    return np.hypot(point[0], point[1] - np.sqrt(100.0 - half**2))


def test_one_zone_is_itself():
    points = np.random.default_rng(1).normal(size=(50, 3)) * 6.0
    assert union(points, [[1.0, 2.0, -3.0]]) == pytest.approx(10.0 - np.linalg.norm(points - [1.0, 2.0, -3.0], axis=1))


def test_two_balls_are_as_deep_as_their_front_says():
    points = np.random.default_rng(2).normal(size=(400, 3)) * 7.0
    exact = np.array([lens(point, 6.0) for point in points])
    found = union(points, [[-6.0, 0.0, 0.0], [6.0, 0.0, 0.0]])
    largest = 10.0 - np.minimum(*(np.linalg.norm(points - [side, 0.0, 0.0], axis=1) for side in (-6.0, 6.0)))
    assert np.abs(found - exact).max() < 0.8 and abs(np.mean(found - exact)) < 0.15
    assert (found >= largest - 1e-9).all()
    # Where the balls meet the largest depth is 4 mm, the front 8 mm away; discs are 1 mm in radius there.
    middle = union([[0.0, 0.0, 0.0]], [[-6.0, 0.0, 0.0], [6.0, 0.0, 0.0]])[0]
    assert middle == pytest.approx(8.0, abs=0.7)


def test_a_zone_inside_another_and_the_same_zone_twice_change_nothing():
    points = 5.0 * directions(60)
    wide = EllipsoidZone(14.0, 14.0)
    united = Union(points[None])
    united.add(np.array([0]), wide.zones(BARE, np.zeros((1, 3)), MIDDLE))
    united.add(np.array([0]), BALL.zones(BARE, np.array([[1.0, 0.0, 0.0]]), MIDDLE))
    assert united.depth(np.array([0]))[0] == pytest.approx(9.0, abs=0.15)
    assert union(points, [[0.0, 0.0, 0.0]] * 2) == pytest.approx(5.0, abs=0.1)


def test_what_a_vessel_keeps_alive_from_both_zones_stays_alive():
    tumours = Tumours(np.array([8.0]), np.array([2.0]), np.array([3.0]), np.array([False]))
    zone = EllipsoidZone(25.0, 25.0, rim=4.0)
    point = [[8.0, 0.0, 0.0]]
    found = union(point, [[0.0, -4.0, 0.0], [0.0, 4.0, 0.0]], zone, tumours)
    assert found == pytest.approx(3.0 - 4.0 * 2.0 / 4.0, abs=0.3)


def test_only_some_of_the_tumours_are_treated_again():
    both = Tumours(
        *(np.repeat(values, 2) for values in (BARE.radius, BARE.vessel_radius, BARE.vessel_gap, BARE.mutant))
    )
    draws = np.full((2, 2), 0.5)
    united = Union(np.zeros((2, 1, 3)))
    united.add(np.array([0, 1]), BALL.zones(both, np.array([[-6.0, 0, 0], [-6.0, 0, 0]]), draws))
    united.add(np.array([1]), BALL.zones(BARE, np.array([[6.0, 0, 0]]), MIDDLE))
    alone, treated = united.depth(np.array([0, 1]))
    assert alone == pytest.approx(4.0, abs=0.1) and treated == pytest.approx(8.0, abs=0.7)
