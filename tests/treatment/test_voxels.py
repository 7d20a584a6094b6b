"""A short run on a label map: what comes back lies on the patient's voxels."""

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from mpi4py import MPI

from dicom_images import write_series
from pennes import treatment
from pennes.assessment import criteria
from pennes.errors import InputError
from pennes.imaging import Grid, read_label_map
from pennes.report import write_report

sys.path.insert(0, str(Path(__file__).parents[1] / "scene"))
from test_label_mesh import CENTRE, write_case, write_patient


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patient")
    grid = write_patient(folder)
    write_series(folder / "series", grid)
    case = write_case(folder, **{"patient.nrrd": "patient.nrrd\n  reference: series"})
    return grid, folder / "result", treatment.run(case, folder / "result", MPI.COMM_WORLD)


def test_zone_lies_on_the_patients_voxels(ran):
    grid, folder, summary = ran
    zone = read_label_map(folder / "zone.nii.gz")
    assert zone.grid.same_as(grid)
    volume = 1e6 * np.count_nonzero(zone.labels) * grid.voxel_volume
    # Voxels count the needle inside the zone too.
    assert volume == pytest.approx(summary["zone"]["volume_ml"], rel=0.15)
    middle = 1e3 * grid.points(np.argwhere(zone.labels)).mean(axis=0) - CENTRE
    assert np.hypot(*middle[:2]) < 1.0 and -8 < middle[2] < 12


def test_images_agree_with_the_summary(ran):
    _, folder, summary = ran
    fields = {
        name: sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{name}.nii.gz"))).transpose(2, 1, 0)
        for name in ("margin", "temperature_max", "cem43", "zone")
    }
    known = np.isfinite(fields["temperature_max"])
    assert 60 < np.nanmax(fields["temperature_max"]) <= summary["temperature"]["max_c"] + 0.1
    assert (fields["cem43"][known & (fields["temperature_max"] > 60)] > 1).all()
    margin = fields["margin"]
    there = np.isfinite(margin)
    assert ((margin[there] > 0) == (fields["zone"][there] > 0)).all()


def test_summary_compares_labels_and_reports_organs(ran):
    _, _, summary = ran
    labels = {entry["name"]: entry for entry in summary["labels"]}
    assert labels["lesion"]["surface_rms_mm"] < 0.3 and labels["portal vein"]["mesh_volume_ml"] > 0
    assert [vessel["name"] for vessel in summary["vessels"]] == ["portal vein"]
    assert summary["vessels"][0]["heat_removed_j"] > 0
    (organ,) = summary["organs"]
    assert organ["name"] == "duct" and organ["max_c"] > 36.9 and organ["max_arrhenius"] >= 0
    assert summary["energy"]["residual_fraction"] < 1e-3


def dicom_places(path):
    """Centres (n, 3), mm LPS, of all voxels that a DICOM segmentation holds, from its tags alone."""
    seg = pydicom.dcmread(path)
    shared, frames = seg.SharedFunctionalGroupsSequence[0], seg.PerFrameFunctionalGroupsSequence
    down, across = (float(x) for x in shared.PixelMeasuresSequence[0].PixelSpacing)
    turn = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
    found = []
    for pixels, frame in zip(np.atleast_3d(seg.pixel_array), frames, strict=True):
        row, column = np.nonzero(pixels)
        corner = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        found.append(corner + np.outer(column * across, turn[0]) + np.outer(row * down, turn[1]))
    return np.concatenate(found)


def test_the_zone_as_dicom_lies_where_the_nifti_and_the_needle_are(ran):
    grid, folder, _ = ran
    image = sitk.ReadImage(str(folder / "zone.nii.gz"))
    index = np.argwhere(sitk.GetArrayFromImage(image) > 0)[:, ::-1].tolist()
    written = np.array([image.TransformIndexToPhysicalPoint(one) for one in index])
    places = dicom_places(folder / "zone.dcm")
    assert len(places) == len(written) > 1000

    def in_order(points):
        return points[np.lexsort(np.round(points, 1).T)]

    np.testing.assert_allclose(in_order(places), in_order(written), atol=0.02)
    # The middle of the electrode, 20 mm long from the tip at (0, 0, -8), is in the zone in both.
    middle = CENTRE + np.array([0, 0, 2])
    for points in (places, written):
        assert np.linalg.norm(points - middle, axis=1).min() < 1e3 * grid.spacing.max()
    # Planted: a slice too far is seen.
    assert np.abs(in_order(places + 1e3 * grid.directions[:, 2] * grid.spacing[2]) - in_order(written)).max() > 1
    # The series that the segmentation refers to.
    (other,) = pydicom.dcmread(folder / "zone.dcm").ReferencedSeriesSequence
    series = pydicom.dcmread(next((folder.parent / "series").iterdir()), stop_before_pixels=True)
    assert other.SeriesInstanceUID == series.SeriesInstanceUID


