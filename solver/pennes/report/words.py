"""Numbers as text, the verdict, and the tables of the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pennes.report.folder import Result
from pennes.report.palette import MARGIN_CLASSES
from pennes.report.viewpoint import nearest_vessel, worst_target

MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"

CRITERIA = {
    "arrhenius": "Arrhenius damage",
    "cem43": "CEM43 (thermal dose)",
    "three_state": "three-state cell death",
    "isotherm": "isotherm",
}

_ENDINGS = {
    "_mm": ("mm", 1.0, "{:.2f}"),
    "_ml": ("ml", 1.0, "{:.1f}"),
    "_ohm": ("Ω", 1.0, "{:.1f}"),
    "_mib": ("MiB", 1.0, "{:.0f}"),
    "_deg": ("°", 1.0, "{:.1f}"),
    "_min": ("min", 1.0, "{:.2f}"),
    "_w": ("W", 1.0, "{:.1f}"),
    "_j": ("kJ", 1e-3, "{:.2f}"),
    "_c": ("°C", 1.0, "{:.1f}"),
    "_s": ("min", 1.0 / 60.0, "{:.2f}"),
    "_fraction": ("%", 100.0, "{:.3f}"),
}
_NAMES = {
    "max_c": "highest temperature",
    "max_cem43_min": "largest CEM43",
    "cooling_power_w": "largest cooling power",
    "outlet_temperature_max_c": "warmest at the outlet",
    "h_min_mm": "shortest edge",
    "h_max_mm": "longest edge",
    "min_dihedral_deg": "smallest dihedral angle",
    "min_radius_ratio": "smallest radius ratio (1: regular)",
    "p01_radius_ratio": "radius ratio, 1st percentile",
    "newton": "Newton iterations",
    "failed_solves": "failed solves (step halved)",
    "residual_fraction": "largest residual",
    "applicator_cooling_j": "taken by the applicator's coolant",
    "perfusion_j": "carried away by perfusion",
    "vessels_j": "taken by large vessels",
    "surface_j": "through the outer surface",
    "stored_j": "stored in tissue",
    "simulated_s": "simulated time",
    "case_sha256": "SHA-256 of the case",
    "recipe_hash": "mesh recipe",
}


@dataclass(frozen=True)
class Table:
    """A table of the page; the first column holds the names of the rows."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    caption: str = ""


def number(value: float | None, pattern: str = "{:.1f}", unit: str = "") -> str:
    """A number with a true minus sign and a unit; an en dash where there is none."""
    if value is None:
        return NONE
    text = pattern.format(value)
    text = text.lstrip("-") if not text.strip("-0.") else text.replace("-", MINUS)  # no negative zero
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def quantity(key: str, value: Any) -> tuple[str, str]:
    """Name and value in words of a key of the summary, whose ending is its unit; energies in kJ, times in minutes."""
    for ending, (unit, factor, pattern) in _ENDINGS.items():
        if key.endswith(ending) and (value is None or isinstance(value, (int, float))):
            name = _NAMES.get(key) or _name(key.removesuffix(ending))
            return name, number(None if value is None else factor * value, pattern, unit)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _NAMES.get(key) or _name(key), NONE if value is None else str(value)
    return _NAMES.get(key) or _name(key), f"{value:,}".replace(",", "\N{THIN SPACE}") if isinstance(
        value, int
    ) else f"{value:.3g}"


def _name(key: str) -> str:
    return key.replace("_", " ")


def verdict(result: Result) -> tuple[str, str, str]:
    """State (``reached``, ``missed`` or ``none``), headline and the sentences that explain it."""
    summary, name = result.summary, worst_target(result)
    zone = f"The zone of dead tissue measures {number(summary['zone']['volume_ml'], unit='ml')}"
    if summary["zone"]["diameters_mm"]:
        zone += " (" + " × ".join(number(d, "{:.0f}") for d in summary["zone"]["diameters_mm"]) + " mm)"
    zone += f" by the criterion {criterion(result)}."
    if name is None:
        return "none", "No target: nothing to judge", zone
    entries = summary["targets"]
    if result.zone is None:
        return "missed", "No margin: nothing is dead by the end of the treatment", _requirements(entries)
    missed = [entry for entry in entries if not entry["achieved"]]
    worst = next(entry for entry in entries if entry["name"] == name)
    required = number(worst["required_margin_mm"], "{:g}", "mm")
    if len(entries) == 1:
        head = f"The required margin of {required} is {'not ' if missed else ''}reached"
    elif missed:
        head = f"The required margin is not reached on {len(missed)} of {len(entries)} targets"
    else:
        head = "The required margin is reached on every target"
    return ("missed" if missed else "reached"), head, f"{smallest_margin(result, worst)} {zone}"


