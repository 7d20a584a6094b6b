"""``pennes margin`` on surface files."""

import json

import numpy as np
import pytest
import pyvista

from pennes.errors import InputError
from pennes.margin import Surface, compare_surfaces, join_surfaces, read_surface

MM = 1e-3


@pytest.fixture
def write(tmp_path):
    def save(surface, name, binary=True):
        path = tmp_path / name
        mesh = pyvista.PolyData.from_regular_faces(surface.points / MM, surface.triangles)
        mesh.save(path, binary=binary, recompute_normals=False)  # which would turn triangles over
        return path

    return save


def ball_cap(height, radius):
    return np.pi * height**2 * (3 * radius - height) / 3


def lens(one, other, apart):
    """Volume common to two balls."""
    first = (other - one + apart) * (other + one - apart) / (2 * apart)
    second = (one - other + apart) * (one + other - apart) / (2 * apart)
    return ball_cap(first, one) + ball_cap(second, other)


def test_ball_partly_outside_a_ball(ball, write):
    target = write(ball(2000, 10 * MM, (9 * MM, 0, 0)), "target.stl")
    zone = write(ball(4000, 15 * MM), "zone.vtp")
    result = compare_surfaces(target, zone, required_mm=5)
    assert result["minimal_margin_mm"] == pytest.approx(-4, abs=0.02)
    np.testing.assert_allclose(result["worst_point_mm"], [19, 0, 0], atol=0.5)
    np.testing.assert_allclose(result["nearest_zone_point_mm"], [15, 0, 0], atol=0.5)
    assert result["achieved"] is False and result["required_margin_mm"] == 5
    assert result["volume_ml"] == pytest.approx(4 / 3 * np.pi, rel=0.003)
    exact = lens(10, 15, 9) / (4 / 3 * np.pi * 1000)
    assert result["covered_fraction"] == pytest.approx(exact, abs=0.003)
    assert result["shell_coverage"] == pytest.approx(
        (lens(15, 15, 9) - lens(10, 15, 9)) / (4 / 3 * np.pi * (15**3 - 10**3)), abs=0.005
    )
    assert result["surface_share"]["below_0"] == pytest.approx((1 - (225 - 181) / 180) / 2, abs=0.004)
    assert result["zone"]["volume_ml"] == pytest.approx(4.5 * np.pi, rel=0.003)
    np.testing.assert_allclose(result["zone"]["diameters_mm"], 30, atol=0.05)
    assert result["error"]["minimal_margin_mm"] <= 0.011
    assert "0.5 mm apart" in result["error"]["statement"]
    assert result["subcapsular"] is None and result["warnings"] == []
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_subcapsular_surface_is_left_out(ball, cube, write):
    """The zone stops short of the capsule: the margin is missed there only, which does not count but is told."""
    target = write(ball(2000, 10 * MM, (0, 0, 48 * MM)), "target.ply")
    zone = write(ball(4000, 17 * MM, (0, 0, 40 * MM)), "zone.stl")
    organ = write(cube(-60 * MM, 60 * MM), "organ.stl")
    without, result = compare_surfaces(target, zone), compare_surfaces(target, zone, organ)
    assert without["minimal_margin_mm"] == pytest.approx(-1, abs=0.02)
    # Left in: the target up to 7 mm above its centre, whose margin is least at its upper rim.
    assert result["minimal_margin_mm"] == pytest.approx(17 - np.hypot(15, np.sqrt(51)), abs=0.1)
    assert result["subcapsular"]["excluded_share"] == pytest.approx(0.15, abs=0.003)
    assert result["subcapsular"]["minimal_margin_mm"] == pytest.approx(-1, abs=0.05)
    assert any("not covered" in w for w in result["warnings"])


@pytest.mark.parametrize("name", ["surface.stl", "surface.ply", "surface.vtp", "surface.obj", "SURFACE.STL"])
@pytest.mark.parametrize("inward", [False, True])
def test_every_kind_of_file_reads_the_same(ball, write, name, inward):
    surface = ball(300, 10 * MM, (3 * MM, -4 * MM, 100 * MM))
    read = read_surface(write(surface.flipped() if inward else surface, name))
    assert read.is_closed and len(read.points) == len(surface.points)
    assert read.volume == pytest.approx(surface.volume, rel=1e-5)


