"""The verdict of a run in words and numbers, from its summary."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

_CRITERIA = {"arrhenius": "Arrhenius", "cem43": "CEM43", "three_state": "three-state", "isotherm": "isotherm"}
_SET_UP = {"mesh": "mesh", "distribution": "distribution", "assembly": "forms"}


def verdict(summary: dict[str, Any], written: Path | None = None) -> str:
    """Text of several lines. ``summary`` has the keys of summary.json; ``written``: the report or the folder."""
    lines = [line for target in summary["targets"] for line in target_lines(target)]
    lines += [zone_line(summary["zone"])]
    lines += [_vessel(vessel) for vessel in summary["vessels"]]
    lines += [
        f"Organ {organ['name']}: at most {organ['max_c']:.1f} °C, {organ['max_cem43_min']:.3g} equivalent min at 43 °C"
        + ("" if organ.get("max_arrhenius") is None else f", Arrhenius damage {organ['max_arrhenius']:.3g}")
        for organ in summary["organs"]
    ]
    lines += _ablatability(summary.get("ablatability", []))
    lines += [_generator(summary), _energy(summary["energy"]), *_criteria(summary)]
    lines.append(_time(summary["time"]))
    lines += [f"Warning: {text}" for text in summary["warnings"]]
    if written is not None:
        lines.append(f"Written: {written}")
    return "\n".join([*lines, "Research use only; not for decisions about patients."])


def _ablatability(criteria: list[dict[str, Any]]) -> list[str]:
    """How many published criteria are met, and those that are not."""
    if not criteria:
        return []
    states = Counter(rule["state"] for rule in criteria)
    order = ("met", "not met", "needs attention", "not assessable")
    counts = ", ".join(f"{states[state]} {state}" for state in order if states[state])
    lines = [f"Ablatability, {len(criteria)} published criteria: {counts}"]
    for rule in criteria:
        if rule["state"] in ("not met", "needs attention"):
            limit = f"{rule['comparison']} {rule['value']:g} {rule['unit']}".strip()
            measured = f"{rule['measured']:.3g} {rule['unit']}".strip()
            name = rule["quantity"].replace("_", " ")
            lines.append(f"  {rule['state']}: {name} {limit} ({rule['source']}, {rule['strength']}): {measured}")
    return lines


def _time(time: dict[str, Any]) -> str:
    """How long it took: set-up, in its parts, beside the solve."""
    parts = [(words, time.get(f"{key}_wall_s")) for key, words in _SET_UP.items()]
    told = ", ".join(f"{words} {seconds:.1f}" for words, seconds in parts if seconds is not None)
    return (
        f"Simulated {time['simulated_s'] / 60:.1f} min in {time['wall_s']:.1f} s: set-up {time['setup_wall_s']:.1f} s"
        f"{f' ({told})' if told else ''}, time loop {time['loop_wall_s']:.1f} s in {time['steps']} steps"
    )


def target_lines(target: dict[str, Any]) -> list[str]:
    """Is the margin around a target reached, where is it smallest, how is its surface covered."""
    name, required = target["name"], f"{target['required_margin_mm']:g} mm margin"
    margin = target["minimal_margin_mm"]
    if margin is None:
        return [f"NOT REACHED: the {required} around {name}; there is no ablation zone"]
    place = ""
    if target["worst_point_mm"] is not None:
        place = " at (" + ", ".join(f"{value:.1f}" for value in target["worst_point_mm"]) + ") mm"
    if target.get("worst_direction"):
        place += f", {target['worst_direction']}"
    state = "REACHED" if target["achieved"] else "NOT REACHED"
    share = target["surface_share"]
    shares = ", ".join(
        f"{100 * share[key]:.1f} % {words}"
        for key, words in (
            ("below_0", "uncovered"),
            ("0_to_5", "0 to 5 mm"),
            ("5_to_10", "5 to 10 mm"),
            ("above_10", "above 10 mm"),
        )
    )
    return [
        f"{state}: the {required} around {name}; minimal margin {margin:+.1f} mm{place}",
        f"  covered: {100 * target['covered_fraction']:.2f} % of {target['volume_ml']:.1f} ml;"
        f" its surface by margin: {shares}",
    ]


def zone_line(zone: dict[str, Any]) -> str:
    """Volume and diameters of the zone, before and after heated tissue contracts."""
    size = ""
    if zone["diameters_mm"] is not None:
        size = ", " + " x ".join(f"{value:.1f}" for value in zone["diameters_mm"]) + " mm"
    criterion = zone.get("criterion")
    name = "Zone" if criterion is None else f"Zone ({_CRITERIA.get(criterion, criterion)})"
    text = f"{name}: {zone['volume_ml']:.1f} ml{size}"
    after = zone.get("after_contraction")
    if after is not None:
        across = " x ".join(f"{value:.1f}" for value in after["diameters_mm"])
        text += f"; after contraction {after['volume_ml']:.1f} ml, {across} mm"
    return text


def _vessel(vessel: dict[str, Any]) -> str:
    power = vessel["cooling_power_w"]
    most = "" if power is None else f", up to {power:.1f} W"
    outlet = vessel.get("outlet_temperature_max_c")
    left = "" if outlet is None else f"; its blood left with at most {outlet:.2f} °C"
    return f"Vessel {vessel['name']}: took {vessel['heat_removed_j'] / 1e3:.2f} kJ{most}{left}"


def cost_lines(found: dict[str, Any]) -> str:
    """What vessel_costs.json says, a line a vessel or branch."""
    lines = []
    for entry in found["costs"]:
        name = entry["vessel"] if entry["branch"] is None else f"{entry['vessel']}, branch {entry['branch']}"
        width = "" if entry["diameter_mm"] is None else f" ({entry['diameter_mm']:.1f} mm)"
        costs = [f"{cost:+.2f} mm of {target}" for target, cost in entry["margin_cost_mm"].items() if cost is not None]
        margin = ", ".join(costs) or "no margin known"
        lines.append(f"Without {name}{width}: margin {margin}, zone {entry['volume_cost_ml']:+.2f} ml")
    return "\n".join(lines)


def _generator(summary: dict[str, Any]) -> str:
    generator = summary["generator"]
    text = f"Generator: {generator['energy_delivered_j'] / 1e3:.1f} kJ, mean {generator['mean_power_w']:.1f} W"
    antennas = summary.get("antennas") or []
    for antenna in antennas:
        text += f", {antenna['budget_j']['set'] / 1e3:.1f} kJ sent"
        if antenna["s11_start_db"] is not None:
            text += f", |S11| {antenna['s11_start_db']:.1f} to {antenna['s11_end_db']:.1f} dB"
    if not antennas and generator.get("roll_offs") is not None:
        text += f", {generator['roll_offs']} roll-offs"
    return text + f"; hottest {summary['temperature']['max_c']:.1f} °C"


def _energy(energy: dict[str, Any]) -> str:
    cooling = energy.get("applicator_cooling_j", 0.0)
    parts = (
        ("stored", energy["stored_j"]),
        ("perfusion", energy["perfusion_j"]),
        ("vessels", energy["vessels_j"]),
        ("surface", energy["surface_j"]),
        ("applicator cooling", cooling),
    )
    text = ", ".join(f"{name} {value / 1e3:.2f}" for name, value in parts)
    return (
        f"Energy in kJ: deposited {energy['deposited_j'] / 1e3:.2f} = {text};"
        f" residual {100 * energy['residual_fraction']:.2g} %"
    )


def _criteria(summary: dict[str, Any]) -> list[str]:
    """How the answer changes with the criterion of death."""
    texts = []
    for name, result in summary.get("criteria", {}).items():
        margins = [
            f"{target} {'no zone' if value is None else f'{value:+.1f} mm'}"
            for target, value in result["minimal_margin_mm"].items()
        ]
        texts.append(f"{_CRITERIA.get(name, name)} {result['volume_ml']:.1f} ml ({', '.join(margins) or 'no target'})")
    return ["By criterion: " + "; ".join(texts)] if texts else []
