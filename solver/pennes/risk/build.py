"""``pennes risk --build``: from a cohort's folder to the atlas of its device."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pennes import __version__
from pennes.risk.atlas import SCHEMA, Atlas
from pennes.risk.cohort import CohortRuns, read_cohort_runs
from pennes.risk.distributions import standard_normal
from pennes.risk.features import GEOMETRY
from pennes.risk.fit import NINETY, Runs, train
from pennes.units import parse_quantity

FOLDS = 5
"""Each run is predicted by an emulator that was made of the other four fifths."""
POINTS = 1024
"""Quasi-random points that are kept; more, or those of another seed, are made when they are asked for."""
EXTRA = 4
"""Numbers of a point besides the inputs: lateral distance, its direction, axial error, the emulator's error."""


def build(folder: Path, seed: int = 1) -> Atlas:
    """Read the runs, predict each by an emulator that never saw it, make that of all. Raises InputError."""
    return make_atlas(read_cohort_runs(folder), seed)


def make_atlas(found: CohortRuns, seed: int = 1) -> Atlas:
    """The atlas of runs that have been read."""
    runs = found.runs
    fold = folds(runs.keys, seed)
    mean, sd = predicted_unseen(runs, fold, seed)
    emulator = train(runs, seed=seed)
    names = (*GEOMETRY, *runs.inputs)
    table = {name: runs.values[name] for name in names} | {
        "margin": runs.margins, "fold": fold, "predicted": mean, "sd": sd,
        "key": np.array(runs.keys), "case_sha256": np.array(found.case_sha256),
    }  # fmt: skip
    header = _header(found, seed) | {"errors": errors(mean, sd, runs.margins)}
    inputs = found.inputs
    return Atlas(header, emulator, np.array([given.quantiles for given in inputs]), standard_normal(),
                 sobol(POINTS, len(inputs) + EXTRA, seed), table)  # fmt: skip


def folds(keys: tuple[str, ...], seed: int) -> np.ndarray:
    """Fold (n,) of each run, 0 to 4: by the order of the hashes of ``seed`` and key."""
    order = np.argsort([hashlib.sha256(f"{seed} {key}".encode()).hexdigest() for key in keys])
    fold = np.empty(len(keys), dtype=np.int64)
    fold[order] = np.arange(len(keys)) % FOLDS
    return fold


def predicted_unseen(runs: Runs, fold: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Margins (n,) and their errors (n,) in mm, of each run by an emulator made without its fold, hyperparameters and
    calibration included."""
    mean, sd = np.empty(len(runs)), np.empty(len(runs))
    for number in range(FOLDS):
        out = np.flatnonzero(fold == number)
        found = train(runs.some(np.flatnonzero(fold != number)), seed=seed).margins(runs.some(out).values)
        mean[out], sd[out] = found.mean, found.sd
    return mean, sd


def errors(mean: np.ndarray, sd: np.ndarray, margins: np.ndarray) -> dict[str, Any]:
    """What predictions (n,) of runs not seen miss: mm, and the share of margins that 90 % intervals hold."""
    error = mean - margins
    return {
        "runs": len(error),
        "rmse_mm": float(np.sqrt(np.mean(error**2))),
        "bias_mm": float(np.mean(error)),
        "largest_mm": float(np.abs(error).max()),
        "share_in_90": float(np.mean(np.abs(error) <= NINETY * sd)),
    }


def sobol(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Scrambled Sobol' points (count, dimensions)."""
    from scipy.stats import qmc

    return qmc.Sobol(dimensions, rng=seed).random(count)


def _header(found: CohortRuns, seed: int) -> dict[str, Any]:
    base, values = found.base, found.runs.values
    needle, protocol = base["applicators"][0], base["protocol"]
    present = values["vessel_radius"] > 0
    distance = (values["gap"] - values["x"] - values["target_radius"])[present]
    return {
        "schema": SCHEMA,
        "device": needle["device"]["name"],
        "device_title": needle["device"]["title"],
        "protocol": protocol["name"],
        "duration_s": parse_quantity(protocol["duration"], "s", "12 min"),
        "power_w": parse_quantity(protocol["set_power"], "W", "200 W"),
        "criterion": base["death"]["criterion"],
        "aim_mm": found.aim,
        "ranges": {
            "tumour_mm": _ends(2 * values["target_radius"]),
            "vessel_mm": _ends(2 * values["vessel_radius"][present]),
            "distance_mm": _ends(distance),
            "duration_s": _ends(values["duration"]),
            "power_w": _ends(values["power"]),
        },
        "without_vessel": int((~present).sum()),
        "inputs": [
            {"name": i.property.name, "title": i.property.title, "group": i.property.group, "unit": i.property.unit,
             "base": i.base, "low": i.low, "high": i.high, "path": list(i.property.path)} for i in found.inputs
        ],
        "provenance": {
            "cohort": found.header.get("title"),
            "cohort_file": found.header.get("cohort_file"),
            "definition_sha256": found.header.get("definition_sha256"),
            "base_sha256": found.header["base"].get("sha256"),
            "runs": len(found.runs),
            "left_out": [list(item) for item in found.left_out],
            "versions_of_runs": list(found.versions),
            "version": __version__,
            "date": datetime.now(UTC).date().isoformat(),
            "seed": seed,
        },
    }  # fmt: skip


def _ends(column: np.ndarray) -> list[float]:
    return [float(column.min()), float(column.max())]
