"""What the screening accuracy costs in margin and saves in time, on a sample of a cohort's cases."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from pennes.cli.validate import Figure, StudyResult
from pennes.ensemble import CohortFolder, collect, run_cohort
from pennes.ensemble.supervisor import cores

COHORTS = Path(__file__).parents[3] / "configs" / "cohorts"
COHORT, SIZE = "rfa_uncertainty.yaml", 16
MARGIN, VOLUME = "targets.metastasis.minimal_margin_mm", "zone.volume_ml"


def run(output: Path) -> StudyResult:
    """The same cases at screening and at default accuracy."""
    screening, quick = sample(output, "screening")
    default, slow = sample(output, "default")
    error = np.array([screening[case][MARGIN] - default[case][MARGIN] for case in default])
    volume = np.array([screening[case][VOLUME] / default[case][VOLUME] - 1.0 for case in default])
    figures = [
        Figure("cases", len(error), SIZE, "all", "", len(error) == SIZE),
        Figure.near("margin, screening less default: farthest", float(error[np.abs(error).argmax()]), 0.0, 0.5, "mm"),
        Figure.near("margin, screening less default: mean", float(error.mean()), 0.0, 0.25, "mm"),
        Figure.near("volume, screening over default: farthest", float(volume[np.abs(volume).argmax()]), 0.0, 0.1, ""),
        Figure("screening: cases an hour", quick.rate, 300.0, ">= 300", "1/h", quick.rate >= 300.0),
        Figure("default: cases an hour", slow.rate, "for information", "", "1/h", True),
        Figure("screening: overhead of the cohort", quick.overhead, 0.0, "<= 0.03", "", quick.overhead <= 0.03),
    ]
    notes = (
        f"{cores()} cores. CPU time of a case: {quick.cpu:.1f} s at screening, {slow.cpu:.1f} s at default accuracy. Root "
        f"mean square of the margins' difference {np.sqrt(np.mean(error**2)):.2f} mm. Overhead: the share of the cores' "
        f"time, from the first case's start to the last one's end, in which no case was at work."
    )
    return StudyResult("Screening accuracy and throughput", figures, notes)


class Pace:
    """How fast a cohort went."""

    def __init__(self, rows: list[dict], wall: float) -> None:
        began, ended = (np.array([row[f"run.{word}"] for row in rows]) for word in ("started", "ended"))
        busy = float(np.sum(ended - began))
        self.rate = 3600.0 * len(rows) / wall
        self.cpu = float(np.median([row["run.cpu_s"] for row in rows]))
        # A core that has no case left is no overhead.
        idle = sum(ended.max() - time for time in sorted(ended)[-cores() :])
        self.overhead = 1.0 - busy / (cores() * (ended.max() - began.min()) - idle)


def sample(output: Path, accuracy: str) -> tuple[dict[int, dict], Pace]:
    """Rows of the table by the case's number, and the pace."""
    yaml = YAML()
    cohort = yaml.load((COHORTS / COHORT).read_text(encoding="utf-8"))
    cohort["base"] = str((COHORTS / cohort["base"]).resolve())
    cohort["accuracy"], cohort["design"]["size"] = accuracy, SIZE
    file = output / f"{accuracy}.yaml"
    with file.open("w", encoding="utf-8") as stream:
        yaml.dump(cohort, stream)
    folder = CohortFolder(output / accuracy)
    before = time.perf_counter()
    run_cohort(file, folder.path)
    wall = time.perf_counter() - before
    columns = collect(folder).columns
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    done = [row for row in rows if row["state"] == "done"]
    return {row["case"]: row for row in done}, Pace(done, wall)
