"""``pennes margin``: margins between label maps or surfaces."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pennes.cli.verdict import target_lines, zone_line
from pennes.errors import InputError


@dataclass(frozen=True)
class Request:
    """What was asked for, as the words of the command."""

    targets: tuple[Path, ...]
    zones: tuple[Path, ...]
    organ: Path | None
    vessels: Path | None
    target_labels: tuple[str, ...]
    zone_labels: tuple[str, ...]
    organ_labels: tuple[str, ...]
    vessel_labels: tuple[str, ...]
    table: str | None
    reference: Path | None
    entry: str | None
    tip: str | None
    frame: str
    required_mm: float
    picture: Path | None
    as_json: bool


def compare(request: Request) -> None:
    """Print the margins. Raises InputError for what cannot be used."""
    from pennes.assessment import Source, measure

    def source(path: Path | None, labels: tuple[str, ...]) -> Source | None:
        return None if path is None else Source(path, labels, request.table, request.reference)

    report = measure(
        [source(path, request.target_labels) for path in request.targets],
        [source(path, request.zone_labels) for path in request.zones],
        source(request.organ, request.organ_labels),
        request.required_mm,
        _needle(request),
        source(request.vessels, request.vessel_labels),
    )
    if request.picture is not None:
        from pennes.report.margin_picture import draw_margins

        draw_margins(report, request.picture, _needle(request))
    found = report.summary
    if request.as_json:
        print(json.dumps(found, indent=2, allow_nan=False))
        for text in found["warnings"]:
            print(f"Warning: {text}", file=sys.stderr)
        return
    lines = [line for target in found["targets"] for line in _target(target)]
    lines += [zone_line(found["zone"]), *(f"Warning: {text}" for text in found["warnings"])]
    if request.picture is not None:
        lines.append(f"Written: {request.picture}")
    print("\n".join(lines))


def _target(target: dict[str, Any]) -> list[str]:
    lines = target_lines(target)
    at_risk = f"  tissue at risk: {target['tissue_at_risk_ml']:.2f} ml"
    if target["shell_coverage"] is not None:
        at_risk += f"; covered: {100 * target['shell_coverage']:.1f} % of the shell"
    lines.append(at_risk)
    if target["subcapsular"] is not None:
        part = target["subcapsular"]
        lines.append(
            f"  left out: {100 * part['excluded_share']:.1f} % of the surface, within {part['depth_mm']:g} mm of the"
            f" organ's; {100 * part['share_below_0']:.1f} % of that is uncovered"
        )
    return [*lines, f"  {target['error']['statement']}"]


def _needle(request: Request):
    from pennes.assessment import Needle
    from pennes.imaging.grid import MILLIMETRE, RAS_TO_LPS

    if request.frame.upper() not in ("LPS", "RAS"):
        raise InputError(f"there are no axes '{request.frame}'", key="--frame", expected="LPS or RAS")
    if (request.entry is None) != (request.tip is None):
        raise InputError("a needle has an entry and a tip", key="--needle-tip", expected="both points")
    if request.entry is None:
        return None
    signs = RAS_TO_LPS if request.frame.upper() == "RAS" else np.ones(3)
    entry, tip = (
        MILLIMETRE * signs * _point(text, key)
        for text, key in ((request.entry, "--needle-entry"), (request.tip, "--needle-tip"))
    )
    if np.allclose(entry, tip):
        raise InputError("entry and tip of the needle are one point", key="--needle-tip")
    return Needle(entry, tip)


def _point(text: str | None, key: str) -> np.ndarray:
    try:
        point = np.array([float(word) for word in str(text).split(",")])
    except ValueError:
        point = np.zeros(0)
    if point.shape != (3,) or not np.isfinite(point).all():
        raise InputError(f"'{text}' is no point", key=key, expected="three numbers in mm, such as -12.5,30,104")
    return point
