"""``pennes margin``: margins between two surfaces."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pennes.cli.verdict import target_lines, zone_line


def compare(target: Path, zone: Path, organ: Path | None, required_mm: float, *, as_json: bool) -> None:
    """Print the margins. Raises InputError for surfaces that cannot be used."""
    from pennes.margin.compare import compare_surfaces

    found = compare_surfaces(target, zone, organ, required_mm)
    if as_json:
        print(json.dumps(found, indent=2, allow_nan=False))
        for text in found["warnings"]:
            print(f"Warning: {text}", file=sys.stderr)
        return
    lines = [*target_lines({"name": target.stem, **found}), zone_line(found["zone"])]
    if found["subcapsular"] is not None:
        part = found["subcapsular"]
        lines.append(
            f"Left out: {100 * part['excluded_share']:.1f} % of the surface, within {part['depth_mm']:g} mm of the"
            f" organ's; {100 * part['share_below_0']:.1f} % of that is uncovered"
        )
    lines += [found["error"]["statement"], *(f"Warning: {text}" for text in found["warnings"])]
    print("\n".join(lines))
