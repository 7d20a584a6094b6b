"""The manifest: which cases the cohort has, written once and read by everything that comes after."""

from __future__ import annotations

import csv
import difflib
import io
import json
from dataclasses import dataclass
from typing import Any

from pennes import __version__
from pennes.ensemble.designs import block
from pennes.ensemble.folder import SCHEMA, CohortFolder, write_file
from pennes.ensemble.plan import Plan, Row
from pennes.errors import InputError

_FIRST, _LAST = ("case", "sha256"), "settings"


@dataclass(frozen=True)
class Manifest:
    """What the cohort's folder says of the cohort."""

    header: dict[str, Any]
    names: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def settings_by_key(self) -> dict[str, tuple[str, ...]]:
        """Settings of every different case, by key."""
        return {row.key: row.settings for row in self.rows}


def settle(plan: Plan, folder: CohortFolder, *, accept_changed_base: bool = False) -> Manifest:
    """The manifest of ``plan`` in ``folder``, written where it is new or the cohort has changed.

    Raises InputError where the base case is another than that of the folder's cases, unless that is accepted.
    """
    header = folder.read_header()
    base = folder.base_file(plan.base_text)
    if header is not None and header["base"]["sha256"] != plan.base_sha256 and not accept_changed_base:
        raise _changed_base(plan, folder, header)
    known = None if header is None else (header["definition_sha256"], header["base"]["sha256"], header["base"]["file"])
    if header is not None and known == (plan.definition_sha256, plan.base_sha256, base.name):
        # The rows that were written count: another version of a library may draw other samples.
        return read_manifest(folder)
    if not base.exists():
        write_file(base, plan.base_text)
    before = [] if header is None else header["base"]["earlier"]
    if header is not None and header["base"]["sha256"] != plan.base_sha256:
        before = [*before, header["base"]["sha256"]]
    new = _header(plan, base.name, before)
    write_file(folder.manifest_file, _text(plan))
    write_file(folder.header_file, json.dumps(new, indent=2) + "\n")
    return Manifest(new, plan.names, plan.rows)


def _header(plan: Plan, base: str, before: list[str]) -> dict[str, Any]:
    cohort = plan.cohort
    return {
        "schema": SCHEMA,
        "title": cohort.title,
        "version": __version__,
        "cohort_file": plan.file.name,
        "definition_sha256": plan.definition_sha256,
        "base": {"sha256": plan.base_sha256, "file": base, "earlier": before},
        "design": cohort.design.model_dump(mode="json"),
        "block": block(cohort.design, len(plan.names)),
        "inputs": [
            {"name": name, "unit": unit, "meaning": meaning}
            for name, unit, meaning in zip(plan.names, plan.units, plan.meanings, strict=True)
        ],
        "cases": len(plan.rows),
        "keep": cohort.keep,
    }


def _text(plan: Plan) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_FIRST, *plan.names, *(f"share:{name}" for name in plan.names), _LAST])
    for row, shares in zip(plan.rows, plan.shares.tolist(), strict=True):
        values = [repr(value) if isinstance(value, float) else value for value in row.values]
        settings = json.dumps(row.settings, ensure_ascii=False)
        writer.writerow([row.number, row.sha256, *values, *map(repr, shares), settings])
    return stream.getvalue()


def read_manifest(folder: CohortFolder) -> Manifest:
    """The manifest in ``folder``. Raises InputError where there is none, or one that is damaged."""
    header = folder.read_header()
    if header is None:
        raise InputError("there is no cohort here yet", file=folder.path, expected="'pennes ensemble run' first, or -o")
    names = tuple(given["name"] for given in header["inputs"])
    try:
        with open(folder.manifest_file, encoding="utf-8", newline="") as file:
            lines = csv.reader(file)
            columns = next(lines, [])
            first, last = len(_FIRST), len(_FIRST) + len(names)
            rows = tuple(
                Row(int(line[0]), line[1], tuple(map(_value, line[first:last])), tuple(json.loads(line[-1])))
                for line in lines
            )
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


def _changed_base(plan: Plan, folder: CohortFolder, header: dict[str, Any]) -> InputError:
    """Says in which line the base case differs from the one that the folder's cases were made of."""
    where = ""
    try:
        old = (folder.path / header["base"]["file"]).read_text(encoding="utf-8").splitlines()
    except OSError:
        old = []
    changes = [line for line in difflib.unified_diff(old, plan.base_text.splitlines(), n=0, lineterm="")][2:]
    gone = next((line[1:].strip() for line in changes if line.startswith("-")), None)
    come = next((line[1:].strip() for line in changes if line.startswith("+")), None)
    if gone is not None or come is not None:
        where = f": it had '{_short(gone)}' and has '{_short(come)}'"
    return InputError(
        f"the base case has changed since the cohort in '{folder.path}' was begun{where}",
        file=plan.file.parent / plan.cohort.base,
        expected="the same base case; another folder (-o); or --accept-changed-base: cases that are done stay",
    )


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= 80 else text[:77] + "..."
