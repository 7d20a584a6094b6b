"""Zones read off surfaces: shape, front and margins against exact geometry, holes and turned triangles included."""

from __future__ import annotations

import numpy as np
import pytest
import pyvista

from dented_ellipsoid import LENGTH, RIM, VESSEL, WIDTH, case, mm, rotation, surface
from pennes.errors import InputError
from pennes.risk.directions import radii_of
from pennes.risk.emulator import Zones, ball_margin
from pennes.risk.extract import place, see_zone
from pennes.risk.zone import outer_distance, tube_distance


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("flip", [False, True])
def test_ellipsoid_in_any_position_is_found(seed, flip):
    turn = rotation(seed)
    found = see_zone(surface(turn, None, flip=flip), place(case(turn, None), aim=15.0))
    polar = np.deg2rad(np.arange(24) * 7.5 + 3.75)
    exact = 1.0 / np.sqrt((np.sin(polar) / WIDTH) ** 2 + (np.cos(polar) / LENGTH) ** 2)
    assert np.abs(radii_of(found.shape[None])[0] - exact[:, None]).max() < 0.1
    assert np.isnan(found.front).all()
    assert found.filled_rays == 0


@pytest.mark.parametrize("gap", [8.0, 14.0, 18.0])
def test_dent_at_a_vessel_is_kept_apart(gap):
    turn = rotation(3)
    where = place(case(turn, gap), aim=15.0)
    assert (where.gap, where.vessel_radius) == pytest.approx((gap, VESSEL))
    assert where.height == pytest.approx(0.0, abs=1e-9)
    found = see_zone(surface(turn, gap), where)
    assert found.front[:2] == pytest.approx([gap - RIM] * 2, abs=0.15)
    assert np.exp(found.shape[12, 0]) == pytest.approx(WIDTH, abs=0.4)


def test_vessel_that_is_too_far_leaves_the_zone_whole():
    found = see_zone(surface(np.eye(3), 30.0), place(case(np.eye(3), 30.0), aim=15.0))
    assert found.front[0] == pytest.approx(WIDTH, abs=0.1)
    assert np.abs(found.shape[4:20, 1:]).max() < 0.02


def test_hole_in_the_wall_of_the_vessel_ends_at_the_wall():
    gap = 12.0
    whole = surface(np.eye(3), gap)
    middle = np.asarray(whole.points)[whole.regular_faces].mean(axis=1) - [1.0, 2.0, 3.0]
    near = np.hypot(middle[:, 0] - gap - VESSEL, middle[:, 2]) < VESSEL + RIM + 0.2
    torn = pyvista.PolyData.from_regular_faces(np.asarray(whole.points), whole.regular_faces[~near])
    found = see_zone(torn, place(case(np.eye(3), gap), aim=15.0))
    assert found.front[0] == pytest.approx(gap, abs=1e-9)
    assert found.filled_rays > 0
    assert np.exp(found.shape[12, 0]) == pytest.approx(WIDTH, abs=0.4)


def test_no_zone_is_none():
    far = surface(np.eye(3), None)
    far.points = np.asarray(far.points) + np.array([100.0, 0.0, 0.0])
    assert see_zone(far, place(case(np.eye(3), None), aim=15.0)) is None


def test_target_lies_in_the_frame_of_the_needle():
    turn = rotation(4)
    where = place(case(turn, 18.0, centre=(2.0, -1.0, 4.0), radius=7.0), aim=15.0)
    assert where.centre[[0, 2]] == pytest.approx([2.0, 4.0])
    assert abs(where.centre[1]) == pytest.approx(1.0)
    assert where.target_radius == pytest.approx(7.0)


def test_vessel_along_the_needle_is_refused():
    given = case(np.eye(3), 18.0)
    given["vessels"][0]["path"] = [mm((20, 2, -60)), mm((20, 2, 60))]
    with pytest.raises(InputError, match="does not run across"):
        place(given, aim=15.0)


