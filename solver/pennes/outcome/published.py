"""Published rates of local progression: the tables, and which of their rows may be used for what."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pennes.errors import InputError, nearest_name
from pennes.outcome.cohort import VirtualSeries
from pennes.outcome.description import SeriesDescription
from pennes.outcome.observation import written_down

USES = ("calibrate", "test", "excluded")


@dataclass(frozen=True)
class Stratum:
    """One row of a table: tumours of one series within limits, and how many of them progressed."""

    series: str
    """Name of the series' description."""
    label: str
    by: str
    """``size`` or ``margin``."""
    low: float
    """mm: diameter from (inclusive), or margin from (inclusive)."""
    high: float
    """mm: diameter to (exclusive), or margin to (inclusive unless the next stratum begins there)."""
    mutant: bool | None
    """RAS status, None where not told apart."""
    rate: float
    n: int | None
    events: int | None
    horizon: float | None
    """Months of a Kaplan-Meier rate; None for a crude one, which is over each tumour's follow-up."""
    use: str

    @property
    def name(self) -> str:
        return f"{self.series}, {self.label}"

    def members(self, patients: VirtualSeries, series: SeriesDescription) -> NDArray[np.bool_]:
        """Mask (n,) of the virtual patients inside the limits of size, or of the margin as that series read it."""
        if self.by == "size":
            diameter = 2.0 * patients.tumours.radius
            return (diameter >= self.low) & (diameter < self.high)
        read = written_down(patients.read_2d if series.margin == "2D" else patients.read_3d)
        return (read >= self.low) & (read <= self.high)


def read_strata(folder: Path, series: Mapping[str, SeriesDescription]) -> list[Stratum]:
    """Rows of ``recurrence_by_size.csv`` and ``recurrence_by_margin.csv`` in ``folder`` that are not excluded.

    A row that holds other rows of the same series and table is left out, so that no tumour is counted twice in one
    table. Raises InputError, with file and line, for a row that cannot be used or whose series is not described.
    """
    names = {published: name for name, one in series.items() for published in one.published}
    found = []
    for by, file in (("size", "recurrence_by_size.csv"), ("margin", "recurrence_by_margin.csv")):
        rows = [_stratum(row, by, names, folder / file, line) for line, row in _rows(folder / file)]
        found += _leaves([row for row in rows if row is not None])
    return found


def chosen(strata: Iterable[Stratum], use: str) -> list[Stratum]:
    """The strata of one use."""
    return [stratum for stratum in strata if stratum.use == use]


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=file, expected="a table of rates") from None
    kept = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    reader = csv.DictReader([line for _, line in kept])
    return [(number, row) for (number, _), row in zip(kept[1:], reader, strict=True)]


def _stratum(row: dict[str, str], by: str, names: Mapping[str, str], file: Path, line: int) -> Stratum | None:
    def refuse(key: str, problem: str, expected: str, nearest: str | None = None) -> InputError:
        return InputError(problem, file=file, line=line, key=key, expected=expected, nearest=nearest)

    def number(key: str, default: float | None) -> float | None:
        text = (row.get(key) or "").strip()
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            raise refuse(key, f"'{text}' is not a number", "a number or nothing") from None
        if not np.isfinite(value) or value < 0.0:
            raise refuse(key, f"{text} is negative or not finite", "a number from 0 on")
        return value

    use = (row.get("use") or "").strip()
    if use not in USES:
        raise refuse("use", f"there is no '{use}' here", " | ".join(USES), nearest_name(use, USES))
    if use == "excluded":
        return None
    if row["series"] not in names:
        raise refuse(
            "series", f"'{row['series']}' is not described", "a description", nearest_name(row["series"], names)
        )
    rate = number("rate_percent", None)
    if rate is None or rate > 100.0:
        raise refuse("rate_percent", "is missing or above 100", "a rate from 0 to 100")
    n, events = number("n", None), number("events", None)
    if (n is None) != (events is None) or (n is not None and events is not None and events > n):
        raise refuse("events", "does not belong to n", "both or none, at most n events")
    scale = 10.0 if by == "size" else 1.0
    unit = "cm" if by == "size" else "mm"
    low, high = number(f"{by}_min_{unit}", 0.0), number(f"{by}_max_{unit}", np.inf)
    stratum = row["stratum"]
    label = stratum if by == "size" else f"margin {_span(row)}" + ("" if stratum == "all" else f", {stratum}")
    return Stratum(
        series=names[row["series"]],
        label=label,
        by=by,
        low=low * scale,
        high=high * scale,
        mutant={"RAS mutant": True, "RAS wild type": False}.get(stratum),
        rate=rate / 100.0,
        n=None if n is None else int(n),
        events=None if events is None else int(events),
        horizon=number("horizon_months", None),
        use=use,
    )


def _span(row: dict[str, str]) -> str:
    low, high = row["margin_min_mm"], row["margin_max_mm"]
    if not low and not high:
        return "any"
    return f"{low} mm" if low == high else f"{low}-{high} mm" if high else f">={low} mm"


def _leaves(rows: Sequence[Stratum]) -> list[Stratum]:
    """Rows that hold no other row; a margin that another row begins at belongs to that one."""

    def alike(one: Stratum, other: Stratum) -> bool:
        return one is not other and (one.series, one.mutant) == (other.series, other.mutant)

    leaves = [
        row
        for row in rows
        if not any(
            alike(row, other)
            and row.low <= other.low
            and other.high <= row.high
            and (row.low, row.high) != (other.low, other.high)
            for other in rows
        )
    ]
    return [
        Stratum(**{**vars(row), "high": np.nextafter(row.high, 0.0)})
        if row.by == "margin" and any(alike(row, other) and other.low == row.high != row.low for other in leaves)
        else row
        for row in leaves
    ]
