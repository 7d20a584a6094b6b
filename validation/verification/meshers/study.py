"""Three ways to a mesh of the same labels, on random patients: what is lost, how good the cells are, CPU time."""

from __future__ import annotations

import csv
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from others import by_mmg, by_tetgen

from pennes.case import load
from pennes.case.models import Case
from pennes.cli.validate import Figure, StudyResult
from pennes.errors import InputError
from pennes.scene.arrays import MeshArrays, quality
from pennes.scene.label_comparison import (
    LEAST_VESSEL,
    SURFACE_TOLERANCE,
    VESSEL_AREA_TOLERANCE,
    VESSEL_VOLUME_TOLERANCE,
    VOLUME_TOLERANCE,
)
from pennes.scene.label_mesh import WholeMesh, load_label_map, load_label_mesh, whole_mesh
from pennes.scene.names import LabelComparison
from pennes.verification.runs.patients import write_patient

COMMITTED = Path(__file__).with_name("data.csv")
AGAIN, SPACING = (3, 4), 2e-3
"""Seeds that ``run`` makes again, and the voxels (m) of all."""
OURS, OTHERS = "cut and relaxed", {"MMG level sets": by_mmg, "TetGen on surface nets": by_tetgen}
USABLE_RATIO = 0.01
"""Worst radius ratio below which conjugate gradients do not converge in the solver."""
ALLOWED = {"vessel_volume": VESSEL_VOLUME_TOLERANCE, "vessel_area": VESSEL_AREA_TOLERANCE,
           "tumour_volume": VOLUME_TOLERANCE, "tumour_rms_mm": 1e3 * SURFACE_TOLERANCE}  # fmt: skip
COLUMNS = ("seed", "mesher", *ALLOWED, "worst_ratio", "p01_ratio", "vertices", "cpu_s", "problem")


def measure(seed: int, folder: Path) -> list[dict]:
    """Rows, one a mesher, of the patient of a seed."""
    write_patient(seed, folder, spacing=SPACING)
    case = load(folder / f"case_{seed}.yaml")
    case = case.model_copy(update={"body": case.body.model_copy(update={"accept_differences": True})})
    began = time.process_time()
    whole = whole_mesh(case, load_label_map(case))
    shared = time.process_time() - began
    rows = [_row(seed, OURS, _ours, case, 0.0)]
    for name, mesher in OTHERS.items():
        with suppress(ModuleNotFoundError):  # tetgen is no dependency
            rows.append(_row(seed, name, mesher, whole, shared))
    return rows


def _ours(case: Case) -> tuple[MeshArrays, list[LabelComparison]]:
    mesh, names, _, _ = load_label_mesh(case)
    return mesh, list(names.comparison)


def _row(seed: int, name: str, mesher, of: Case | WholeMesh, before: float) -> dict:
    """The row of a mesher that needs ``before`` seconds of what has been done already: reading, cleaning, smooth
    surfaces, box and needle."""
    began = time.process_time() - before
    try:
        mesh, compared = mesher(of)
    except (RuntimeError, InputError) as problem:
        words = str(problem).splitlines()[0]
        return {"seed": seed, "mesher": name, "problem": words, "cpu_s": round(time.process_time() - began, 2)}
    cpu, found = time.process_time() - began, quality(mesh)
    vessels = [label for label in compared if label.kind == "vessel" and label.image_volume > LEAST_VESSEL]
    (tumour,) = (label for label in compared if label.kind == "target")
    rms = float("nan") if tumour.surface_rms is None else 1e3 * tumour.surface_rms
    return {
        "seed": seed, "mesher": name, "problem": "", "cpu_s": round(cpu, 2), "vertices": found.vertices,
        "vessel_volume": _farthest([label.volume_error for label in vessels]),
        "vessel_area": _farthest([label.area_error for label in vessels]),
        "tumour_volume": round(tumour.volume_error, 5), "tumour_rms_mm": round(rms, 4),
        "worst_ratio": float(f"{found.min_radius_ratio:.3g}"), "p01_ratio": round(found.p01_radius_ratio, 4),
    }  # fmt: skip


def _farthest(values: list[float]) -> float:
    return round(max(values, key=abs, default=0.0), 5)


def run(output: Path) -> StudyResult:
    """The committed figures of all patients, and some of these measured again where the other meshers are installed."""
    rows = list(csv.DictReader(COMMITTED.open(encoding="utf-8")))
    again = [row for seed in AGAIN for row in measure(seed, output)]
    figures, lines = [], []
    for which, part in (("committed", rows), ("again", again)):
        mine = [row for row in part if row["mesher"] == OURS]
        figures.append(Figure.near(f"{which}: patients that failed", sum(_failed(r) for r in mine), 0, 0, ""))
        for key, allowed in ALLOWED.items():
            worst = max((abs(float(row[key])) for row in mine if not row["problem"]), default=float("nan"))
            figures.append(Figure.near(f"{which}: {key}, farthest", worst, 0, allowed, ""))
    for name in (OURS, *OTHERS):
        part = [row for row in rows if row["mesher"] == name]
        figures.append(Figure(f"{name}: failed", sum(_failed(row) for row in part), 0, "for information", "", True))
        lines.append(f"{name}: {in_words(part)}")
    return StudyResult("Meshers of label maps", figures, "\n\n".join(lines))


def _failed(row: dict) -> bool:
    """No mesh, one that the solver cannot use, or one that differs from the image by more than is allowed."""
    if row["problem"] or float(row["worst_ratio"]) < USABLE_RATIO:
        return True
    return any(not abs(float(row[key])) <= allowed for key, allowed in ALLOWED.items())


def in_words(rows: list[dict]) -> str:
    """How a mesher did."""
    made = [row for row in rows if not row["problem"]]
    if not made:
        return f"none of {len(rows)} meshed"

    def figures(key: str) -> np.ndarray:
        return np.abs([float(row[key]) for row in made])

    beyond = {key: int((~(figures(key) <= allowed)).sum()) for key, allowed in ALLOWED.items()}

    def spread(key: str, scale: float = 1.0) -> str:
        return f"{scale * np.nanmedian(figures(key)):.3g} and {scale * np.nanmax(figures(key)):.3g}"

    poor = int((figures("worst_ratio") < USABLE_RATIO).sum())
    times = [float(row["cpu_s"]) for row in rows]
    return (
        f"{len(made)} of {len(rows)} meshed. Median and farthest: vessel volume {spread('vessel_volume', 100)} %, wall "
        f"area {spread('vessel_area', 100)} %, tumour volume {spread('tumour_volume', 100)} %, its surface "
        f"{spread('tumour_rms_mm')} mm. Beyond what is allowed: {beyond}. Worst radius ratio "
        f"{figures('worst_ratio').min():.1e}; below {USABLE_RATIO:g} in {poor} meshes. "
        f"{np.median(figures('vertices')):.0f} vertices, {np.median(times):.1f} s of CPU time (farthest "
        f"{max(times):.1f})."
    )
