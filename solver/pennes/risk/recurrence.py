"""Local progression of a planned treatment: the answer's margin maps, and the fit to published series."""

from __future__ import annotations

from typing import Any

import numpy as np

from pennes.outcome.saved import SavedFit, plan_progression, read_fit
from pennes.risk.distributions import SHARES
from pennes.risk.helps import SPHERE, fibonacci_sphere, turned
from pennes.risk.query import Answer, placement, points_of, values_of

SAMPLES = 128
"""Samples whose whole surface is looked at, at most: they take longest."""
MUTANT = 0.4
"""Share of RAS mutants where the status is not known."""


def margin_maps(found: Answer) -> np.ndarray:
    """Signed margins (n, 80) in mm on even points of the tumour's surface, of the first samples of ``found``. The
    emulator's error of a sample is common to its surface."""
    atlas, asked = found.atlas, found.question
    points = points_of(atlas, asked)[:SAMPLES]
    first = len(atlas.inputs)
    error = placement(asked, points[:, first : first + 3], atlas.normal)
    values = values_of(atlas, asked, points, error)
    zones = atlas.emulator.zones(values, with_error=False)
    centre = np.column_stack([values["x"], values["y"], values["z"]])
    seen = centre[:, None, :] + turned(0.5 * asked.tumour_mm * fibonacci_sphere(SPHERE), error, asked)
    seen[..., 1] *= np.where(values["y"] < 0, -1.0, 1.0)[:, None]
    shift = found.margins.sd[: len(points)] * np.interp(points[:, -1], SHARES, atlas.normal)
    return zones.signed_distance(seen) + shift[:, None]


def recurrence(found: Answer, fitted: SavedFit | None = None) -> dict[str, Any]:
    """Probability of local progression by RAS status and time, with 90 % intervals, and the fit it comes from."""
    fitted = read_fit() if fitted is None else fitted
    area = np.full(SPHERE, np.pi * found.question.tumour_mm**2 / SPHERE)
    rows = plan_progression(margin_maps(found), area, fitted, mutant_share=MUTANT)
    return {
        "progression": [
            {"ras": row.ras, "months": row.months, "probability": row.probability, "interval_90": [row.low, row.high]}
            for row in rows
        ],
        "mutant_share_where_unknown": MUTANT,
        "fit": about_fit(fitted),
    }


def about_fit(fitted: SavedFit | None = None) -> dict[str, Any]:
    """From what the fit of progression was made."""
    fitted = read_fit() if fitted is None else fitted
    return {
        "zones": fitted.provenance["zones"],
        "strata": list(fitted.strata),
        "version": fitted.provenance["version"],
        "seed": fitted.provenance["seed"],
    }


def as_lines(data: dict[str, Any]) -> list[str]:
    """What ``recurrence`` says, in lines."""
    lines = ["  local progression, with the 90 % interval between centres and fits:"]
    for status in dict.fromkeys(row["ras"] for row in data["progression"]):
        cells = [
            f"{row['months'] / 12:g} year{'s' if row['months'] > 12 else ''} {100 * row['probability']:.0f} % "
            f"({100 * row['interval_90'][0]:.1f} to {100 * row['interval_90'][1]:.0f} %)"
            for row in data["progression"]
            if row["ras"] == status
        ]
        lines.append(f"    RAS {status}: " + ", ".join(cells))
    return [
        *lines,
        "    for margins as they are simulated here, not as they are measured in patients",
        f"    {fit_line(data['fit'])}",
    ]


def fit_line(fit: dict[str, Any]) -> str:
    """One line of ``about_fit``."""
    series = dict.fromkeys(name.split(",")[0] for name in fit["strata"])
    return f"fitted to {len(fit['strata'])} strata of {', '.join(series)}; zones: {fit['zones']}"
