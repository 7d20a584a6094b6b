"""An answer as JSON and as text; what an atlas says of itself."""

from __future__ import annotations

from typing import Any

from pennes.risk.atlas import Atlas
from pennes.risk.helps import Alternative
from pennes.risk.query import Answer

SCHEMA = "pennes.risk/1"
NEEDED = 5.0
"""Margin (mm) that is commonly asked for."""
RESEARCH = "Research use only; not for decisions about patients."
_CAUSES = {"tissue": "tissue", "perfusion": "perfusion and blood", "placement": "placement",
           "emulator": "error of the emulator"}  # fmt: skip


def as_dict(found: Answer, helps: list[Alternative], *, recurrence: bool = False) -> dict[str, Any]:
    """The answer for ``--json``: a key's unit is its ending. ``recurrence``: with local progression."""
    asked, header = found.question, found.atlas.header
    data = {
        "schema": SCHEMA,
        "device": header["device"],
        "protocol": header["protocol"],
        "question": {
            "tumour_mm": asked.tumour_mm, "vessel_mm": asked.vessel_mm, "distance_mm": asked.distance_mm,
            "duration_s": asked.duration_s, "power_w": asked.power_w, "placement_error_mm": asked.placement_error_mm,
            "reposition_beyond_mm": asked.reposition_beyond_mm, "samples": asked.samples, "seed": asked.seed,
        },
        "probability": _probabilities(found),
        "minimal_margin": {"expected_mm": found.expected_mm, "interval_90_mm": list(found.interval_mm)},
        "causes": found.causes,
        "vessel": None,
        "alternatives": [
            {"change": a.change, "probability": {"at_least_5": a.at_least_5, "at_least_10": a.at_least_10,
             "covered": a.covered}, "expected_mm": a.expected_mm} for a in helps
        ],
        "nearest_runs": found.nearest_runs(),
        "at_limit_fraction": found.clipped,
        "emulator": dict(header["errors"]),
        "recurrence": None,
        "notice": RESEARCH,
    }  # fmt: skip
    if recurrence:
        from pennes.risk.recurrence import recurrence as of_answer

        data["recurrence"] = of_answer(found)
    if asked.vessel_mm is not None and header["without_vessel"]:
        without = found.without_vessel
        data["vessel"] = {
            "margin_cost_mm": without.expected_mm - found.expected_mm,
            "limits_fraction": float(found.margins.at_vessel.mean()),
            "without": _probabilities(without),
        }
    return data


def _probabilities(found: Answer) -> dict[str, float]:
    return {
        "at_least_5": found.probability(5.0),
        "at_least_10": found.probability(10.0),
        "covered": found.probability(0.0),
    }


def as_text(data: dict[str, Any]) -> str:
    """What ``as_dict`` says, in lines."""
    asked, shares = data["question"], data["probability"]
    vessel = "no vessel near" if asked["vessel_mm"] is None else (
        f"a vessel of {asked['vessel_mm']:g} mm at {asked['distance_mm']:g} mm")  # fmt: skip
    low, high = data["minimal_margin"]["interval_90_mm"]
    lines = [
        f"{data['device']}, {data['protocol']} ({asked['duration_s'] / 60:g} min, {asked['power_w']:g} W): "
        f"tumour of {asked['tumour_mm']:g} mm, {vessel}",
        f"  minimal margin >= 5 mm: {_percent(shares['at_least_5'])}; >= 10 mm: {_percent(shares['at_least_10'])}; "
        f"tumour fully covered: {_percent(shares['covered'])}",
        f"  expected minimal margin {data['minimal_margin']['expected_mm']:+.1f} mm, 90 % between {low:+.1f} and "
        f"{high:+.1f} mm",
        "  spread by cause: " + ", ".join(f"{_CAUSES[name]} {_percent(part)}" for name, part in data["causes"].items()),
    ]
    if data["vessel"] is not None:
        without = data["vessel"]["without"]
        lines.append(
            f"  the vessel costs {data['vessel']['margin_cost_mm']:.1f} mm on average; without it >= 5 mm: "
            f"{_percent(without['at_least_5'])}, fully covered: {_percent(without['covered'])}"
        )
        if asked["distance_mm"] < NEEDED:
            lines.append(
                f"  the vessel is nearer than {NEEDED:g} mm: no margin towards it can be wider than its distance"
            )
    if data["recurrence"] is not None:
        from pennes.risk.recurrence import as_lines

        lines += as_lines(data["recurrence"])
    lines.append("  what would help (>= 5 mm, fully covered, expected margin):")
    for other in data["alternatives"]:
        share = other["probability"]
        lines.append(f"    {_percent(share['at_least_5']):>6}  {_percent(share['covered']):>6}  "
                     f"{other['expected_mm']:+5.1f} mm  {other['change']}")  # fmt: skip
    lines.append("  nearest simulated cases:")
    for run in data["nearest_runs"]:
        beside = "no vessel" if run["vessel_mm"] == 0 else f"{run['vessel_mm']:.1f} mm at {run['distance_mm']:.1f} mm"
        lines.append(
            f"    {run['key']}  tumour {run['tumour_mm']:.1f} mm, {beside}, {run['duration_s'] / 60:.1f} min, "
            f"{run['power_w']:.0f} W, needle {run['needle_off_mm']:.1f} mm off: {run['minimal_margin_mm']:+.1f} mm"
        )
    if data["at_limit_fraction"] > 0:
        lines.append(f"  in {_percent(data['at_limit_fraction'])} of samples the needle lies where none was simulated; "
                     "they count with the nearest zone that was")  # fmt: skip
    return "\n".join([*lines, RESEARCH])


