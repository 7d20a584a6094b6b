"""The tables of the report, and where its numbers came from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pennes.report.folder import Result
from pennes.report.palette import MARGIN_CLASSES
from pennes.report.words import CRITERIA, NONE, millimetres, number, plain_name, quantity

LONGEST_OPEN = 12
"""Decisions of the generator that are shown without being asked for."""


@dataclass(frozen=True)
class Table:
    """A table of the page; the first column holds the names of the rows."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    caption: str = ""
    folded: str = ""
    """What a long table is folded under, to be opened; empty: it is open."""


def tables(result: Result) -> list[Table]:
    """All tables of the page that have rows."""
    summary = result.summary
    found = [
        _targets(summary),
        _shares(summary),
        _zone(summary["zone"]),
        _criteria(result),
        _vessels(summary),
        _organs(summary),
        _ablatability(summary),
    ]
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
    walls = {
        f"{plain_name(k.removesuffix('_s'))} time": number(v, "{:.1f}", "s") for k, v in time.items() if "wall" in k
    }
    return {"simulated_s": time["simulated_s"], "steps": time["steps"], **walls}


def _targets(summary: dict[str, Any]) -> Table:
    rows = [
        (
            entry["name"],
            number(entry["volume_ml"], "{:.2f}", "ml"),
            number(entry["required_margin_mm"], "{:g}", "mm"),
            millimetres(entry["minimal_margin_mm"]),
            millimetres(entry["mean_margin_mm"]),
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


def _zone(zone: dict[str, Any]) -> Table:
    """Sizes of the zone before and after contraction."""
    after = zone["after_contraction"]
    states = [("tissue as it was before", zone)] + ([("after contraction", after)] if after else [])
    rows = [
        (name, number(size["volume_ml"], unit="ml"), *(millimetres(d) for d in size["diameters_mm"]))
        for name, size in states
        if size["diameters_mm"]
    ]
    header = ("Zone", "Volume", "Along the applicator", "Across, larger", "Across, smaller")
    caption = "Experiments measure tissue that has contracted; margins are those of the tissue as it was before."
    return Table("Size of the zone", header, rows, caption)


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
            cells += [millimetres(margin), "reached" if reached else "not reached"]
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
    entries = [{key: value for key, value in vessel.items() if key != "branches"} for vessel in summary["vessels"]]
    return _records("Vessels", "Vessel", entries)


def _organs(summary: dict[str, Any]) -> Table:
    return _records("Structures at risk", "Structure", summary["organs"])


def _ablatability(summary: dict[str, Any]) -> Table:
    rows = [
        (
            f"{plain_name(rule['quantity'])} {rule['comparison']} {number(rule['value'], '{:g}', rule['unit'])}",
            rule["state"],
            number(rule["measured"], "{:.3g}", rule["unit"]),
            f"{rule['source']}, {rule['strength']}",
            "; ".join(filter(None, [rule["remark"], rule["text"]])),
        )
        for rule in summary["ablatability"]
    ]
    caption = (
        "A figure closer to its limit than the voxels allow to tell needs attention; so does a breached preference."
    )
    header = ("Published criterion", "State", "Measured", "Source, strength", "Remarks")
    return Table("Ablatability", header, rows, caption)


def _events(result: Result) -> Table:
    rows = [(number(e["time_s"] / 60.0, "{:.2f}", "min"), plain_name(e["kind"]), e["message"]) for e in result.events]
    folded = ""
    if len(rows) > LONGEST_OPEN:
        kinds = Counter(plain_name(event["kind"]) for event in result.events)
        folded = f"{len(rows)} decisions: " + ", ".join(f"{count} × {kind}" for kind, count in kinds.most_common())
    return Table("What the generator decided", ("Time", "Event", "Reason"), rows, folded=folded)


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
