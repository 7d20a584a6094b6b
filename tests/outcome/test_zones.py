"""The analytic zone against exact distances."""

import numpy as np
import pytest
from scipy.optimize import minimize

from pennes.outcome.surface import Tumours, directions
from pennes.outcome.zones import EllipsoidZone, ellipsoid_depth

POINTS = directions(200)
MIDDLE = np.full((1, 2), 0.5)


def one(radius=10.0, vessel=0.0, gap=50.0):
    return Tumours(np.array([radius]), np.array([vessel]), np.array([gap]), np.array([False]))


def margins(zone, tumours, centre, draws=MIDDLE, around=POINTS):
    """Of a tumour whose centre lies at ``centre`` from the needle."""
    return zone.zones(tumours, -centre, draws).depth(tumours.radius[:, None, None] * around)[0]


def test_directions_are_even():
    assert np.linalg.norm(POINTS, axis=1) == pytest.approx(1.0)
    assert np.abs(POINTS.mean(axis=0)).max() < 5e-3
    assert POINTS.T @ POINTS / len(POINTS) == pytest.approx(np.eye(3) / 3, abs=5e-3)


def test_ball_zone_is_exact():
    zone = EllipsoidZone(18.0, 18.0)
    centre = np.array([[2.0, -1.0, 4.0]])
    found = margins(zone, one(), centre)
    assert found == pytest.approx(18.0 - np.linalg.norm(centre + 10.0 * POINTS, axis=1))


def test_ellipsoid_within_a_tenth_of_a_millimetre_beside_its_surface():
    semi = np.array([15.0, 15.0, 19.0])
    point = np.array([9.0, 4.0, 12.0]) * 1.02

    def away(angles):
        direction = np.array(
            [np.sin(angles[0]) * np.cos(angles[1]), np.sin(angles[0]) * np.sin(angles[1]), np.cos(angles[0])]
        )
        return np.linalg.norm(semi * direction - point)

    exact = minimize(away, [0.8, 0.4], tol=1e-12).fun
    found = ellipsoid_depth(point[None, None], semi[None])[0, 0]
    assert found == pytest.approx(exact if np.linalg.norm(point / semi) < 1 else -exact, abs=0.1)


def test_vessel_keeps_a_rim_alive():
    zone = EllipsoidZone(25.0, 25.0, rim=4.0)
    east = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    found = margins(zone, one(10.0, vessel=2.0, gap=5.0), np.zeros((1, 3)), around=east)
    assert found == pytest.approx([5.0 - 4.0 * 2.0 / 4.0, 15.0])
    without = EllipsoidZone(25.0, 25.0, rim=4.0, sinks=False)
    assert margins(without, one(10.0, 2.0, 5.0), np.zeros((1, 3)), around=east) == pytest.approx(15.0)


def test_spread_scales_the_whole_zone():
    zone = EllipsoidZone(20.0, 20.0, spread=0.1)
    larger = margins(zone, one(), np.zeros((1, 3)), np.array([[0.8413447460685429, 0.5]]))
    assert larger == pytest.approx(20.0 * np.exp(0.1) - 10.0)
