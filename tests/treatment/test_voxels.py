"""A short run on a label map: what comes back lies on the patient's voxels."""

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from mpi4py import MPI

from pennes import treatment
from pennes.imaging import read_label_map

sys.path.insert(0, str(Path(__file__).parents[1] / "scene"))
from test_label_mesh import CENTRE, write_case, write_patient


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patient")
    grid = write_patient(folder)
    case = write_case(folder)
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
