"""Reads the runs of a cohort's folder: what differs between them, their zones and margins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pennes.errors import InputError
from pennes.risk.distributions import CELL_DEATH, SPEED, quantiles
from pennes.risk.extract import Place, place, read_result, see_zone
from pennes.risk.features import ALONG_VESSEL, GEOMETRY
from pennes.risk.fit import Runs
from pennes.units import parse_quantity

if TYPE_CHECKING:
    from pennes.risk.atlas import Atlas

SAME = 0.9999
"""Correlation of two inputs' logarithms from which they count as one."""
VARIES = 1e-6
PERFUSION, TISSUE = "perfusion", "tissue"


@dataclass(frozen=True)
class Property:
    """A property that may differ between runs."""

    name: str
    title: str
    group: str
    unit: str
    path: tuple[str | int, ...]


@dataclass(frozen=True)
class Input:
    """A property that does differ."""

    property: Property
    base: float
    """Value of the base case, in the property's unit."""
    quantiles: np.ndarray
    """Factors on it at equal steps of the probability, by the distribution of its record."""
    low: float
    high: float
    """Range of the factors that were simulated."""


@dataclass(frozen=True)
class CohortRuns:
    """All that is read of a cohort."""

    runs: Runs
    inputs: tuple[Input, ...]
    base: dict[str, Any]
    """The resolved base case."""
    aim: float
    """How far (mm) behind the needle's tip the target's centre lies as planned."""
    header: dict[str, Any]
    """``cohort.json``"""
    case_sha256: tuple[str, ...]
    versions: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    """Keys of runs that cannot be used, and why."""


def read_cohort_runs(folder: Path) -> CohortRuns:
    """Read a cohort's ``folder``, run with ``keep: all``. Raises InputError where it is none or has no runs."""
    header = _header(folder)
    base = _yaml(folder / header["base"]["file"])
    aim = _aim(base)
    found, left_out = [], []
    for summary_file in sorted((folder / "cases").glob("*/*/summary.json")):
        key = summary_file.parent.name
        case, summary, surface = read_result(summary_file.parent)
        where = place(case, aim)
        zone = see_zone(surface, where)
        if zone is None:
            left_out.append((key, "the zone does not hold the middle of what heats"))
            continue
        margin = summary["targets"][0]["minimal_margin_mm"]
        found.append((key, case, _geometry(case, where), zone, margin, summary["provenance"]))
    if not found:
        raise InputError("there are no runs here that can be read", file=folder, expected="a cohort with keep: all")
    inputs, factors = _inputs(base, [case for _, case, *_ in found])
    geometry = {name: np.array([row[2][name] for row in found]) for name in GEOMETRY}
    runs = Runs(
        tuple(row[0] for row in found),
        tuple(given.property.name for given in inputs),
        geometry | factors,
        np.array([row[3].shape for row in found]),
        np.array([row[3].front for row in found]),
        np.array([row[4] for row in found]),
    )
    shas = tuple(row[5]["case_sha256"] for row in found)
    versions = tuple(sorted({row[5]["version"] for row in found}))
    return CohortRuns(runs, inputs, base, aim, header, shas, versions, tuple(left_out))


def read_values(folder: Path, atlas: Atlas) -> Iterator[tuple[str, float, dict[str, float]]]:
    """Key, minimal margin (mm) and the emulator's values of each run in a cohort's ``folder``, whose zones need not
    have been kept; ``atlas`` says what its inputs are. Raises InputError where a run is of another kind."""
    for file in sorted((folder / "cases").glob("*/*/summary.json")):
        summary = json.loads(file.read_text(encoding="utf-8"))
        case = _yaml(file.with_name("case.yaml"))
        values = _geometry(case, place(case, atlas.header["aim_mm"]))
        for given in atlas.inputs:
            known = Property(given.name, given.title, given.group, given.unit, given.path)
            values[given.name] = _number(case, known) / given.base
        yield file.parent.name, float(summary["targets"][0]["minimal_margin_mm"]), values


