"""What the pictures are made from: fields, sections, maps, cameras."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy.spatial import Delaunay
from synthetic import END, Settings, temperature, write_result

from pennes.report import palette
from pennes.report.curves import budget_figure
from pennes.report.fields import open_fields
from pennes.report.folder import Result, read_result
from pennes.report.planes import cut_field, heated_time, needle_planes, outlines
from pennes.report.style import house_style
from pennes.report.unrolled import angles, unroll, unrolled_figure
from pennes.report.viewpoint import make_camera, make_frame, nearest_vessel

SETTINGS = Settings(cells=14, times=14)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_result(tmp_path_factory.mktemp("result"), SETTINGS)


@pytest.fixture(scope="module")
def result(folder) -> Result:
    return read_result(folder)


def test_fields_of_an_xdmf_file_are_found_by_name_and_time(folder):
    fields = open_fields(folder)
    times = fields.times("temperature")
    assert np.allclose(times, np.linspace(0.0, END + SETTINGS.cool_down, SETTINGS.times))
    points, cells = fields.mesh()
    assert cells.shape[1] == 4
    assert np.ptp(points, axis=0) == pytest.approx([100.0] * 3)
    for time in times[[0, 6, -1]]:
        assert np.allclose(fields.values("temperature", time), temperature(points, time, SETTINGS))


def test_temperature_shown_is_that_of_the_end_of_heating(result, folder):
    assert heated_time(result, open_fields(folder).times("temperature")) == pytest.approx(END)


def test_section_of_a_linear_field_is_exact(result, folder):
    points, cells = open_fields(folder).mesh()
    values = 2.0 * points[:, 0] - 3.0 * points[:, 1] + points[:, 2]
    for plane in needle_planes(make_frame(result)):
        section, found = cut_field(points, cells, values, plane)
        place = plane.origin + np.outer(section.x, plane.right) + np.outer(section.y, plane.up)
        assert np.allclose(found, place @ [2.0, -3.0, 1.0], atol=1e-3)
        corners = np.column_stack([section.x, section.y])[section.triangles]
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        area = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum() / 2.0
        assert area == pytest.approx(100.0**2, rel=1e-6)


def test_a_half_plane_is_turned_to_both_sides_of_the_needle(result):
    """Triangles in the half-plane of x, 30 degrees off the plane that is drawn: the values depend on the distance."""
    plane = needle_planes(make_frame(result))[0]
    r, height = (grid.ravel() for grid in np.meshgrid(np.linspace(0.5, 40.0, 9), np.linspace(-20.0, 30.0, 7)))
    turned = np.cos(0.5) * plane.right + np.sin(0.5) * plane.normal
    points = plane.origin + np.outer(r, turned) + np.outer(height, plane.up)
    cells = Delaunay(np.column_stack([r, height])).simplices
    section, values = cut_field(points, cells, 2.0 * r + height, plane)
    assert values == pytest.approx(2.0 * np.abs(section.x) + section.y)
    assert (section.x.min(), section.x.max()) == pytest.approx((-40.0, 40.0))
    assert len(section.triangles) == 2 * len(cells)
    assert np.abs(section.x[section.triangles]).min() == pytest.approx(0.5), "nothing spans the needle"


def test_planes_hold_the_needle_and_the_first_one_cuts_the_vein(result):
    first, second = needle_planes(make_frame(result))
    for plane in (first, second):
        assert abs(plane.normal @ result.needles[0].direction) < 1e-12
        assert abs((result.needles[0].tip - plane.origin) @ plane.normal) < 1e-9
    assert abs(first.normal @ second.normal) < 1e-12
    (circle,) = outlines(result.vessels, first, closed=True)
    assert np.linalg.norm(circle - [20.5, 0.0], axis=1) == pytest.approx(3.0, abs=0.03)
    assert not outlines(result.vessels, second)


def test_tumour_outline_is_a_circle_of_its_radius(result):
    for plane in needle_planes(make_frame(result)):
        line = np.concatenate(outlines(result.targets["metastasis"], plane))
        assert np.linalg.norm(line, axis=1) == pytest.approx(12.5, rel=0.01)


def test_nearest_vessel_from_the_case(result):
    tube, distance, foot = nearest_vessel(result.tubes, np.array([7.0, 12.5, 0.0]))
    assert tube.name == "hepatic vein"
    assert distance == pytest.approx(5.0)
    assert np.allclose(foot, [7.0, 20.5, 0.0])


def test_camera_is_right_handed_and_keeps_the_needle_upright(result):
    frame = make_frame(result)
    for azimuth, elevation in ((-28.0, 16.0), (152.0, 16.0), (90.0, -40.0)):
        camera = make_camera(frame, azimuth, elevation, 30.0, 30.0)
        assert np.allclose(np.cross(camera.right, camera.up), camera.towards)
        x, y = camera.project(frame.centre + 10.0 * frame.up)[0]
        assert abs(x) < 1e-9
        assert y > 5.0
    beside = make_camera(frame, 90.0, 0.0, 30.0, 30.0)
    assert beside.towards @ np.array([0.0, 1.0, 0.0]) == pytest.approx(1.0), "the vein is at +y"


def test_unrolled_map_keeps_values_in_their_directions(result):
    """A field that is linear in space becomes its values on the sphere; the seam and the poles have no gaps."""
    frame = make_frame(result)
    points = np.asarray(result.targets["metastasis"].mesh.points)
    east, north, values = unroll(frame, points, points @ [0.3, 1.0, -0.5])
    assert np.isfinite(values).all()
    assert np.allclose(values[:, 0], values[:, -1], atol=0.15)
    turn, rise = np.meshgrid(np.radians(east), np.radians(north))
    level = np.cos(rise)[..., None] * (np.cos(turn)[..., None] * frame.side + np.sin(turn)[..., None] * frame.front)
    expected = 12.5 * (level + np.sin(rise)[..., None] * frame.up) @ [0.3, 1.0, -0.5]
    inner = np.abs(north) < 80.0
    assert np.abs(values - expected)[inner].max() < 0.35


def test_map_centre_faces_the_vein(result):
    (longitude,), (latitude,) = angles(make_frame(result), np.array([0.0, 12.5, 0.0]))
    assert (longitude, latitude) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_classes_of_margin_differ_in_colour_at_their_borders():
    """The scale of margins jumps at 0, 5 and 10 mm: in grey as well, where the classes meet."""
    colours = palette.margin_colours(2001)[:, :3].astype(float)
    values = np.linspace(*palette.MARGIN_RANGE, 2001)
    grey = colours @ [0.2126, 0.7152, 0.0722]
    for border in palette.MARGIN_CONTOURS:
        below, above = (int(np.abs(values - border - shift).argmin()) for shift in (-0.05, 0.05))
        assert np.abs(colours[below] - colours[above]).max() > 40.0
    assert grey[np.abs(values - 0.1).argmin()] > grey[np.abs(values + 0.1).argmin()] + 20.0


def boxes(figure, artists):
    renderer = FigureCanvasAgg(figure).get_renderer()
    return [artist.get_window_extent(renderer) for artist in artists]


@pytest.mark.parametrize("turned", [0.0, 60.0, 172.0])
def test_no_two_names_of_the_map_cover_each_other(turned, result):
    """Also where the smallest margin lies elsewhere than towards the vein, at the map's edge too."""
    frame, entry = make_frame(result), result.summary["targets"][0]
    angle = np.radians(turned)
    side = np.cos(angle) * frame.side + np.sin(angle) * frame.front
    changed = {**entry, "worst_point_mm": list(frame.centre + 12.0 * side)}
    summary = {**result.summary, "targets": [changed, *result.summary["targets"][1:]]}
    with house_style():
        figure = unrolled_figure(dataclasses.replace(result, summary=summary), entry["name"])
        axes = figure.axes[0]
        names = [text for text in axes.texts if text.get_text()]
        assert {"smallest", "direction"} <= {name.get_text().split()[0].rstrip(":") for name in names}
        places = boxes(figure, names)
        (inside,) = boxes(figure, [axes.patch])
    for number, place in enumerate(places):
        assert not any(place.overlaps(other) for other in places[:number]), names[number].get_text()
        if not names[number].get_text().endswith(" mm") or "smallest" in names[number].get_text():
            assert inside.x0 <= place.x0 and place.x1 <= inside.x1


def test_the_names_of_the_budget_cover_no_curve_and_nothing_is_cut_off(result):
    """Residuals of a thousandth of a per cent have long figures."""
    history = {**result.history, "residual_fraction": 1e-6 * np.linspace(0.0, 60.0, len(result.history["time_s"]))}
    with house_style():
        figure = budget_figure(dataclasses.replace(result, history=history))
        upper, lower = figure.axes
        figure.draw_without_rendering()
        texts = [upper.yaxis.label, lower.yaxis.label, *lower.get_yticklabels(), *upper.get_legend().get_texts()]
        curves, legend, *places = boxes(figure, [upper.patch, upper.get_legend(), *texts])
    assert not legend.overlaps(curves)
    for text, place in zip(texts, places, strict=True):
        assert place.x0 >= 0.0 and place.x1 <= figure.bbox.x1, text.get_text()