@pytest.mark.parametrize("centre", [(0, 0, 0), (4, 3, -5), (-8, 0, 12), (-15, 0, 0), (0, 25, 0)])
def test_distance_from_a_star_shaped_surface(centre):
    found = see_zone(surface(np.eye(3), None), place(case(np.eye(3), None), aim=15.0))
    shape = found.shape[None]
    distance = outer_distance(radii_of(shape), np.exp(shape[..., 0]), np.array([centre], dtype=float)).distance[0]
    angle = np.linspace(0, np.pi, 20001)
    off = np.hypot(*centre[:2])
    exact = np.hypot(WIDTH * np.sin(angle) - off, LENGTH * np.cos(angle) - centre[2]).min()
    inside = (off / WIDTH) ** 2 + (centre[2] / LENGTH) ** 2 < 1
    assert distance == pytest.approx(exact if inside else -exact, abs=0.15)


def test_margin_of_a_ball_is_the_least_on_its_surface():
    found = see_zone(surface(np.eye(3), 16.0), place(case(np.eye(3), 16.0), aim=15.0))
    centre, radius = np.array([[2.0, 1.0, 3.0]]), np.array([9.0])
    shape = found.shape[None]
    rim = (16.0 - found.front)[None]
    zones = Zones(shape, radii_of(shape), rim, np.array([[16.0 + VESSEL, 0.0]]), np.array([VESSEL]))
    sphere = pyvista.Icosphere(radius=9.0, nsub=4).points + centre
    least = zones.signed_distance(np.asarray(sphere, dtype=float)).min()
    outer = ball_margin(shape, radii_of(shape), centre, radius)[0]
    tube = tube_distance(centre, zones.axis, zones.vessel_radius, rim[:, 0]) - radius
    assert min(outer[0], tube[0]) == pytest.approx(least, abs=0.15)
    exact = np.hypot(16 + VESSEL - 2.0, 3.0) - VESSEL - RIM - 9.0
    assert min(outer[0], tube[0]) == pytest.approx(exact, abs=0.3)


def test_what_lies_behind_the_vessel_does_not_shape_the_zone():
    gap = 12.0
    zone = surface(np.eye(3), None)
    points = np.asarray(zone.points) - np.array([1.0, 2.0, 3.0])
    # A surface without the vessel's wall, and farther out where rays have passed the lumen.
    miss = np.abs(points[:, 2]) * (gap + VESSEL) / np.maximum(np.hypot(points[:, 0], points[:, 2]), 1e-9)
    behind = (points[:, 0] > gap + 1.0) & (miss < VESSEL - 0.5)
    points[behind] *= 1.3
    zone.points = points + np.array([1.0, 2.0, 3.0])
    found = see_zone(zone, place(case(np.eye(3), gap), aim=15.0))
    assert found.front[0] == pytest.approx(gap)
    assert np.exp(found.shape[12, 0]) == pytest.approx(WIDTH, abs=0.3)
    assert np.abs(found.shape[12, 1:]).max() < 0.02


def test_dip_along_a_cold_shaft_is_as_near_as_it_is():
    # A ball of 28 mm with a dip along the shaft as steep as a cooled electrode's: 26 mm, then 22 mm.
    shape = np.zeros((1, 24, 4))
    shape[..., 0] = np.log(28.0)
    shape[0, 22:, 0] = np.log([26.0, 22.0])
    for off in (0.0, 1.0, 3.0):
        found = outer_distance(radii_of(shape), np.exp(shape[..., 0]), np.array([[off, 0.0, -2.0]])).distance[0]
        nearest = np.hypot(off - 22.0 * np.sin(np.deg2rad(3.75)), 22.0 * np.cos(np.deg2rad(3.75)) - 2.0)
        # Within the last step of the angle the dip may go on; a plane as steep as its side would be 3 mm nearer.
        assert nearest - 1.0 < found < nearest + 0.1
    # A ball of 27 mm whose surface is 8 mm deep in the dip: dead tissue at the dip's edge is nearer than that.
    margin = ball_margin(shape, radii_of(shape), np.array([[0.0, 0.0, -3.0]]), np.array([27.0]))[0][0]
    edge = np.hypot(26.0 * np.sin(np.deg2rad(11.25)), 30.0 - 26.0 * np.cos(np.deg2rad(11.25)))
    assert margin == pytest.approx(-edge, abs=0.5)
