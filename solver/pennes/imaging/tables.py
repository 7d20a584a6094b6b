"""Names of labels: presets of well-known programs and challenges, and tables that a user brings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from pennes.errors import InputError, nearest_name
from pennes.imaging.label_map import LabelMap


@cache
def presets() -> Mapping[str, Mapping[int, str]]:
    """Label number -> name of every preset, by the preset's name."""
    tables = json.loads(files("pennes.imaging").joinpath("data/tables.json").read_text())
    return {name: {int(n): label for n, label in table["labels"].items()} for name, table in tables.items()}


def label_table(name: str | Path) -> Mapping[int, str]:
    """A preset by name, or a JSON file: ``{"1": "liver"}``, the same under ``labels``, or ``{"liver": 1}``.

    Raises InputError for a name that no preset has and for a file that is no such table.
    """
    if str(name) in presets():
        return presets()[str(name)]
    path = Path(name)
    if not path.is_file():
        known = list(presets())
        raise InputError(
            f"there is no label table '{name}'",
            expected="a JSON file, or one of " + ", ".join(known),
            nearest=nearest_name(str(name), known),
        )
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        table = table.get("labels", table)
        if all(isinstance(value, int) for value in table.values()):
            table = {number: label for label, number in table.items()}
        return {int(number): str(label) for number, label in table.items() if int(number) > 0}
    except (ValueError, AttributeError, TypeError, OSError) as problem:
        raise InputError(
            f"is no label table ({problem})", file=path, expected='JSON such as {"1": "liver", "2": "tumour"}'
        ) from None


def named(labels: LabelMap, table: str | Path | Mapping[int, str] | None) -> LabelMap:
    """``labels`` with names from a table (see ``label_table``); names that the file brought stay where it has none."""
    if table is None:
        return labels
    names = table if isinstance(table, Mapping) else label_table(table)
    return replace(labels, names={**labels.names, **names})
