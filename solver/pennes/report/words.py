"""Numbers as text, and the verdict in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pennes.report.folder import Result
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
    "max_arrhenius": "largest Arrhenius damage (1: 63 % dead)",
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
            name = _NAMES.get(key) or plain_name(key.removesuffix(ending))
            return name, number(None if value is None else factor * value, pattern, unit)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _NAMES.get(key) or plain_name(key), NONE if value is None else str(value)
    return _NAMES.get(key) or plain_name(key), f"{value:,}".replace(",", "\N{THIN SPACE}") if isinstance(
        value, int
    ) else f"{value:.3g}"


def plain_name(key: str) -> str:
    """A key in words."""
    return key.replace("_", " ")


def verdict(result: Result) -> tuple[str, str, str]:
    """State (``reached``, ``missed`` or ``none``), headline and the sentences that explain it."""
    summary, name = result.summary, worst_target(result)
    zone = f"The zone of dead tissue measures {number(summary['zone']['volume_ml'], unit='ml')}"
    if summary["zone"]["diameters_mm"]:
        zone += " (" + " × ".join(number(d, "{:.0f}") for d in summary["zone"]["diameters_mm"]) + " mm)"
    zone += f" by the criterion {criterion(result)}."
    zone += _after_contraction(summary["zone"])
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


def _after_contraction(zone: dict[str, Any]) -> str:
    after = zone["after_contraction"]
    if after is None:
        return ""
    size = " × ".join(number(d, "{:.0f}") for d in after["diameters_mm"])
    return (
        f" Measured afterwards, when heated tissue has contracted, it would be {number(after['volume_ml'], unit='ml')} "
        f"({size} mm)."
    )


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
            (f"smallest margin (required {worst['required_margin_mm']:g} mm)", millimetres(worst["minimal_margin_mm"]))
        )
        found.append(("of the tumour's volume is covered", number(100.0 * worst["covered_fraction"], unit="%")))
    found.append(("zone of dead tissue", number(summary["zone"]["volume_ml"], unit="ml")))
    if summary["vessels"]:
        heat = sum(vessel["heat_removed_j"] for vessel in summary["vessels"])
        found.append(("taken by vessels", number(1e-3 * heat, unit="kJ")))
    found.append(("highest temperature", number(summary["temperature"]["max_c"], "{:.0f}", "°C")))
    found.append(("simulated", number(summary["time"]["simulated_s"] / 60.0, unit="min")))
    return found


def millimetres(value: float | None) -> str:
    """A length as text."""
    return number(value, "{:.1f}", "mm")
