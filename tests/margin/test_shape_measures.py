"""Surfaces, diameters, shells and words."""

import subprocess
import sys

import numpy as np
import pytest

from pennes.margin import Surface, direction_words, join_surfaces, merge_points, shell_coverage, zone_diameters

MM = 1e-3


def test_measures_of_a_cube_far_from_the_origin(cube):
    near = cube(0, 2)
    far = Surface(near.points + 1e6, near.triangles)
    assert far.volume == pytest.approx(8, rel=1e-9)
    assert far.flipped().volume == pytest.approx(-8, rel=1e-9)
    assert near.area == pytest.approx(24) and near.vertex_areas.sum() == pytest.approx(24)
    assert near.is_closed and near.open_edges == 0
    assert Surface(near.points, near.triangles[1:]).open_edges == 3
    mixed = near.triangles.copy()
    mixed[0] = mixed[0, ::-1]
    assert Surface(near.points, mixed).open_edges == 6 and not Surface(near.points, mixed).is_closed


def test_triangle_without_points_is_refused():
    with pytest.raises(ValueError, match="does not exist"):
        Surface(np.zeros((3, 3)), [[0, 1, 3]])


@pytest.mark.parametrize("spacing", [5.0, 0.9, 0.13])
def test_subdivision_keeps_area_orientation_and_volume(ball, spacing):
    surface = ball(60, 1.0)
    corners = surface.subdivided(spacing)
    assert np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max() <= spacing * (1 + 1e-12)
    pieces = Surface(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3))
    assert pieces.area == pytest.approx(surface.area, rel=1e-12)
    assert pieces.volume == pytest.approx(surface.volume, rel=1e-12)
    points, areas = surface.samples(spacing)
    assert areas.sum() == pytest.approx(surface.area, rel=1e-12)
    np.testing.assert_allclose(areas @ points, surface.areas @ surface.corners.mean(axis=1), atol=1e-12)
    with pytest.raises(ValueError, match="positive"):
        surface.subdivided(0.0)


def test_merging_makes_a_soup_closed(cube):
    corners = cube(-1, 1).corners
    soup = corners.reshape(-1, 3) * [1, 1, -1] * [1, 1, -1]
    merged = merge_points(soup, np.arange(len(soup)).reshape(-1, 3))
    assert len(merged.points) == 8 and merged.is_closed
    assert join_surfaces().is_empty


def test_diameters_of_a_turned_ellipsoid(ellipsoid):
    points = ellipsoid(6000, (20 * MM, 12 * MM, 15 * MM)).points
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    axis = 7 * turn @ [0, 0, 1]
    np.testing.assert_allclose(zone_diameters(points @ turn.T + 0.3, axis) / MM, [30, 40, 24], atol=0.05)
    np.testing.assert_allclose(zone_diameters(points @ turn.T) / MM, [40, 30, 24], atol=0.05)
    # Many more vertices in two opposite quadrants do not turn the principal directions.
    crowded = np.concatenate([points, np.repeat(points[points[:, 0] * points[:, 1] > 0], 20, axis=0)])
    np.testing.assert_allclose(zone_diameters(crowded @ turn.T, axis) / MM, [30, 40, 24], atol=0.05)


def test_diameters_of_degenerate_zones():
    assert zone_diameters(np.zeros((0, 3)), [0, 0, 1]).tolist() == [0, 0, 0]
    assert zone_diameters([[1, 2, 3]], [0, 0, 1]).tolist() == [0, 0, 0]
    np.testing.assert_allclose(zone_diameters([[0, 0, 0], [3, 4, 12]], [0, 0, 1]), [12, 5, 0], atol=1e-12)
    np.testing.assert_allclose(zone_diameters([[0, 0, 0], [3, 4, 0], [6, 8, 0]], [0, 0, 1]), [0, 10, 0], atol=1e-12)
    with pytest.raises(ValueError, match="direction"):
        zone_diameters(np.eye(3), [0, 0, 0])


