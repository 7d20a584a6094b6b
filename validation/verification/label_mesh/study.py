"""Random patients meshed and solved: volumes, walls and surfaces beside the image's, quality of cells, CPU time."""

from __future__ import annotations

import csv
import time
from pathlib import Path

from mpi4py import MPI

from pennes import treatment
from pennes.case import load
from pennes.cli.validate import Figure, StudyResult
from pennes.errors import InputError, SolverError
from pennes.scene.label_comparison import (
    LEAST_VESSEL,
    SURFACE_TOLERANCE,
    VESSEL_AREA_TOLERANCE,
    VESSEL_VOLUME_TOLERANCE,
    VOLUME_TOLERANCE,
)
from pennes.scene.label_mesh import load_label_mesh
from pennes.verification.runs.patients import write_patient

COMMITTED = Path(__file__).with_name("data.csv")
AGAIN, SPACING = (3,), 2e-3
"""Seeds that ``run`` makes again, and the voxels (m) of all."""
COLUMNS = (
    "seed", "spacing_mm", "place", "diameter_mm", "label", "voxels_ml", "smooth_ml", "mesh_ml", "volume_error",
    "area_error", "rms_mm", "unmeshed_ml", "vertices", "cells", "worst_ratio", "p01_ratio", "mesh_cpu_s",
    "solve_cpu_s", "residual", "problem",
)  # fmt: skip


def measure(seed: int, folder: Path, spacing: float = 1e-3) -> list[dict]:
    """Rows, one a label, of the patient of a seed, meshed and solved; what cannot be done is a ``problem``.

    ``solve_cpu_s`` is that of a whole run, which meshes again.
    """
    patient = write_patient(seed, folder, spacing=spacing)
    common = {
        "seed": seed, "spacing_mm": 1e3 * spacing, "place": patient.place,
        "diameter_mm": round(1e3 * patient.diameter, 2), "problem": "",
    }  # fmt: skip
    case = load(folder / f"case_{seed}.yaml")
    case = case.model_copy(update={"body": case.body.model_copy(update={"accept_differences": True})})
    began = time.process_time()
    try:
        _, names, quality, _ = load_label_mesh(case)
    except InputError as problem:
        return [common | {"problem": str(problem)}]
    common |= {
        "mesh_cpu_s": round(time.process_time() - began, 1), "vertices": quality.vertices, "cells": quality.cells,
        "worst_ratio": round(quality.min_radius_ratio, 4), "p01_ratio": round(quality.p01_radius_ratio, 3),
    }  # fmt: skip
    began = time.process_time()
    try:
        summary = treatment.run(case, folder / f"result_{seed}", MPI.COMM_SELF)
        common |= {"residual": summary["energy"]["residual_fraction"]}
    except (InputError, SolverError) as problem:
        common |= {"problem": str(problem)}
    common |= {"solve_cpu_s": round(time.process_time() - began, 1)}
    return [
        common
        | {
            "label": found.name, "voxels_ml": round(1e6 * found.voxel_volume, 4),
            "smooth_ml": round(1e6 * found.image_volume, 4), "mesh_ml": round(1e6 * found.mesh_volume, 4),
            "volume_error": round(found.volume_error, 5),
            "area_error": round(found.area_error, 5) if found.kind == "vessel" else "",
            "rms_mm": "" if found.surface_rms is None else round(1e3 * found.surface_rms, 4),
            "unmeshed_ml": round(1e6 * found.unmeshed_volume, 4),
        }
        for found in names.comparison
    ]  # fmt: skip


def run(output: Path) -> StudyResult:
    """The committed figures of all patients, and some of these measured again."""
    rows = list(csv.DictReader(COMMITTED.open(encoding="utf-8")))
    again = [row for seed in AGAIN for row in measure(seed, output, SPACING)]
    figures = [*judge(rows, "committed"), *judge(again, "again")]
    return StudyResult("Meshes of label maps", figures, f"{len({row['seed'] for row in rows})} patients")


def judge(rows: list[dict], which: str) -> list[Figure]:
    """The worst of each figure beside what was asked."""
    meshed = [row for row in rows if not row["problem"]]
    vessels = [row for row in meshed if row["area_error"] != "" and float(row["smooth_ml"]) > 1e6 * LEAST_VESSEL]
    tumours = [row for row in meshed if row["rms_mm"] != ""]

    def worst(part: list[dict], key: str) -> float:
        return max((abs(float(row[key])) for row in part), default=float("nan"))

    voxels = max(abs(float(row["mesh_ml"]) / float(row["voxels_ml"]) - 1) for row in tumours)
    return [
        Figure.near(f"{which}: rows of patients that could not be meshed or solved", len(rows) - len(meshed), 0, 0, ""),
        Figure.near(f"{which}: vessel volume", worst(vessels, "volume_error"), 0, VESSEL_VOLUME_TOLERANCE, ""),
        Figure.near(f"{which}: wall area", worst(vessels, "area_error"), 0, VESSEL_AREA_TOLERANCE, ""),
        Figure.near(f"{which}: tumour volume, smooth", worst(tumours, "volume_error"), 0, VOLUME_TOLERANCE, ""),
        Figure.near(f"{which}: tumour volume, voxels", voxels, 0, VOLUME_TOLERANCE, ""),
        Figure.near(f"{which}: tumour surface", worst(tumours, "rms_mm"), 0, 1e3 * SURFACE_TOLERANCE, "mm"),
        Figure.near(f"{which}: worst cell (1 - ratio)", 1 - min(float(r["worst_ratio"]) for r in meshed), 0, 0.97, ""),
    ]
