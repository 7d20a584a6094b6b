"""Shapes: volume, inside, distance and surface agree with each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

from pennes.case.models import Ball, BoxShape, Ellipsoid, Lobulated, Region, Tube
from pennes.scene import lobulated, shapes

BALL = Ball(diameter="25 mm", centre=("1 mm", "2 mm", "3 mm"))
ELLIPSOID = Ellipsoid(shape="ellipsoid", diameters=("20 mm", "12 mm", "30 mm"), axis=(1, 1, 0), roll="30 deg")
LOBULATED = Lobulated(shape="lobulated", diameter="25 mm", amplitude="30 %", lobes=6, seed=3)
BOX = BoxShape(shape="box", size=("10 mm", "20 mm", "5 mm"), centre=("5 mm", "0 mm", "0 mm"))
TUBE = Tube(shape="tube", diameter="6 mm", path=(("0 mm",) * 3, ("30 mm", "0 mm", "0 mm"), ("30 mm", "30 mm", "0 mm")))
ALL = [BALL, ELLIPSOID, LOBULATED, BOX, TUBE]
every_shape = pytest.mark.parametrize("shape", ALL, ids=lambda shape: shape.shape)


@every_shape
def test_the_surface_is_closed_outward_and_encloses_the_volume(shape):
    surface = shapes.triangulate(shape, 7e-4)
    assert surface.is_closed
    assert surface.volume == pytest.approx(shapes.volume(shape), rel=0.015)
    assert surface.volume <= shapes.volume(shape) * (1 + 1e-9)


@every_shape
def test_points_inside_fill_the_volume(shape):
    surface = shapes.triangulate(shape, 2e-3)
    low, high = surface.points.min(axis=0) - 1e-3, surface.points.max(axis=0) + 1e-3
    points = np.random.default_rng(0).uniform(low, high, (40_000, 3))
    share = shapes.contains(shape, points).mean()
    assert share * np.prod(high - low) == pytest.approx(shapes.volume(shape), rel=0.03)


@every_shape
def test_the_signed_distance_vanishes_on_the_surface_and_has_the_right_sign(shape):
    surface = shapes.triangulate(shape, 1.5e-3)
    assert np.abs(shapes.signed_distance(shape, surface.points)).max() < 0.02 * shapes.size(shape)
    centre = surface.points.mean(axis=0) if shape is not TUBE else shapes.centre(shape)
    assert shapes.signed_distance(shape, centre)[0] < -0.1 * shapes.size(shape)
    assert shapes.signed_distance(shape, centre + 0.1)[0] > 0.05


def test_the_ball_is_exact():
    points = np.random.default_rng(1).normal(size=(50, 3)) * 0.02
    expected = np.linalg.norm(points - np.array(BALL.centre), axis=1) - 0.0125
    np.testing.assert_allclose(shapes.signed_distance(BALL, points), expected, atol=1e-15)
    np.testing.assert_allclose(shapes.centre(BALL), [0.001, 0.002, 0.003])


def test_an_ellipsoid_turns_with_its_axis():
    along = np.array([1.0, 1.0, 0.0]) / np.sqrt(2)
    assert shapes.contains(ELLIPSOID, 0.0149 * along[None])[0]
    assert not shapes.contains(ELLIPSOID, 0.0151 * along[None])[0]


def test_a_lobulated_shape_depends_on_its_seed_and_keeps_its_volume():
    other = LOBULATED.model_copy(update={"seed": 4})
    directions = np.random.default_rng(0).normal(size=(200, 3))
    assert np.abs(lobulated.radius(other, directions) - lobulated.radius(LOBULATED, directions)).max() > 5e-4
    scaled = lobulated.radius(LOBULATED, 3 * directions)
    np.testing.assert_allclose(scaled, lobulated.radius(LOBULATED, directions), rtol=1e-12)
    assert shapes.triangulate(other, 4e-4).volume == pytest.approx(np.pi / 6 * 0.025**3, rel=3e-3)


def test_spline_patches_follow_a_lobulated_surface_and_meet_at_their_edges():
    poles, knots = lobulated.patches(LOBULATED)
    places = np.linspace(-np.pi / 4, np.pi / 4, 40)
    edges = []
    for patch in poles:
        rows = BSpline(knots, patch, 3)(places)
        points = np.moveaxis(BSpline(knots, np.moveaxis(rows, 1, 0), 3)(places), 0, 1)
        offset = points.reshape(-1, 3) - np.array(LOBULATED.centre)
        radii = np.linalg.norm(offset, axis=1)
        assert np.abs(radii / lobulated.radius(LOBULATED, offset) - 1).max() < 2e-3
        edges += [points[0], points[-1], points[:, 0], points[:, -1]]
    for edge in edges:
        twins = [min(np.abs(edge - e).max(), np.abs(edge[::-1] - e).max()) for e in edges]
        assert sum(twin < 1e-12 for twin in twins) == 2


def test_a_region_has_no_shape_of_its_own():
    with pytest.raises(TypeError, match="ask the domain"):
        shapes.volume(Region(shape="region", region="tumour"))
