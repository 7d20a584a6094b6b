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
from pennes.risk.fit import NINETY, train
from pennes.units import parse_quantity

HELD_OUT = 0.28
"""Share of the runs that the emulator never sees, but at least ``LEAST_HELD_OUT``, up to ``MOST_HELD_OUT``."""
LEAST_HELD_OUT = 100
MOST_HELD_OUT = 0.4
POINTS = 1024
"""Quasi-random points that are kept; more, or those of another seed, are made when they are asked for."""
EXTRA = 4
"""Numbers of a point besides the inputs: lateral distance, its direction, axial error, the emulator's error."""


def build(folder: Path, seed: int = 1) -> Atlas:
    """Read the runs, hold some out, train on the others, compare. Raises InputError."""
    return make_atlas(read_cohort_runs(folder), seed)


def make_atlas(found: CohortRuns, seed: int = 1) -> Atlas:
    """The atlas of runs that have been read."""
    runs = found.runs
    held = held_out(runs.keys, seed)
    emulator = train(runs.some(np.flatnonzero(~held)), seed=seed)
    predicted = emulator.margins(runs.values)
    names = (*GEOMETRY, *runs.inputs)
    table = {name: runs.values[name] for name in names} | {
        "margin": runs.margins, "held_out": held, "predicted": predicted.mean, "sd": predicted.sd,
        "key": np.array(runs.keys), "case_sha256": np.array(found.case_sha256),
    }  # fmt: skip
    header = _header(found, held, seed) | {"errors": errors(table)}
    inputs = found.inputs
    return Atlas(header, emulator, np.array([given.quantiles for given in inputs]), standard_normal(),
                 sobol(POINTS, len(inputs) + EXTRA, seed), table)  # fmt: skip


def held_out(keys: tuple[str, ...], seed: int) -> np.ndarray:
    """Which runs (n,) are held out: those whose key and ``seed`` have the smallest hashes."""
    count = len(keys)
    wanted = min(max(round(HELD_OUT * count), LEAST_HELD_OUT), int(MOST_HELD_OUT * count))
    order = np.argsort([hashlib.sha256(f"{seed} {key}".encode()).hexdigest() for key in keys])
    held = np.zeros(count, dtype=bool)
    held[order[:wanted]] = True
    return held


def errors(table: dict[str, np.ndarray]) -> dict[str, Any]:
    """What the emulator misses on the runs held out: mm, and the share of margins that 90 % intervals hold."""
    held = table["held_out"]
    error = (table["predicted"] - table["margin"])[held]
    inside = np.abs(error) <= NINETY * table["sd"][held]
    return {
        "runs": int(held.sum()),
        "rmse_mm": float(np.sqrt(np.mean(error**2))),
        "bias_mm": float(np.mean(error)),
        "largest_mm": float(np.abs(error).max()),
        "share_in_90": float(inside.mean()),
    }


def sobol(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Scrambled Sobol' points (count, dimensions)."""
    from scipy.stats import qmc

    return qmc.Sobol(dimensions, rng=seed).random(count)


def _header(found: CohortRuns, held: np.ndarray, seed: int) -> dict[str, Any]:
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
             "base": i.base, "low": i.low, "high": i.high} for i in found.inputs
        ],
        "provenance": {
            "cohort": found.header.get("title"),
            "cohort_file": found.header.get("cohort_file"),
            "definition_sha256": found.header.get("definition_sha256"),
            "base_sha256": found.header["base"].get("sha256"),
            "runs": len(held),
            "left_out": [list(item) for item in found.left_out],
            "versions_of_runs": list(found.versions),
            "version": __version__,
            "date": datetime.now(UTC).date().isoformat(),
            "seed": seed,
        },
    }  # fmt: skip


def _ends(column: np.ndarray) -> list[float]:
    return [float(column.min()), float(column.max())]