def test_text_stl_and_hollow_zone(ball, write):
    hollow = join_surfaces(ball(2000, 20 * MM), ball(500, 4 * MM).flipped())
    target = write(ball(1000, 10 * MM), "target.stl", binary=False)
    result = compare_surfaces(target, write(hollow, "zone.stl"))
    # From the target's surface the hole is nearer (6 mm) than the zone's outside (10 mm).
    assert result["minimal_margin_mm"] == pytest.approx(6, abs=0.1)
    assert result["covered_fraction"] == pytest.approx(1 - 0.4**3, abs=0.005)
    assert any("leaves a part inside" in w for w in result["warnings"])


def test_files_in_different_coordinate_systems_are_suspected(ball, write):
    target, zone = (
        write(ball(300, 10 * MM, (50 * MM, 0, 0)), "t.stl"),
        write(ball(300, 15 * MM, (-50 * MM, 0, 0)), "z.stl"),
    )
    result = compare_surfaces(target, zone, required_mm=0)
    assert result["minimal_margin_mm"] == pytest.approx(-95, abs=0.5)
    assert result["covered_fraction"] == 0 and result["shell_coverage"] is None
    assert any("coordinate system" in w for w in result["warnings"])


def open_ball(ball):
    surface = ball(300, 10 * MM)
    return Surface(surface.points, surface.triangles[3:])


def turned_facet(ball):
    surface = ball(300, 10 * MM)
    triangles = surface.triangles.copy()
    triangles[0] = triangles[0, ::-1]
    return Surface(surface.points, triangles)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (open_ball, "open"),
        (turned_facet, "opposite ways"),
        (lambda ball: Surface(ball(300, 10 * MM).points * MM, ball(300, 1).triangles), "in mm"),
    ],
)
def test_surfaces_without_an_inside_are_refused(ball, write, make, words):
    path = write(make(ball), "surface.stl")
    with pytest.raises(InputError, match=words) as refusal:
        compare_surfaces(path, path)
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["labels.nii.gz", "labels.nrrd", "Segmentation.seg.nrrd", "labels.MHA", "slice.dcm"])
def test_label_maps_are_refused_by_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"\0" * 400)
    with pytest.raises(InputError, match=r"image or label map.*STL, PLY, VTP or OBJ"):
        read_surface(tmp_path / name)


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".vtp", ".obj"])
@pytest.mark.parametrize(
    "content",
    [b"", b"not a surface at all\n", bytes(range(256)) * 8, b"solid\nendsolid\n", b"<?xml version='1.0'?><VTKFile>"],
    ids=["empty", "words", "bytes", "no facets", "cut xml"],
)
def test_files_that_hold_no_surface_are_refused(tmp_path, suffix, content, capfd):
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_surface(path)
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".vtp"])
def test_truncated_files_are_refused(ball, write, suffix, capfd):
    path = write(ball(500, 10 * MM), f"whole{suffix}")
    path.write_bytes(path.read_bytes()[:-1500])
    with pytest.raises(InputError):
        read_surface(path)
    assert capfd.readouterr() == ("", "")


def test_coordinates_that_are_not_finite_are_refused(ball, write):
    surface = ball(100, 10 * MM)
    surface.points[5] = np.nan
    with pytest.raises(InputError, match="finite"):
        read_surface(write(surface, "nan.ply"))


def test_missing_files_folders_and_other_kinds_are_refused(tmp_path):
    (tmp_path / "folder.stl").mkdir()
    for name, words in (("absent.stl", "no such file"), ("folder.stl", "no such file"), ("notes.txt", "no known kind")):
        with pytest.raises(InputError, match=words):
            read_surface(tmp_path / name)


@pytest.mark.parametrize("required", [-1.0, float("nan"), float("inf")])
def test_impossible_required_margins_are_refused(required):
    with pytest.raises(InputError, match="required margin"):
        compare_surfaces("target.stl", "zone.stl", required_mm=required)