def _requirements(entries: Iterable[dict[str, Any]]) -> str:
    texts = [f"{entry['name']} {number(entry['required_margin_mm'], '{:g}', 'mm')}" for entry in entries]
    return "The margin required was: " + ", ".join(texts) + "."


def smallest_margin(result: Result, entry: dict[str, Any]) -> str:
    """The signed minimal margin of a target and where it is, in a sentence."""
    if entry["minimal_margin_mm"] is None:
        return f"On {entry['name']} there is no margin."
    text = f"The smallest margin on {entry['name']} is {number(entry['minimal_margin_mm'], '{:.1f}', 'mm')}"
    if entry["minimal_margin_mm"] < 0.0:
        text += " (negative: tumour is left uncovered)"
    if entry["worst_direction"]:
        return f"{text}: {entry['worst_direction']}."
    vessel = nearest_vessel(result.tubes, entry["worst_point_mm"]) if entry["worst_point_mm"] else None
    if vessel is not None:
        text += f", {number(vessel[1], '{:.1f}', 'mm')} from the wall of {vessel[0].name}"
    return text + "."


def criterion(result: Result) -> str:
    """Name of the criterion of death that defines the zone."""
    name = result.summary["zone"]["criterion"]
    return CRITERIA.get(name, name)


def figures(result: Result) -> list[tuple[str, str]]:
    """The few numbers at the top of the page: what it is, value."""
    summary, name = result.summary, worst_target(result)
    worst = next((entry for entry in summary["targets"] if entry["name"] == name), None)
    found = []
    if worst is not None:
        found.append(
            (f"smallest margin (required {worst['required_margin_mm']:g} mm)", _mm(worst["minimal_margin_mm"]))
        )
        found.append(("of the tumour's volume is covered", number(100.0 * worst["covered_fraction"], unit="%")))
    found.append(("zone of dead tissue", number(summary["zone"]["volume_ml"], unit="ml")))
    if summary["vessels"]:
        heat = sum(vessel["heat_removed_j"] for vessel in summary["vessels"])
        found.append(("taken by vessels", number(1e-3 * heat, unit="kJ")))
    found.append(("highest temperature", number(summary["temperature"]["max_c"], "{:.0f}", "°C")))
    found.append(("simulated", number(summary["time"]["simulated_s"] / 60.0, unit="min")))
    return found


def _mm(value: float | None) -> str:
    return number(value, "{:.1f}", "mm")


def tables(result: Result) -> list[Table]:
    """All tables of the page that have rows."""
    summary = result.summary
    found = [_targets(summary), _shares(summary), _criteria(result), _vessels(summary), _organs(summary)]
    found += [_pairs(f"Antenna {entry['name']}", _antenna(entry)) for entry in summary["antennas"]]
    found += [_pairs("Generator", summary["generator"]), _events(result), _pairs("Energy budget", summary["energy"])]
    accuracy = {**summary["mesh"], **(summary["mesh"]["quality"] or {}), **summary["solver"], **_times(summary["time"])}
    found.append(_pairs("Mesh, solver, time", accuracy))
    return [table for table in found if table.rows]


def _antenna(entry: dict[str, Any]) -> dict[str, Any]:
    """An antenna's numbers, with its budget written out."""
    return {**{key: value for key, value in entry.items() if key != "name"}, **_budget(entry["budget_j"])}


def _budget(budget: dict[str, float]) -> dict[str, float]:
    return {f"{name}_energy_j": energy for name, energy in budget.items()}


def _times(time: dict[str, Any]) -> dict[str, Any]:
    """Computing times stay in seconds: minutes are for the treatment."""
    walls = {f"{_name(k.removesuffix('_s'))} time": number(v, "{:.1f}", "s") for k, v in time.items() if "wall" in k}
    return {"simulated_s": time["simulated_s"], "steps": time["steps"], **walls}


