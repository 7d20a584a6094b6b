"""Margins between label maps; more in validation/verification/label_map_margins."""

import json
import subprocess
import sys

import numpy as np
import pytest

from pennes.assessment import Needle, Source, measure
from pennes.errors import InputError


def test_offset_balls(grid, ball, save):
    where = grid()
    target, zone = save("t.nii.gz", where, ball(where, 10.3)), save("z.nrrd", where, ball(where, 18.2, (3.4, 0.3, 0)))
    found = measure([Source(target)], [Source(zone)]).summary
    exact = 18.2 - 10.3 - np.hypot(3.4, 0.3)
    assert found["minimal_margin_mm"] == pytest.approx(exact, abs=0.25)
    assert abs(found["minimal_margin_mm"] - exact) < found["error"]["minimal_margin_mm"] < 1.8
    assert found["worst_point_mm"][0] == pytest.approx(-10.3, abs=0.5)
    assert found["worst_direction"].startswith("right of")
    assert found["frame"] == "LPS" and found["achieved"] is False
    assert sum(found["surface_share"].values()) == pytest.approx(1)
    # The zone's radius seen from the target's surface: share of it nearer than 5 mm to the zone's surface.
    along = (13.2**2 - 10.3**2 - 3.4**2 - 0.09) / (2 * 10.3 * np.hypot(3.4, 0.3))
    assert found["surface_share"]["0_to_5"] == pytest.approx((1 - along) / 2, abs=0.02)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_shifted_map_moves_the_margin(grid, ball, save):
    """An error planted on purpose: the zone's grid lies 2 mm off."""
    where, off = grid(), grid((62, 60, 60))
    target = save("t.nii.gz", where, ball(where, 10.3))
    true = save("z.nii.gz", where, ball(where, 17.3))
    moved = save("m.nii.gz", off, ball(off, 17.3, (2, 0, 0)))
    margins = [measure([Source(target)], [Source(zone)]).summary["minimal_margin_mm"] for zone in (true, moved)]
    assert margins[0] - margins[1] == pytest.approx(2, abs=0.25)


def test_several_tumours_and_zones_on_different_grids(grid, ball, save):
    where, fine = grid((80, 50, 50)), grid((110, 70, 70), (0.7, 0.7, 0.7))
    tumours = ball(where, 6, (-20, 0, 0)) | ball(where, 8, (18, 0, 0))
    target = save("t.nii.gz", where, tumours, names=["lesion"])
    zones = [
        save("one.nii.gz", where, ball(where, 12, (-20, 0, 0))),
        save("two.nii.gz", fine, ball(fine, 15, (18, 0, 0))),
    ]
    report = measure([Source(target)], [Source(zone) for zone in zones])
    first, second = report.summary["targets"]
    assert [first["name"], second["name"]] == ["t 1", "t 2"]
    assert first["volume_ml"] > second["volume_ml"]
    assert first["minimal_margin_mm"] == pytest.approx(7, abs=0.4)
    assert second["minimal_margin_mm"] == pytest.approx(6, abs=0.4)
    assert report.summary["minimal_margin_mm"] == second["minimal_margin_mm"]
    assert [zone["name"] for zone in report.summary["zones"]] == ["one", "two"]
    assert sum(zone["volume_ml"] for zone in report.summary["zones"]) == pytest.approx(
        report.summary["zone"]["volume_ml"], rel=0.01
    )


def test_islands_are_left_out_and_told(grid, ball, save):
    where = grid()
    mask = ball(where, 9)
    mask[2:4, 2:4, 2] = True
    found = measure([Source(save("t.nii.gz", where, mask))], [Source(save("z.nii.gz", where, ball(where, 15)))]).summary
    assert len(found["targets"]) == 1 and any("1 islands" in text for text in found["warnings"])


