"""What every vessel costs: the same treatment again with that vessel's cooling off, and the margin that this gains."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from mpi4py import MPI

from pennes.case.models import Case
from pennes.treatment.run import run

LEAST_HEAT = 1.0
"""A vessel or branch that took less heat than this (J) is not run again."""


def vessel_costs(
    case: Case, summary: dict, comm: MPI.Intracomm, *, branches: int, say: Callable[[str], None] = lambda text: None
) -> dict:
    """Paired runs of ``case``, whose run gave ``summary`` (collective).

    Every vessel is switched off in turn, and the ``branches`` branches that took most heat of vessels that have
    several. Returns what vessel_costs.json holds: for each, by target, the margin in mm with and without its cooling
    and their difference, and the zone's volumes. The mesh is the same in all runs.
    """
    found = []
    for vessel, branch in _switched_off(summary, branches):
        say(vessel["name"] if branch is None else f"{vessel['name']}, branch {branch['name']}")
        there = next(v for v in case.vessels if v.name == vessel["name"])
        off = {"cooling": False} if branch is None else {"without": (*there.without, branch["number"])}
        vessels = tuple(v.model_copy(update=off) if v is there else v for v in case.vessels)
        output = case.output.model_copy(update={"report": False})
        paired = _run_aside(case.model_copy(update={"vessels": vessels, "output": output}), comm)
        found.append(_cost(summary, paired, vessel, branch))
    return {
        "zone_volume_ml": summary["zone"]["volume_ml"],
        "minimal_margin_mm": _margins(summary),
        "costs": sorted(found, key=lambda entry: -(_worst(entry) or 0.0)),
    }


def _switched_off(summary: dict, branches: int) -> list[tuple[dict, dict | None]]:
    """Vessels, then single branches (second of the pair)."""
    cooling = [vessel for vessel in summary["vessels"] if vessel["heat_removed_j"] > LEAST_HEAT]
    single = [(vessel, branch) for vessel in cooling for branch in vessel["branches"] if len(vessel["branches"]) > 1]
    single = [pair for pair in single if pair[1]["heat_removed_j"] > LEAST_HEAT]
    single.sort(key=lambda pair: -pair[1]["heat_removed_j"])
    return [*((vessel, None) for vessel in cooling), *single[:branches]]


def _run_aside(case: Case, comm: MPI.Intracomm) -> dict:
    """The summary of a run whose folder is not kept."""
    place = comm.bcast(tempfile.mkdtemp(prefix="pennes-paired-") if comm.rank == 0 else None)
    try:
        return run(case, Path(place) / "result", comm)
    finally:
        if comm.rank == 0:
            shutil.rmtree(place, ignore_errors=True)


def _cost(summary: dict, paired: dict, vessel: dict, branch: dict | None) -> dict:
    taken = vessel if branch is None else branch
    on, off = _margins(summary), _margins(paired)
    return {
        "vessel": vessel["name"],
        "branch": None if branch is None else branch["number"],
        "diameter_mm": None if branch is None else branch["diameter_mm"],
        "cooling_power_w": taken["cooling_power_w"],
        "heat_removed_j": taken["heat_removed_j"],
        "margin_without_mm": off,
        "margin_cost_mm": {
            name: None if on[name] is None or off[name] is None else off[name] - on[name] for name in on
        },
        "volume_without_ml": paired["zone"]["volume_ml"],
        "volume_cost_ml": paired["zone"]["volume_ml"] - summary["zone"]["volume_ml"],
    }


def _margins(summary: dict) -> dict[str, float | None]:
    return {target["name"]: target["minimal_margin_mm"] for target in summary["targets"]}


def _worst(entry: dict) -> float | None:
    return max((cost for cost in entry["margin_cost_mm"].values() if cost is not None), default=None)