def test_the_hottest_voxel_is_beside_the_needle(ran):
    _, folder, _ = ran
    image = sitk.ReadImage(str(folder / "temperature_max.nii.gz"))
    values = np.nan_to_num(sitk.GetArrayFromImage(image))
    k, j, i = np.unravel_index(values.argmax(), values.shape)
    place = np.array(image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))) - CENTRE
    assert np.hypot(*place[:2]) < 4 and -10 < place[2] < 14


def test_every_published_criterion_is_in_the_summary(ran):
    _, _, summary = ran
    rules = {(rule["source"], rule["quantity"], rule["comparison"]): rule for rule in summary["ablatability"]}
    assert len(summary["ablatability"]) == len(criteria())
    assert all(rule["measured"] is not None or rule["remark"] for rule in summary["ablatability"])
    margin = rules["COLLISION 2024", "minimal_ablative_margin", ">"]
    assert margin["measured"] == pytest.approx(summary["targets"][0]["minimal_margin_mm"])
    assert margin["state"] == "needs attention"
    diameter = rules["COLLISION 2024", "tumour_diameter", "<="]
    assert diameter["state"] == "met" and diameter["measured"] == pytest.approx(16, abs=0.6)
    # The duct's axis is 13.3 mm from the tumour's centre.
    duct = rules["surgical series 2015", "distance_to_central_bile_duct", ">="]
    assert duct["measured"] == pytest.approx(np.hypot(13, 3) - 0.7 - 8, abs=1.0) and duct["state"] == "not met"
    assert rules["COLLISION 2024", "distance_to_bowel", ">="]["state"] == "not assessable"
    ablated = rules["surgical series 2015", "ablated_parenchyma", "<="]
    assert 0 < ablated["measured"] < 5
    remnant = rules["COLLISION 2024", "future_liver_remnant", ">"]
    assert remnant["measured"] == pytest.approx(100 - ablated["measured"])


def test_the_needles_channel_is_no_surface_of_the_tumour(ran):
    """A ball of 8 mm, and the needle's metal in it from the tip on its lower pole to the upper one."""
    import pyvista

    from pennes.margin import read_surface

    _, folder, summary = ran
    painted = pyvista.read(folder / "target.vtp")
    known = np.isfinite(painted.point_data["margin_mm"])
    radius = np.linalg.norm(np.asarray(painted.points) - CENTRE, axis=1)
    assert radius[known].min() > 7.2 and known.mean() > 0.95
    surface = read_surface(folder / "target.vtp")
    assert surface.is_closed and 1e6 * surface.area == pytest.approx(4 * np.pi * 8**2, rel=0.05)
    # In a short treatment the margin is nowhere as large as the depth of the channel.
    assert summary["targets"][0]["surface_share"]["above_10"] == 0


def test_vessels_are_drawn_where_their_labels_are(ran):
    import pyvista

    _, folder, summary = ran
    drawn = pyvista.read(folder / "vessels.vtp")
    _, y, z = (np.asarray(drawn.points) - CENTRE).T
    radius = np.hypot(y - 14, z)
    assert np.median(radius) == pytest.approx(3, abs=0.1) and np.abs(radius - 3).max() < 1.0
    heat = summary["vessels"][0]["heat_removed_j"]
    assert drawn.point_data["heat_removed_j"] == pytest.approx(heat)


def test_the_report_has_organs_criteria_and_painted_margins(ran):
    _, folder, _ = ran
    page = write_report(folder).read_text()
    for words in ("Ablatability", "COLLISION 2024", "not assessable", "Structures at risk", "largest Arrhenius damage"):
        assert words in page


def test_a_series_of_another_place_is_refused_before_the_run(tmp_path):
    grid = write_patient(tmp_path)
    affine = grid.lps_mm
    affine[:3, 3] += 0.5
    write_series(tmp_path / "series", Grid.from_lps_mm((80, 80, 3), affine))
    case = write_case(tmp_path, **{"patient.nrrd": "patient.nrrd\n  reference: series"})
    with pytest.raises(InputError, match="not those of this series") as refused:
        treatment.run(case, tmp_path / "result", MPI.COMM_WORLD)
    assert refused.value.key == "body.reference" and not (tmp_path / "result").exists()


def test_turned_voxels_are_the_same_lattice(tmp_path):
    from pennes.imaging.resample import on_lattice

    grid = write_patient(tmp_path)
    affine = grid.lps_mm
    affine[:3, 3] += affine[:3, 1] * (grid.shape[1] - 1)
    affine[:3, 1] *= -1
    turned = Grid.from_lps_mm(grid.shape, affine)
    assert on_lattice(turned, grid) and on_lattice(grid.cropped([3, 4, 5], [50, 60, 70]), turned)
    assert not on_lattice(grid, grid.cropped([3, 4, 5], [50, 60, 70]))