def test_subcapsular_surface_is_left_out(grid, ball, save):
    """The liver's upper face at z = 12 mm, half-way between voxels; its label lacks the tumour, as challenges' do."""
    where = grid()
    z = np.indices(where.shape)[2] - 29.5
    tumour, zone = ball(where, 8, (0, 0, 2)), ball(where, 14, (0, 0, -5))
    liver = (z < 12) & ~tumour
    files = save("t.nii.gz", where, tumour), save("z.nii.gz", where, zone)
    without = measure(*([Source(f)] for f in files)).summary
    organ = save("liver.nii.gz", where, liver)
    found = measure(*([Source(f)] for f in files), Source(organ)).summary
    assert without["minimal_margin_mm"] == pytest.approx(14 - 15, abs=0.3)
    # Nearer than 5 mm to z = 12 is what of the ball lies above 7: a cap 3 mm high.
    assert found["subcapsular"]["excluded_share"] == pytest.approx(3 / 16, abs=0.02)
    assert found["minimal_margin_mm"] == pytest.approx(14 - np.hypot(12, np.sqrt(64 - 5**2)), abs=0.25)
    assert np.isnan(measure(*([Source(f)] for f in files), Source(organ)).targets[0].margins).any()


def test_tumour_outside_the_liver_is_refused(grid, ball, save):
    where = grid()
    target, zone = save("t.nii.gz", where, ball(where, 5, (20, 0, 0))), save("z.nii.gz", where, ball(where, 9))
    liver = save("l.nii.gz", where, ball(where, 10, (-15, 0, 0)))
    with pytest.raises(InputError, match="outside the organ"):
        measure([Source(target)], [Source(zone)], Source(liver))


def test_direction_by_needle_and_vessel(grid, ball, save):
    where = grid()
    target, zone = save("t.nii.gz", where, ball(where, 10)), save("z.nii.gz", where, ball(where, 16, (-3, 0, 0)))
    # Along an axis of the voxels every slice is the same, and 13 % too many voxels lie in a tube of 6 mm: it is tilted.
    along = np.array([0.1, 0.45, 1.0]) / np.linalg.norm([0.1, 0.45, 1.0])

    def from_axis(points):
        return np.linalg.norm(np.cross(points - [18, 0, 0], along), axis=-1)

    vein = save("v.nii.gz", where, from_axis(np.moveaxis(np.indices(where.shape) - 29.5, 0, -1)) < 3)
    needle = Needle(np.array([0, 0, 60e-3]), np.array([0, 0, -12e-3]))
    found = measure([Source(target)], [Source(zone)], needle=needle, vessels=Source(vein)).summary
    words = found["worst_direction"]
    assert words.startswith("left of") and "o'clock" in words
    assert float(words.partition("towards the label 1 (")[2].partition(" mm")[0]) == pytest.approx(
        from_axis(np.array(found["worst_point_mm"])) - 3, abs=0.2
    )


def test_labels_by_name_and_surfaces_mixed(grid, ball, save, tmp_path):
    import pyvista

    where = grid()
    both = save("patient.nrrd", where, ball(where, 25), ball(where, 8), names=["liver", "cancer"])
    pyvista.Sphere(radius=15.0, theta_resolution=90, phi_resolution=90).save(tmp_path / "zone.stl")
    found = measure([Source(both, ("cancer",))], [Source(tmp_path / "zone.stl")], Source(both, ("liver",))).summary
    assert found["name"] == "cancer" and found["minimal_margin_mm"] == pytest.approx(7, abs=0.3)
    assert found["subcapsular"]["excluded_share"] == 0
    with pytest.raises(InputError, match="no label 'tumor'"):
        measure([Source(both, ("tumor",))], [Source(both)])


def test_without_dolfinx(grid, ball, save, tmp_path):
    """``pennes margin`` where DOLFINx, MPI and PETSc cannot be imported; text, JSON, picture."""
    where = grid()
    target, zone = save("t.nii.gz", where, ball(where, 9)), save("z.nii.gz", where, ball(where, 16, (4, 0, 0)))
    program = (
        "import sys\n"
        "for name in ('dolfinx', 'mpi4py', 'petsc4py', 'dolfinx_solver', 'ufl', 'basix'): sys.modules[name] = None\n"
        "from pennes.cli import main; main()"
    )
    words = [sys.executable, "-c", program, "margin", "--target", target, "--zone", zone]
    words += ["--needle-tip", "0,0,-10", "--needle-entry", "0,0,80", "--frame", "RAS"]
    picture = tmp_path / "margins.png"
    done = subprocess.run([*map(str, words), "--json", "--picture", str(picture)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["minimal_margin_mm"] == pytest.approx(3, abs=0.3)
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000
    bad = subprocess.run([*map(str, words[:5]), "absent.nii.gz", "--zone", str(zone)], capture_output=True, text=True)
    assert bad.returncode == 2 and "no such file" in bad.stderr and bad.stderr.count("\n") == 1
