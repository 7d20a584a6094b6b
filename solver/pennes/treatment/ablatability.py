"""Published criteria of ablatability, held against a plan on a label map."""

# Imaging libraries are an extra, and meshing of label maps is only loaded by cases that need it: imported where used.
from __future__ import annotations

from pathlib import Path
from typing import Any

from mpi4py import MPI

from pennes.case.models import Case
from pennes.errors import InputError
from pennes.imaging import Grid, LabelMap
from pennes.result.collective import on_root


def ablatability_blocks(case: Case, comm: MPI.Comm, zone: LabelMap | None, margins_mm: list[float | None]) -> list:
    """The summary's ``ablatability`` (collective): every criterion for the targets, the ``zone`` of rank 0 and the
    smallest margins of the targets (mm, None: no zone)."""
    return on_root(comm, lambda: _blocks(case, zone, margins_mm), Path(case.body.labels), "read")


def _blocks(case: Case, zone: LabelMap | None, margins_mm: list[float | None]) -> list[dict[str, Any]]:
    from pennes.assessment import assess
    from pennes.assessment.criteria import Measured
    from pennes.scene.label_mesh import load_label_map

    patient = load_label_map(case)
    # The mesh and its target's surface follow the voxels: half of one is what the target may be off.
    error = 0.5e3 * float((patient.grid.spacing**2).sum() ** 0.5)
    if any(margin is None for margin in margins_mm):
        zone, margin = None, Measured(None, remark="no tissue died: there is no ablation zone")
    else:
        margin = Measured(min(margins_mm), error, "smallest of all targets, of the simulated zone")
    labels = [target.geometry.region for target in case.targets]
    return [judgement.plain() for judgement in assess(patient, zone, labels, margin)]


def refuse_other_series(case: Case, comm: MPI.Comm, grid: Grid) -> None:
    """Raises InputError, before anything is simulated, where the zone could not be written for the case's series
    (collective)."""
    series = case.body.reference
    if series is not None:
        on_root(comm, lambda: _refuse_other_series(Path(series), grid), Path(series), "read")


def _refuse_other_series(folder: Path, grid: Grid) -> None:
    from pennes.imaging.dicom_series import read_series
    from pennes.imaging.resample import on_lattice

    if not on_lattice(grid, read_series(folder).grid):
        raise InputError(
            "the voxels of the label map are not those of this series",
            file=folder,
            key="body.reference",
            expected="the series that the label map was drawn on",
        )
