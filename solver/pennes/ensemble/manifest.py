"""The manifest: which cases the cohort has, written once and read by everything that comes after.

Reading it needs none of what makes it: ``status`` is quick.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pennes.ensemble.folder import CohortFolder
from pennes.errors import InputError

NONE = "none"
"""Value of an input whose object is absent in a case."""
_FIRST, _LAST = ("case", "sha256"), "settings"


@dataclass(frozen=True)
class Row:
    """A case of the cohort."""

    number: int
    """From 0, in the order of the design."""
    sha256: str
    """Of its settings and the cohort's own: cases with the same settings are one."""
    values: tuple[float | str, ...]
    """Of the inputs, in their units."""
    settings_text: str
    """``settings`` as JSON."""

    @property
    def settings(self) -> tuple[str, ...]:
        """``KEY=VALUE``, to be put into the cohort's base case."""
        return tuple(json.loads(self.settings_text))

    @property
    def key(self) -> str:
        """Name of the case's folder."""
        return self.sha256[:16]


@dataclass(frozen=True)
class Manifest:
    """What the cohort's folder says of the cohort."""

    header: dict[str, Any]
    names: tuple[str, ...]
    rows: tuple[Row, ...]

    def settings(self, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Settings of the cases with these keys."""
        texts = {row.key: row.settings_text for row in self.rows}
        return {key: tuple(json.loads(texts[key])) for key in keys}


def manifest_text(names: Sequence[str], rows: Sequence[Row], shares: Sequence[Sequence[float]]) -> str:
    """Text of ``manifest.csv``; ``shares`` (n cases, d inputs) are the quantiles that the design chose."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_FIRST, *names, *(f"share:{name}" for name in names), _LAST])
    for row, quantiles in zip(rows, shares, strict=True):
        values = [repr(value) if isinstance(value, float) else value for value in row.values]
        writer.writerow([row.number, row.sha256, *values, *map(repr, quantiles), row.settings_text])
    return stream.getvalue()


def read_manifest(folder: CohortFolder) -> Manifest:
    """The manifest in ``folder``. Raises InputError where there is none, or one that is damaged."""
    header = folder.read_header()
    if header is None:
        raise InputError("there is no cohort here yet", file=folder.path, expected="'pennes ensemble run' first, or -o")
    names = tuple(given["name"] for given in header["inputs"])
    try:
        with open(folder.manifest_file, encoding="utf-8", newline="") as file:
            # All at once: line by line Python's allocator can end up asking the system for memory at every line.
            columns, *lines = list(csv.reader(file)) or [[]]
            first, last = len(_FIRST), len(_FIRST) + len(names)
            rows = tuple(Row(int(line[0]), line[1], tuple(map(_value, line[first:last])), line[-1]) for line in lines)
    except (OSError, ValueError, IndexError) as problem:
        raise InputError(f"cannot be read ({problem})", file=folder.manifest_file) from None
    if tuple(columns[first:last]) != names or len(rows) != header["cases"]:
        raise InputError(
            "does not belong to cohort.json beside it",
            file=folder.manifest_file,
            expected="both from the same 'pennes ensemble run'; run it again after removing cohort.json",
        )
    return Manifest(header, names, rows)


def read_shares(folder: CohortFolder, count: int) -> list[list[float]]:
    """Quantiles (n cases, d inputs) of the manifest's rows."""
    with open(folder.manifest_file, encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return [[float(cell) for cell in line[len(_FIRST) + count : len(_FIRST) + 2 * count]] for line in lines]


def _value(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell
