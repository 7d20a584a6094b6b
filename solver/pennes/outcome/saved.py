"""A fit of the two-length hazard as a file, and what it says about a planned treatment.

The file holds draws from the posterior, the strata that were fitted, and where everything came from. The probability of
a plan needs NumPy and SciPy only.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pennes import __version__
from pennes.errors import InputError
from pennes.outcome.hazard import PARAMETERS, Onset, log_surface_integral, progression
from pennes.outcome.surface import Array

if TYPE_CHECKING:
    from pennes.outcome.fit import Fit

SCHEMA = 1
KEPT = 400
"""Draws that are written."""
SHIPPED = Path(__file__).parent / "data" / "recurrence.json"
"""The fit that comes with the program; its ``provenance.zones`` says from which zones."""


def checksums(files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 by name of the files."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


def write_fit(file: Path, fitted: Fit, onset: Onset, provenance: Mapping[str, Any]) -> None:
    """Write a fit of ``TwoLengths``; ``provenance`` (seed, checksums, zones ...) is kept beside versions."""
    rows = np.round(fitted.draws[:: max(1, len(fitted.draws) // KEPT)], 4)
    block = {
        "schema": SCHEMA,
        "model": fitted.model.name,
        "parameters": list(fitted.model.prior.names),
        "best": [round(float(value), 4) for value in fitted.best],
        "interval_95": np.round(fitted.interval(), 4).tolist(),
        "effective_draws": round(fitted.effective, 1),
        "onset": {"mean_months": onset.mean, "deviation_months": onset.deviation, "form": onset.form},
        "strata": list(fitted.used),
        "provenance": {
            "version": __version__,
            "numpy": np.__version__,
            "scipy": importlib.metadata.version("scipy"),
            **provenance,
        },
    }
    head = json.dumps(block, indent=1)[:-2]
    lines = ",\n  ".join(json.dumps(row) for row in rows.tolist())
    file.write_text(f'{head},\n "draws": [\n  {lines}\n ]\n}}\n', encoding="utf-8")


@dataclass(frozen=True)
class SavedFit:
    """What ``write_fit`` wrote."""

    draws: Array
    """(draws, parameters): ``pennes.outcome.hazard.PARAMETERS``."""
    onset: Onset
    strata: tuple[str, ...]
    provenance: Mapping[str, Any]


def read_fit(file: Path = SHIPPED) -> SavedFit:
    """Read a fit. Raises InputError for a file that cannot be used."""
    try:
        block = json.loads(file.read_text(encoding="utf-8"))
        known = PARAMETERS
        if block["schema"] != SCHEMA or tuple(block["parameters"]) != known:
            raise InputError("is a fit of another model or version", file=file, expected=", ".join(known))
        onset = block["onset"]
        return SavedFit(
            draws=np.array(block["draws"], dtype=float).reshape(-1, len(known)),
            onset=Onset(onset["mean_months"], onset["deviation_months"], onset["form"]),
            strata=tuple(block["strata"]),
            provenance=block["provenance"],
        )
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=file, expected="a fit of recurrence") from None
    except (ValueError, KeyError, TypeError) as problem:
        raise InputError(f"is not a fit of recurrence ({problem})", file=file, expected="a fit of recurrence") from None


@dataclass(frozen=True)
class Progression:
    """P(local progression) of a plan by a time."""

    months: float
    ras: str
    """``wild type``, ``mutant`` or ``unknown``."""
    probability: float
    """Mean over the plan's samples, the posterior and centres."""
    low: float
    high: float
    """90 % interval over the posterior and centres, of the mean over the plan's samples."""


def plan_progression(
    margins: ArrayLike,
    areas: ArrayLike,
    fitted: SavedFit | None = None,
    months: Iterable[float] = (12.0, 24.0),
    mutant_share: float = 0.4,
    seed: int = 0,
    level: float = 0.9,
) -> list[Progression]:
    """Local progression of one planned tumour, by RAS status.

    ``margins`` (n, points) mm: signed margin maps of n samples of the plan (placement, tissue, emulator); ``areas``
    (points,) or (n, points) mm2 of one tumour's surface. Each draw of the posterior meets a centre of its own,
    exp(tau N(0, 1)). ``mutant_share`` is for status unknown. Raises ValueError for margins that are not numbers.
    """
    fitted = read_fit() if fitted is None else fitted
    margins = np.atleast_2d(np.asarray(margins, dtype=float))
    rng = np.random.default_rng(seed)
    centre = np.exp(fitted.draws[:, -1]) * rng.normal(size=len(fitted.draws))
    shares = {"wild type": 0.0, "mutant": 1.0, "unknown": mutant_share}
    wild = np.logaddexp(*(fitted.draws[:, part, None] + _integrals(margins, areas, fitted.draws[:, part + 2])
                          for part in (0, 1)))  # fmt: skip
    times = [float(time) for time in months]
    found = []
    for status, share in shares.items():
        for time in times:
            seen = fitted.onset.seen_by(time)
            without, with_it = (
                progression(wild + shift[:, None], seen).mean(axis=1) for shift in (centre, centre + fitted.draws[:, 4])
            )
            risks = (1.0 - share) * without + share * with_it
            low, high = np.quantile(risks, [0.5 - level / 2.0, 0.5 + level / 2.0])
            found.append(Progression(time, status, float(risks.mean()), float(low), float(high)))
    return found


def _integrals(margins: Array, areas: ArrayLike, log_lengths: Array) -> Array:
    """Logarithms (draws, n) of the surface integrals at exp(``log_lengths``) (draws,): linear between 41 lengths, to
    a thousandth, since a question should be answered within a second."""
    low, high = log_lengths.min(), log_lengths.max()
    table = np.array([log_surface_integral(margins, areas, np.exp(length)) for length in np.linspace(low, high, 41)])
    place = (log_lengths - low) / max(high - low, 1e-12) * 40.0
    before = np.minimum(place.astype(int), 39)
    share = (place - before)[:, None]
    return (1.0 - share) * table[before] + share * table[before + 1]
