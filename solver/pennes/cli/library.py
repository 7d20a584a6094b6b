"""``pennes library``: the records that a case can name."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from pennes.errors import InputError, nearest_name

KINDS = ("tissues", "devices")


def show_library(name: str | None, folders: tuple[Path, ...], *, as_json: bool) -> None:
    """Print the list, or one kind of it, or one record. Raises InputError for an unknown name or folder."""
    from pennes.library import list_records

    for folder in folders:
        if not folder.is_dir():
            raise InputError("there is no such folder", file=folder, key="--folder", expected="a folder of own records")
    listed = list_records(folders)
    if name is None or name in KINDS:
        rows = [record for record in listed if name in (None, record.kind)]
        if as_json:
            print(json.dumps([{"kind": r.kind, "name": r.name, "title": r.title, "file": str(r.file)} for r in rows]))
            return
        width = max((len(record.name) for record in rows), default=0)
        for kind in KINDS:
            lines = [f"  {record.name:<{width}}  {record.title}" for record in rows if record.kind == kind]
            if lines:
                print("\n".join([kind, *lines]))
        return
    data = _record(name, folders, {record.name: record.kind for record in listed})
    print(json.dumps(data, indent=2) if as_json else _yaml(data), end="\n" if as_json else "")


def _record(name: str, folders: tuple[Path, ...], kinds: dict[str, str]) -> dict[str, Any]:
    from pennes.library import find_device, find_tissue

    if name not in kinds:
        raise InputError(
            f"the library has no '{name}'",
            expected=" | ".join([*KINDS, *kinds]),
            nearest=nearest_name(name, [*KINDS, *kinds]),
        )
    record = find_tissue(name, folders) if kinds[name] == "tissues" else find_device(name, folders)
    return record.model_dump(mode="json", exclude_none=True)


def _yaml(data: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    writer = YAML(typ="rt")
    writer.default_flow_style = None
    writer.width = 110
    stream = io.StringIO()
    writer.dump(data, stream)
    return stream.getvalue()
