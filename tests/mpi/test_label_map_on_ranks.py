"""A patient's label map whose vein has a branch too thin for the mesh: the same on 1, 2 and 3 ranks."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pennes.imaging import Grid, LabelMap, write_image
from quick_case import complete, margin

CASE = """\
title: A vein with a thin branch, as labels
body:
  labels: patient.nrrd
  tissue: liver
  margin: 16 mm
  vessels: [{label: vein, diameter: 6 mm, speed: 12 cm/s}]
targets:
  - {name: tumour, shape: region, region: lesion, tissue: colorectal_metastasis, margin: 5 mm}
applicators:
  - {name: needle, device: cooled_tip_2cm, tip: [0 mm, 0 mm, -8 mm], entry: [0 mm, 0 mm, 60 mm]}
protocol: {mode: constant_power, set_power: 35 W, duration: 25 s}
accuracy: screening
output: {report: false}
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patient")
    affine = np.eye(4)
    affine[:3, :3] *= 1.2
    affine[:3, 3] = -1.2 * 39.5
    grid = Grid.from_lps_mm((80, 80, 80), affine)
    x, y, z = 1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T).T
    labels = np.ones(len(x), dtype=np.uint8)
    labels[np.hypot(y - 14, z) < 3] = 3
    labels[(np.hypot(x - 8.5, (y - 14 - z) / np.sqrt(2.0)) < 1.2) & (z < 0)] = 3
    labels[np.sqrt(x**2 + y**2 + z**2) < 7] = 2
    write_image(
        folder / "patient.nrrd", LabelMap(grid, labels.reshape(grid.shape), {1: "liver", 2: "lesion", 3: "vein"})
    )
    (folder / "case.yaml").write_text(CASE)
    return folder / "case.yaml"


def heats(summary) -> dict[str, float]:
    return {vessel["name"]: vessel["heat_removed_j"] for vessel in summary["vessels"]}


def test_the_thin_branch_cools_the_same_on_every_number_of_ranks(case, tmp_path):
    alone = complete(case, tmp_path / "one", None)
    found = heats(alone)
    assert set(found) == {"vein", "vein (thin branches)"} and min(found.values()) > 1.0
    assert alone["energy"]["residual_fraction"] < 1e-3
    for ranks in (2, 3):
        several = complete(case, tmp_path / str(ranks), ranks)
        assert heats(several) == pytest.approx(found, rel=1e-4)
        assert several["zone"]["volume_ml"] == pytest.approx(alone["zone"]["volume_ml"], rel=1e-4)
        assert margin(several) == pytest.approx(margin(alone), abs=1e-3)
    assert json.loads((tmp_path / "3" / "summary.json").read_text())["provenance"]["ranks"] == 3
