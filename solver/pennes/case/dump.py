"""From a case back to text, and its fingerprint."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

from pennes.case.models import Case
from pennes.errors import InputError

FIRST = ("title", "name", "shape", "kind", "mode", "mesh")
"""Keys that people look for first."""
LONGEST = 100
"""Characters of a block that is written on one line."""


def dump(case: Case) -> str:
    """YAML text with every default written out; loaded again it gives an equal case, without any library."""
    from ruamel.yaml import YAML

    writer = YAML(typ="rt")
    writer.width = 10_000  # no line is broken: short blocks stand on one line, the others one key a line
    writer.representer.add_representer(type(None), _write_null)
    stream = io.StringIO()
    writer.dump(_styled(_plain(case)), stream)
    return stream.getvalue()


def case_sha256(case: Case) -> str:
    """Hex digest of the case's text; the user's mesh counts by its content, not by where it lies.

    Raises InputError if the mesh file cannot be read any more.
    """
    data = _plain(case)
    if "mesh" in data["body"]:
        file = Path(data["body"]["mesh"])
        try:
            with file.open("rb") as stream:
                data["body"]["mesh"] = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as problem:
            raise InputError(f"cannot be read ({problem.strerror})", file=file, key="body.mesh") from None
    return hashlib.sha256(repr(data).encode()).hexdigest()


def _plain(case: Case) -> dict[str, Any]:
    """Text and numbers, the keys of shapes beside the target's own as people write them."""
    data = case.model_dump(mode="json")
    for entry in (*data["targets"], *data["organs"]):
        entry.update(entry.pop("geometry"))
    records = [protocol for part in data["applicators"] for protocol in part["device"]["protocols"].values()]
    for protocol in (data["protocol"], *records):
        for change in protocol["schedule"]:
            for name in [name for name, value in change.items() if value is None]:
                del change[name]  # an entry of the schedule says only what changes
    return data


def _styled(value: Any) -> Any:
    """ruamel's containers: short ones without containers of their own on one line, names and kinds first."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, dict):
        order = [key for key in FIRST if key in value] + [key for key in value if key not in FIRST]
        styled: Any = CommentedMap((key, _styled(value[key])) for key in order)
    elif isinstance(value, list):
        styled = CommentedSeq(_styled(item) for item in value)
    else:
        return value
    parts = value.values() if isinstance(value, dict) else value
    nested = any(isinstance(part, (dict, list)) and part for part in parts)
    if not nested and len(str(value)) < LONGEST:
        styled.fa.set_flow_style()
    else:
        styled.fa.set_block_style()
    return styled


def _write_null(representer: Any, value: None) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")