def about(atlas: Atlas) -> dict[str, Any]:
    """Where an atlas comes from, what it covers, how far it is off."""
    header = atlas.header
    kept = (
        "device",
        "device_title",
        "protocol",
        "criterion",
        "ranges",
        "without_vessel",
        "inputs",
        "errors",
        "provenance",
    )
    runs = [
        {"key": str(key), "case_sha256": str(sha), "fold": int(fold), "minimal_margin_mm": float(margin)}
        for key, sha, fold, margin in zip(
            *(atlas.runs[n] for n in ("key", "case_sha256", "fold", "margin")), strict=True
        )
    ]
    return {"schema": header["schema"], **{name: header[name] for name in kept}, "runs": runs, "notice": RESEARCH}


def about_text(data: dict[str, Any]) -> str:
    """What ``about`` says, in lines."""
    ranges, made, errors = data["ranges"], data["provenance"], data["errors"]
    lines = [
        f"{data['device']}: {data['device_title']}; {data['protocol']}; zones by the criterion {data['criterion']}",
        f"  {made['runs']} runs of '{made['cohort']}' ({made['cohort_file']}), pennes "
        f"{', '.join(made['versions_of_runs'])}; made {made['date']}",
        f"  each of {errors['runs']} runs predicted without itself and its fifth: "
        f"minimal margin off by {errors['rmse_mm']:.2f} mm (root mean square), bias "
        f"{errors['bias_mm']:+.2f} mm, at most {errors['largest_mm']:.1f} mm; 90 % intervals hold "
        f"{_percent(errors['share_in_90'])}",
    ]
    for name, words, unit, size in (
        ("tumour_mm", "tumour", "mm", 1.0), ("vessel_mm", "vessel", "mm", 1.0), ("distance_mm", "distance", "mm", 1.0),
        ("duration_s", "time", "min", 60.0), ("power_w", "power", "W", 1.0),
    ):  # fmt: skip
        low, high = ranges[name]
        lines.append(f"  {words}: {low / size:.3g} to {high / size:.3g} {unit}")
    lines.append(f"  without a vessel: {data['without_vessel']} runs")
    lines += [
        f"  {i['title']}: {i['low']:.2f} to {i['high']:.2f} times {i['base']:g} {i['unit']}".rstrip()
        for i in data["inputs"]
    ]
    if made["left_out"]:
        lines.append(f"  left out: {len(made['left_out'])} runs ({made['left_out'][0][1]})")
    return "\n".join([*lines, RESEARCH])


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if 0 < share < 0.1 or 0.9 < share < 1 else f"{100 * share:.0f} %"


def json_schema() -> dict[str, Any]:
    """JSON Schema of what ``as_dict`` returns."""
    number, text = {"type": "number"}, {"type": "string"}
    share = {"type": "number", "minimum": 0.0, "maximum": 1.0}
    optional = {"type": ["number", "null"]}

    def block(**parts: Any) -> dict[str, Any]:
        return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}

    shares = block(at_least_5=share, at_least_10=share, covered=share)
    vessel = block(margin_cost_mm=number, limits_fraction=share, without=shares)
    interval = {"type": "array", "items": share, "minItems": 2, "maxItems": 2}
    status = {"enum": ["wild type", "mutant", "unknown"]}
    progression = block(ras=status, months=number, probability=share, interval_90=interval)
    fit = block(zones=text, strata={"type": "array", "items": text}, version=text, seed={"type": "integer"})
    recurrence = block(progression={"type": "array", "items": progression, "minItems": 6, "maxItems": 6},
                       mutant_share_where_unknown=share, fit=fit)  # fmt: skip
    run = block(key=text, tumour_mm=number, vessel_mm=number, distance_mm=number, duration_s=number, power_w=number,
                needle_off_mm=number, minimal_margin_mm=number)  # fmt: skip
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | block(
        schema={"const": SCHEMA}, device=text, protocol=text,
        question=block(tumour_mm=number, vessel_mm=optional, distance_mm=optional, duration_s=number, power_w=number,
                       placement_error_mm=number, reposition_beyond_mm=optional, samples={"type": "integer"},
                       seed={"type": ["integer", "null"]}),
        probability=shares,
        minimal_margin=block(expected_mm=number, interval_90_mm={"type": "array", "items": number, "minItems": 2,
                                                                 "maxItems": 2}),
        causes=block(tissue=share, perfusion=share, placement=share, emulator=share),
        vessel={"anyOf": [vessel, {"type": "null"}]},
        alternatives={"type": "array", "items": block(change=text, probability=shares, expected_mm=number)},
        nearest_runs={"type": "array", "items": run},
        at_limit_fraction=share,
        recurrence={"anyOf": [recurrence, {"type": "null"}]},
        emulator=block(runs={"type": "integer"}, rmse_mm=number, bias_mm=number, largest_mm=number, share_in_90=share),
        notice=text,
    )  # fmt: skip
