"""The parametric demo rebuilt as a label map of 1 mm voxels: the same minimal margin?"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from mpi4py import MPI
from scipy.spatial.transform import Rotation

from pennes import treatment
from pennes.case import load
from pennes.cli.validate import Figure, StudyResult
from pennes.imaging import Grid, LabelMap, write_image

DEMO = Path(__file__).parents[3] / "configs" / "cases" / "rfa_perivascular.yaml"
AS_LABELS = """\
title: The demo as a label map
body:
  labels: demo.nrrd
  tissue: liver
  margin: 37 mm
  vessels: [{label: hepatic vein, diameter: 6 mm, speed: 20 cm/s}]
targets:
  - {name: metastasis, shape: region, region: metastasis, tissue: colorectal_metastasis, margin: 5 mm}
applicators:
  - {name: needle, device: cooled_tip_3cm, tip: [0 mm, 0 mm, -15 mm], direction: [0, 0, -1]}
protocol: standard_12min
death: {criterion: arrhenius}
accuracy: ACCURACY
output: {every: 30 s, report: false}
"""
VOXELS, SPACING = 136, 1e-3
TILT = (7, -4, 11)
"""Degrees: no surface runs along the voxels."""
ALLOWED = 0.5


def write_labels(folder: Path, accuracy: str) -> Path:
    """The ball of 25 mm and the vein of 6 mm at (y, z) = (20.5, 0) mm as voxels of a turned grid, and the case."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", TILT, degrees=True).as_matrix() * 1e3 * SPACING
    affine[:3, 3] = -affine[:3, :3] @ np.full(3, (VOXELS - 1) / 2 + 0.3)
    grid = Grid.from_lps_mm((VOXELS,) * 3, affine)
    x, y, z = 1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T).T
    labels = np.ones(len(x), dtype=np.uint8)
    labels[np.hypot(y - 20.5, z) < 3] = 3
    labels[np.sqrt(x**2 + y**2 + z**2) < 12.5] = 2
    names = {1: "liver", 2: "metastasis", 3: "hepatic vein"}
    write_image(folder / "demo.nrrd", LabelMap(grid, labels.reshape(grid.shape), names))
    (folder / "case.yaml").write_text(AS_LABELS.replace("ACCURACY", accuracy))
    return folder / "case.yaml"


def compare(accuracy: str) -> tuple[dict, dict]:
    """Summaries of the demo with solids and with labels."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        solids = load(DEMO, ("output.report=false", f"accuracy={accuracy}"))
        first = treatment.run(solids, place / "solids", MPI.COMM_WORLD)
        return first, treatment.run(load(write_labels(place, accuracy)), place / "labels", MPI.COMM_WORLD)


def run(output: Path, accuracies: tuple[str, ...] = ("screening", "default")) -> StudyResult:
    """Minimal margins and volumes of both, at each accuracy."""
    figures, rows = [], ["| accuracy | scene | vertices | minimal margin, mm | zone, ml |", "|---|---|---|---|---|"]
    for accuracy in accuracies:
        pair = compare(accuracy)
        margins = [summary["targets"][0]["minimal_margin_mm"] for summary in pair]
        for name, summary, margin in zip(("solids", "label map"), pair, margins, strict=True):
            vertices, zone = summary["mesh"]["vertices"], summary["zone"]["volume_ml"]
            rows.append(f"| {accuracy} | {name} | {vertices} | {margin:.2f} | {zone:.2f} |")
        figures.append(
            Figure.near(f"{accuracy}: minimal margin, labels v. solids", margins[1], margins[0], ALLOWED, "mm")
        )
    table = "\n".join(rows)
    print(table)
    return StudyResult("The demo as a label map", figures, table)
