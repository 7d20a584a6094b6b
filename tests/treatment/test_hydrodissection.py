"""A plan that puts fluid between the lesion and the bowel: what the bowel is spared."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from pennes import treatment
from pennes.case import load
from pennes.imaging import Grid, LabelMap, write_image

CASE = """\
title: A colon beside a lesion
body:
  labels: patient.nrrd
  tissue: liver
  margin: 14 mm
LAYER
targets:
  - {name: tumour, shape: region, region: lesion, tissue: colorectal_metastasis, margin: 5 mm}
organs:
  - {name: colon, shape: region, region: colon}
applicators:
  - {name: needle, device: cooled_tip_2cm, tip: [0 mm, 0 mm, -8 mm], entry: [0 mm, 0 mm, 60 mm]}
protocol: {mode: constant_power, set_power: 40 W, duration: 120 s, cool_down: 20 s}
accuracy: screening
output: {report: false}
"""
FLUID = """\
  hydrodissection: [{organ: colon, thickness: 6 mm}]
  tissues: {hydrodissection: dextrose_5_percent}
"""


def treated(folder, layer: str) -> dict:
    folder.mkdir()
    affine = np.diag([1.2, 1.2, 1.2, 1.0])
    affine[:3, 3] = -1.2 * 31.5
    grid = Grid.from_lps_mm((64, 64, 64), affine)
    x, y, z = 1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T).T
    labels = np.ones(len(x), dtype=np.uint8)
    labels[x > 9.5] = 3
    labels[np.sqrt(x**2 + y**2 + z**2) < 6] = 2
    names = {1: "liver", 2: "lesion", 3: "colon"}
    write_image(folder / "patient.nrrd", LabelMap(grid, labels.reshape(grid.shape), names))
    (folder / "case.yaml").write_text(CASE.replace("LAYER\n", layer))
    return treatment.run(load(folder / "case.yaml"), folder / "result", MPI.COMM_SELF)


def test_a_layer_of_dextrose_spares_the_bowel(tmp_path):
    touching, apart = treated(tmp_path / "touching", ""), treated(tmp_path / "apart", FLUID)
    (beside,), (spared,) = touching["organs"], apart["organs"]
    assert beside["max_c"] > 70.0 and beside["max_arrhenius"] > 1.0
    assert spared["max_c"] < 45.0 and spared["max_arrhenius"] < 0.01
    for summary in (touching, apart):
        assert summary["energy"]["residual_fraction"] < 1e-3
    # The lesion's zone is there still.
    assert apart["zone"]["volume_ml"] == pytest.approx(touching["zone"]["volume_ml"], rel=0.2)