def _targets(summary: dict[str, Any]) -> Table:
    rows = [
        (
            entry["name"],
            number(entry["volume_ml"], "{:.2f}", "ml"),
            number(entry["required_margin_mm"], "{:g}", "mm"),
            _mm(entry["minimal_margin_mm"]),
            _mm(entry["mean_margin_mm"]),
            number(100.0 * entry["covered_fraction"], unit="%"),
            "reached" if entry["achieved"] else "not reached",
        )
        for entry in summary["targets"]
    ]
    header = ("Target", "Volume", "Required margin", "Smallest margin", "Mean margin", "Volume covered", "Margin")
    return Table("Targets", header, rows, "Margins are signed: negative where tumour is left uncovered.")


def _shares(summary: dict[str, Any]) -> Table:
    rows = []
    for entry in summary["targets"]:
        shares = [number(100.0 * entry["surface_share"][key], unit="%") for key, _, _ in MARGIN_CLASSES]
        below = entry["share_below_required"]
        rows.append((entry["name"], *shares, NONE if below is None else number(100.0 * below, unit="%")))
    header = ("Target", *(name for _, name, _ in MARGIN_CLASSES), "below the required margin")
    return Table("Share of the target's surface by margin", header, rows, "Shares of area; the classes do not overlap.")


def _criteria(result: Result) -> Table:
    names = [entry["name"] for entry in result.summary["targets"]]
    required = {entry["name"]: entry["required_margin_mm"] for entry in result.summary["targets"]}
    rows = []
    for key, found in result.summary["criteria"].items():
        own = " (of this case)" if key == result.summary["zone"]["criterion"] else ""
        cells = [CRITERIA.get(key, key) + own, number(found["volume_ml"], unit="ml")]
        for name in names:
            margin = found["minimal_margin_mm"].get(name)
            reached = margin is not None and margin >= required[name]
            cells += [_mm(margin), "reached" if reached else "not reached"]
        rows.append(tuple(cells))
    several = len(names) > 1
    header = ["Criterion of death", "Zone"]
    for name in names:
        header += [f"Smallest margin{f', {name}' if several else ''}", f"Verdict{f', {name}' if several else ''}"]
    caption = "The same temperatures, judged by each criterion: how far the verdict hangs on the choice."
    return Table("Zone and verdict under each criterion of death", tuple(header), rows, caption)


def _records(title: str, first: str, entries: list[dict[str, Any]]) -> Table:
    header = [first] + [quantity(key, None)[0] for key in (entries[0] if entries else {}) if key != "name"]
    rows = [(e["name"], *(quantity(key, value)[1] for key, value in e.items() if key != "name")) for e in entries]
    return Table(title, tuple(header), rows)


def _vessels(summary: dict[str, Any]) -> Table:
    return _records("Vessels", "Vessel", summary["vessels"])


def _organs(summary: dict[str, Any]) -> Table:
    return _records("Structures at risk", "Structure", summary["organs"])


def _events(result: Result) -> Table:
    rows = [(number(e["time_s"] / 60.0, "{:.2f}", "min"), _name(e["kind"]), e["message"]) for e in result.events]
    return Table("What the generator decided", ("Time", "Event", "Reason"), rows)


def _pairs(title: str, block: dict[str, Any]) -> Table:
    plain = {key: value for key, value in block.items() if value is not None and not isinstance(value, (dict, list))}
    return Table(title, ("Quantity", "Value"), [quantity(key, value) for key, value in plain.items()])


def provenance(result: Result) -> list[tuple[str, str]]:
    """Where the numbers came from: what, value."""
    block = result.summary["provenance"]
    packages = ", ".join(f"{name} {version}" for name, version in block["packages"].items())
    found = [("pennes", block["version"]), ("packages", packages), ("MPI ranks", str(block["ranks"]))]
    for key, value in block.items():
        if key not in ("version", "packages", "ranks", "resumed_at_s") and value not in (None, ""):
            found.append(quantity(key, value))
    if block["resumed_at_s"]:
        taken_up = ", ".join(number(time / 60.0, "{:.2f}", "min") for time in block["resumed_at_s"])
        found.append(("taken up again from a checkpoint at", taken_up))
    return found
