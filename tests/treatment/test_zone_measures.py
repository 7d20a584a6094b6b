"""Volumes, surface and distances of a zone that is known."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from pennes.margin import capped
from pennes.treatment.zone import ZoneMeasure


@pytest.fixture
def zone(scene, physics):
    return ZoneMeasure(scene.domain, physics.elements)


def test_a_half_of_the_body_is_measured_exactly(zone, physics):
    """A plane is a P1 level function: its volume is exact, apart from what needle and vessel take away."""
    elements = physics.elements
    total = elements.volumes.sum()
    lower, upper = (zone.volume(sign * (elements.points[:, 0] - 1.7e-3)) for sign in (-1.0, 1.0))
    assert lower + upper == pytest.approx(total, rel=1e-12)
    # x = 20 mm ... 30 mm of the box of 60 mm, less the vein of 5 mm.
    slab = zone.volume(elements.points[:, 0] - 20e-3)
    assert slab == pytest.approx(10e-3 * (60e-3**2 - np.pi / 4 * 5e-3**2), rel=2e-3)


def test_everything_and_nothing(zone, physics):
    ones = np.ones(physics.elements.n_local)
    assert zone.volume(ones) == pytest.approx(physics.elements.volumes.sum(), rel=1e-12)
    assert zone.covered_fraction("lesion", ones) == pytest.approx(1.0, rel=1e-12)
    assert zone.volume(-ones) == 0.0
    assert zone.covered_fraction("lesion", -ones) == 0.0
    assert zone.surface(-ones).is_empty
    assert np.all(np.isinf(zone.distance(zone.surface(-ones), np.zeros((2, 3)))))


def test_half_of_the_target(zone, physics):
    """The needle takes the same from both sides of x = 0."""
    assert zone.covered_fraction("lesion", physics.elements.points[:, 0]) == pytest.approx(0.5, abs=0.02)


def test_the_target_is_what_needle_and_facets_leave_of_the_ball(zone):
    ball, needle = np.pi / 6 * 10e-3**3, np.pi / 4 * 1.47e-3**2 * 10e-3
    assert 0.85 * (ball - needle) < zone.target_volume("lesion") < ball - 0.8 * needle


def test_a_ball_has_the_distances_of_a_ball(zone, physics):
    """Radius 9 mm about the origin; the level is not linear: between nodes h apart the surface lies up to h^2 / 8 r
    inside the ball."""
    centre_distance = np.linalg.norm(physics.elements.points, axis=1)
    level = (9e-3 - centre_distance) * 1e3
    surface = zone.surface(level)
    points = np.array([[8e-3, 0, 0], [0, -6e-3, 0], [11e-3, 0, 0], [-15e-3, 0, 0]])
    expected = np.abs(np.linalg.norm(points, axis=1) - 9e-3)
    ends = physics.elements.edges[np.ptp(np.sign(level[physics.elements.edges]), axis=1) > 0]
    h = np.linalg.norm(np.diff(physics.elements.points[ends], axis=1), axis=-1).max()
    inside = h**2 / (8 * 9e-3)
    assert inside < 6e-4
    np.testing.assert_allclose(zone.distance(surface, points), expected, atol=inside)
    needle = np.pi / 4 * 1.47e-3**2 * 17e-3
    largest, smallest = (4 / 3 * np.pi * radius**3 - needle for radius in (9e-3, 9e-3 - inside))
    assert smallest < zone.volume(level) < largest


def test_a_zone_ends_at_the_vessel_and_not_at_the_needle(zone, physics):
    """All tissue dead: its surface is the box and the vein's wall; metal does not bound it."""
    surface = zone.surface(np.ones(physics.elements.n_local))
    radius = np.hypot(surface.points[:, 0], surface.points[:, 1])
    inner = np.abs(surface.points).max(axis=1) < 29.9e-3
    from_axis = np.hypot(surface.points[inner, 1] - 12e-3, surface.points[inner, 2])
    np.testing.assert_allclose(from_axis, 2.5e-3, atol=1e-4)
    assert inner.sum() > 50
    assert np.all(radius[inner] > 5e-3)


def test_a_zone_closed_through_the_metal_holds_the_needle_too(zone, physics):
    level = 9e-3 - np.linalg.norm(physics.elements.points, axis=1)
    surface = zone.gathered(zone.surface(level))
    assert not surface.is_closed
    closed = capped(surface)
    assert closed.is_closed
    assert len(closed.points) == len(surface.points) + 1  # the shaft leaves it once, the tip lies inside
    # A round needle with a pointed tip of 2 mm; of the mesh's five or six edges around it, five make the thinnest.
    needle = np.pi / 4 * 1.47e-3**2 * (17e-3 - 2e-3 * 2 / 3)
    pentagon = 5.0 / (2.0 * np.pi) * np.sin(2.0 * np.pi / 5.0)
    assert pentagon * needle < closed.volume - zone.volume(level) < needle