def _geometry(case: dict[str, Any], where: Place) -> dict[str, float]:
    duration = parse_quantity(case["protocol"]["duration"], "s", "12 min")
    power = parse_quantity(case["protocol"]["set_power"], "W", "200 W")
    numbers = (where.target_radius, where.vessel_radius, where.gap, *where.centre.tolist(), duration, power)
    return dict(zip(GEOMETRY, numbers, strict=True))


def _properties(base: dict[str, Any]) -> list[Property]:
    """What an atlas can take from the tissues, the vessel and the criterion of ``base``."""
    found = []
    bands = base["body"]["tissue"]["dielectric"] or []
    frequency = parse_quantity(base["applicators"][0]["device"]["generator"]["frequency"], "Hz", "2450 MHz")
    band = next((n for n, b in enumerate(bands) if _within(frequency, b["band"])), None)
    for key, whose, path in (("liver", "liver", ("body",)), ("tumour", "tumour", ("targets", 0))):
        at = (*path, "tissue")
        found.append(Property(f"{key}_perfusion", f"perfusion of {whose}", PERFUSION, "1/s", (*at, "perfusion")))
        for name, title, unit in (
            ("electric_conductivity", "electric conductivity", "S/m"),
            ("thermal_conductivity", "thermal conductivity", "W/m/K"),
            ("heat_capacity", "heat capacity", "J/kg/K"),
            ("water_fraction", "water fraction", ""),
        ):
            found.append(Property(f"{key}_{name}", f"{title} of {whose}", TISSUE, unit, (*at, name)))
        if band is not None:
            for name, unit in (("conductivity", "S/m"), ("permittivity", "")):
                title = f"{name} of {whose} at the antenna's frequency"
                found.append(Property(f"{key}_dielectric_{name}", title, TISSUE, unit, (*at, "dielectric", band, name)))
    if base["vessels"]:
        found.append(Property(ALONG_VESSEL, "speed of the blood", PERFUSION, "m/s", ("vessels", 0, "speed")))
    found.append(
        Property(
            "cell_death", "threshold of cell death", TISSUE, "", ("death", base["death"]["criterion"], "threshold")
        )
    )
    return found


def _inputs(base: dict[str, Any], cases: list[dict[str, Any]]) -> tuple[tuple[Input, ...], dict[str, np.ndarray]]:
    """The properties that differ between ``cases``, and their factors (n,) by name. Two that always go together are
    one, with the distribution of the first."""
    inputs, factors = [], {}
    for given in _properties(base):
        try:
            middle = _number(base, given)
            column = np.array([_number(case, given) for case in cases]) / middle
        except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError):
            continue
        if np.ptp(np.log(column)) < VARIES:
            continue
        if any(np.corrcoef(np.log(column), np.log(other))[0, 1] > SAME for other in factors.values()):
            continue
        factors[given.name] = column
        spread = {ALONG_VESSEL: SPEED, "cell_death": CELL_DEATH}.get(given.name) or _at(base, given.path)[
            "distribution"
        ]
        inputs.append(Input(given, middle, quantiles(spread), float(column.min()), float(column.max())))
    return tuple(inputs), factors


def _number(case: dict[str, Any], given: Property) -> float:
    value = _at(case, given.path)
    value = value["value"] if isinstance(value, dict) else value
    return parse_quantity(value, given.unit, f"1 {given.unit}".strip())


def _at(case: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        case = case[key]
    return case


def _within(frequency: float, band: list[str]) -> bool:
    low, high = (parse_quantity(end, "Hz", "2450 MHz") for end in band)
    return low <= frequency <= high


def _aim(base: dict[str, Any]) -> float:
    where = place(base, 0.0)
    return float(-where.centre[2])


def _header(folder: Path) -> dict[str, Any]:
    try:
        header = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
        assert isinstance(header["base"]["file"], str)
    except (OSError, ValueError, KeyError, TypeError, AssertionError):
        raise InputError(
            "this is no cohort's folder", file=folder, expected="what 'pennes ensemble run' wrote"
        ) from None
    return header


def _yaml(file: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML

    if not file.is_file():
        raise InputError("this file is missing", file=file)
    return YAML(typ="safe").load(file)