def test_shell_coverage_of_concentric_balls_converges(unstructured):
    """Target 0.4, shell to 0.6, zone to 0.5: exact volumes are differences of cubes."""
    errors = []
    for intervals in (10, 20):
        points, tets, _ = unstructured(intervals)
        radius = np.linalg.norm(points, axis=1)
        result = shell_coverage(points, tets, radius - 0.4, 0.5 - radius, 0.2)
        exact = (0.5**3 - 0.4**3) / (0.6**3 - 0.4**3)
        errors.append(abs(result.coverage - exact))
        assert result.covered_fraction == pytest.approx(1)
        assert result.tissue_at_risk == pytest.approx(4 / 3 * np.pi * (0.6**3 - 0.5**3), rel=0.2 / intervals)
        assert result.target_volume == pytest.approx(4 / 3 * np.pi * 0.4**3, rel=2 / intervals)
    assert errors[1] < errors[0] / 2.5 and errors[1] < 3e-3


def test_shell_coverage_of_planes_is_exact(unstructured):
    """Target x < -0.3, shell up to x = 0.2, ablated y < 0.25."""
    points, tets, _ = unstructured(4)
    result = shell_coverage(points, tets, points[:, 0] + 0.3, 0.25 - points[:, 1], 0.5)
    assert result.target_volume == pytest.approx(0.7 * 4, abs=1e-9)
    assert result.covered_fraction == pytest.approx(1.25 / 2)
    assert result.shell_volume == pytest.approx(0.5 * 4, abs=1e-9)
    assert result.coverage == pytest.approx(1.25 / 2)
    assert result.tissue_at_risk == pytest.approx(0.5 * 2 * 0.75)
    nothing = shell_coverage(points, tets, points[:, 0] + 9, -np.ones(len(points)), 0.0)
    assert nothing.coverage == nothing.tissue_at_risk == 0.0


def words(worst, vessels=(), direction=(0, 0, -1), tip=(0, 0, -15), **options):
    scaled = [(name, np.multiply(p, MM)) for name, p in vessels]
    return direction_words(np.multiply(worst, MM), np.zeros(3), np.multiply(tip, MM), direction, scaled, **options)


def test_clock_is_seen_along_the_needle_from_the_hub():
    assert words((0, 12, 0)).startswith("12 o'clock seen along the needle (12 o'clock is +y)")
    # Looking down along -z with +y up, +x is on the right.
    assert words((12, 0, 0)).startswith("3 o'clock")
    assert words((-12, 0, 0)).startswith("9 o'clock")
    assert words((12, 0, 0), direction=(0, 0, 1)).startswith("9 o'clock")
    assert words((6, -10.4, 0)).startswith("5 o'clock")
    # Looking along +x with +z up, +y is on the left.
    assert words((0, 12, 0), direction=(1, 0, 0)).startswith("9 o'clock seen along the needle (12 o'clock is +z)")
    assert words((1, 0, -12)).startswith("at the deep end of the target")
    assert words((0, 1, 12)).startswith("at the target's end towards the hub")


def test_where_all_is_the_same_around_the_needle_there_is_no_clock():
    assert words((12, 0, 0), around=True) == (
        "all around the needle, 12.0 mm from the needle's axis and 15.0 mm short of its tip"
    )
    assert words((1, 0, -12), around=True).startswith("at the deep end of the target")


def test_place_by_the_needle_and_the_vessel_it_looks_to():
    vessels = [("portal vein", (0, -14, 0)), ("hepatic vein", (0, 16.7, 0)), ("aorta", (0, 30, 0))]
    assert words((0, 12.5, 0), vessels) == (
        "12 o'clock seen along the needle (12 o'clock is +y), 12.5 mm from the needle's axis and 15.0 mm short of its "
        "tip, towards the hepatic vein (4.2 mm from it)"
    )
    assert "towards" not in words((12.5, 0, 0), vessels)
    assert "3.0 mm beyond its tip" in words((0, 5, -18))
    with pytest.raises(ValueError, match="direction"):
        words((1, 0, 0), direction=(0, 0, 0))


def test_the_room_needs_neither_the_solver_nor_a_viewer():
    code = "import sys, pennes.margin; print([m for m in ('dolfinx', 'mpi4py', 'pyvista', 'vtk') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
