"""``pennes ensemble collect``: one table with every input, every value of the summaries and where they come from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennes.ensemble.folder import CohortFolder, write_file
from pennes.ensemble.manifest import NONE, Manifest, read_manifest
from pennes.ensemble.states import SUMMARY, CaseState, states
from pennes.errors import InputError

if TYPE_CHECKING:
    import pyarrow

RECORD = ("base_sha256", "host", "job", "worker", "started", "ended", "cpu_s", "attempt")
"""What the columns ``run.*`` hold; ``cpu_s``: processor time, summed over ranks."""


@dataclass(frozen=True)
class Table:
    """Columns of equal length by name, in their order; None where a case has no such value.

    ``case`` (number of the row), ``key``, ``state``, ``message``; ``input.NAME`` in the unit of ``units`` (None where a
    vessel is absent); the
    summary's values, blocks joined by dots, entries of lists by name or number; ``run.*`` of where it was run.
    """

    columns: dict[str, list[Any]]
    units: dict[str, str]
    """Of the columns ``input.*``."""
    header: dict[str, Any]
    """What ``cohort.json`` says."""

    def __len__(self) -> int:
        return len(self.columns["case"])


def collect(folder: CohortFolder) -> Table:
    """The table of the cohort in ``folder``: a row a row of the manifest, whatever has become of it.

    Raises InputError where there is no cohort.
    """
    manifest = read_manifest(folder)
    found = states(folder, manifest)
    by_key = {key: _values(folder, key, state) for key, state in found.items()}
    rows = [_row(manifest, number, found, by_key) for number in range(len(manifest.rows))]
    names = dict.fromkeys(name for row in rows for name in row)
    order = sorted(names, key=lambda name: (name.startswith(("provenance.", "run.")), list(names).index(name)))
    given = {f"input.{item['name']}": item["unit"] for item in manifest.header["inputs"]}
    return Table({name: [row.get(name) for row in rows] for name in order}, given, manifest.header)


def _row(
    manifest: Manifest, number: int, found: dict[str, CaseState], by_key: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    row = manifest.rows[number]
    values = by_key[row.key]
    state = values.get("state", found[row.key].state)
    head = {"case": row.number, "key": row.key, "state": state,
            "message": values.get("message") or found[row.key].message or None}  # fmt: skip
    inputs = {
        f"input.{item['name']}": None if value == NONE and item["unit"] else value
        for item, value in zip(manifest.header["inputs"], row.values, strict=True)
    }
    rest = {name: value for name, value in values.items() if name not in ("state", "message")}
    return {**head, **inputs, **rest, "provenance.settings_sha256": row.sha256}


def _values(folder: CohortFolder, key: str, state: CaseState) -> dict[str, Any]:
    """What is known of a case, by column."""
    if state.state != "done":
        return {}
    try:
        summary = json.loads((folder.result(key) / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        return {"state": "failed", "message": f"{SUMMARY} cannot be read: {problem}"}
    values = dict(flat(summary))
    try:
        record = json.loads(folder.beside(key, "run").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = {}
    return values | {f"run.{name}": record.get(name) for name in RECORD}


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values of a summary: blocks joined by dots, entries of lists by ``name``, short lists of numbers by
    number; what else is a list is JSON text."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        for item in value:
            yield from flat({key: inner for key, inner in item.items() if key != "name"}, f"{name}.{item['name']}")
    elif isinstance(value, list) and value and len(value) <= 6 and all(_is_number(item) for item in value):
        for number, item in enumerate(value):
            yield f"{name}.{number}", item
    elif isinstance(value, list):
        yield name, json.dumps(value, ensure_ascii=False) if value else None
    else:
        yield name, value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def write_table(table: Table, path: Path) -> None:
    """Write a Parquet file; units and the cohort's header are its metadata. Raises InputError where it cannot be
    written or pyarrow is not installed."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            "pyarrow is not installed, which tables need", expected="'pip install pennes[cohort]', or --csv alone"
        ) from None
    stream = io.BytesIO()
    pyarrow.parquet.write_table(as_arrow(table), stream)
    write_file(path, stream.getvalue())


def as_arrow(table: Table) -> pyarrow.Table:
    """The table for pyarrow (``.to_pandas()`` for pandas)."""
    import pyarrow

    arrays, fields = [], []
    for name, values in table.columns.items():
        array = pyarrow.array(_of_one_kind(values))
        metadata = {"unit": table.units[name]} if name in table.units else None
        fields.append(pyarrow.field(name, array.type, metadata=metadata))
        arrays.append(array)
    schema = pyarrow.schema(fields, metadata={"pennes.cohort": json.dumps(table.header)})
    return pyarrow.table(arrays, schema=schema)


def _of_one_kind(values: list[Any]) -> list[Any]:
    """Numbers as they are (all as floats where one is), anything mixed with words as words."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} or kinds <= {bool} or kinds <= {str}:
        return values
    if kinds <= {int, float}:
        return [None if value is None else float(value) for value in values]
    return [None if value is None else value if isinstance(value, str) else repr(value) for value in values]


def write_csv(table: Table, path: Path) -> None:
    """Write a CSV file; the unit of an input stands in brackets after its name. Raises InputError."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([f"{name} [{table.units[name]}]" if table.units.get(name) else name for name in table.columns])
    for row in zip(*table.columns.values(), strict=True):
        writer.writerow(["" if value is None else repr(value) if isinstance(value, float) else value for value in row])
    write_file(path, stream.getvalue())
