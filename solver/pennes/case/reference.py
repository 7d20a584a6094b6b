"""The reference page of the case file, and the files in ``configs/`` that are made from the models.

``python -m pennes.case.reference FOLDER`` writes them anew.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pennes.case import models
from pennes.case.accuracy import PRESETS
from pennes.case.schema import json_schema
from pennes.library.devices import DeviceRecord
from pennes.library.find import list_records
from pennes.library.protocols import PROTOCOLS
from pennes.library.records import Dielectric, TissueRecord

INTRODUCTION = """# The case file, key by key

This page is made from the models in `solver/pennes/case` and `solver/pennes/library` (`python -m pennes.case.reference
configs`). Editors that know JSON Schema complete and check keys with `case.schema.json`, `tissue.schema.json` and
`device.schema.json` beside it: put `# yaml-language-server: $schema=../case.schema.json` on the first line of a case.

- Quantities are text with a unit (`25 mm`, `0.52 W/m/K`, `12 min`); any unit of the right kind will do. Only pure
  numbers stand alone. Fractions may be written in percent.
- Where a **tissue** or a **device** is due, write its name (a record of the library, or `NAME.yaml` beside the case or
  in `library/` beside it), or a block with `name` and the values that differ:
  `tissue: {name: liver, perfusion: {value: 0.01 1/s}}`. A bare value stands for `value`: `perfusion: 0.01 1/s`.
- A **protocol** is a name from the device's record, such a name with changes
  (`{name: standard_12min, set_power: 150 W}`), or a block of its own with `mode`.
- **Accuracy** is `screening`, `default` or `fine`, or a block; with `level` it changes single values of that preset.
- The keys of a target's or organ's shape stand beside its own; without `shape` it is a ball.
- Every value can be set on the command line: `--set targets.metastasis.diameter="30 mm"`,
  `--set vessels.0.speed="5 cm/s"`,
  `--set body.tissue.perfusion.value="0.01 1/s"`, `--set accuracy=fine`. Entries of lists go by index or by name.
"""


def generated_files() -> dict[str, str]:
    """Name and text of every generated file of ``configs/``."""
    schemas = {
        f"{document}.schema.json": json.dumps(json_schema(document), indent=1, ensure_ascii=False) + "\n"
        for document in ("case", "tissue", "device")
    }
    return {"REFERENCE.md": reference_page(), **schemas}


def reference_page() -> str:
    """The reference page in markdown: a table of keys for every block, in the order in which they are met."""
    return "\n".join([INTRODUCTION, *sections(models.Case), _presets(), _library()])


def sections(root: type[BaseModel]) -> list[str]:
    """A section of markdown for ``root`` and for every block below it, in the order in which they are met."""
    pending: list[type[BaseModel]] = [root]
    done: list[type[BaseModel]] = []
    while pending:
        model = pending.pop(0)
        if model in done:
            continue
        done.append(model)
        pending += [found for field in model.model_fields.values() for found in _models(field)]
    return [_section(model) for model in done]


def _section(model: type[BaseModel]) -> str:
    lines = [f"## {_title(model)}", ""]
    if model.__doc__ and not model.__doc__.startswith("!!!"):
        lines += [" ".join(model.__doc__.split()).replace("``", "`"), ""]
    lines += ["| key | value | default | |", "|---|---|---|---|"]
    fields = model.model_fields
    if model in (models.Target, models.Organ):
        fields = {("(shape)" if name == "geometry" else name): field for name, field in fields.items()}
    for name, field in fields.items():
        text = " ".join((field.description or "").split()).replace("``", "`").replace("|", "\\|")
        lines.append(f"| `{name}` | {_value(field)} | {_default(model, name, field)} | {text} |")
    return "\n".join(lines) + "\n"


def _title(model: type[BaseModel]) -> str:
    for name, field in (*TissueRecord.model_fields.items(), *Dielectric.model_fields.items()):
        if field.annotation is model:
            return f"Property: {name.replace('_', ' ')}"
    for word in ("shape", "kind", "mode"):
        literal = model.model_fields[word].annotation if word in model.model_fields else None
        if get_origin(literal) is Literal and len(get_args(literal)) == 1 and model is not DeviceRecord:
            return f"{model.__name__} (`{word}: {get_args(literal)[0]}`)"
    return model.__name__


def _default(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    if name == "blood":
        return "`blood`"
    if field.default is PydanticUndefined:
        return "**needed**"
    if isinstance(field.default, BaseModel):
        return "see there"
    if field.default is None:
        return "none"
    if field.default in ((), {}):
        return "empty"
    if isinstance(field.default, tuple) and any(isinstance(item, BaseModel) for item in field.default):
        return "all bare"
    shown = list(field.default) if isinstance(field.default, tuple) else field.default
    return "`" + str(shown).replace("'", "") + "`"


def _value(annotation: Any) -> str:
    """What may be written, in words."""
    metadata: tuple[Any, ...] = ()
    while isinstance(annotation, FieldInfo) or hasattr(annotation, "__metadata__"):
        if isinstance(annotation, FieldInfo):
            metadata, annotation = (*metadata, *annotation.metadata), annotation.annotation
        else:
            metadata, annotation = (*metadata, *annotation.__metadata__), get_args(annotation)[0]
    for item in metadata:
        if isinstance(item, WithJsonSchema) and item.json_schema:
            return f"such as `{item.json_schema['examples'][0]}`"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(_value(member) for member in arguments if member is not type(None))
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"list of: {_value(arguments[0])}"
        return f"{len(arguments)} values: {_value(arguments[0])}"
    if origin is dict:
        return f"by name: {_value(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _link(annotation)
    if annotation is Any:
        return "any value"
    return {str: "text", bool: "`true` or `false`", int: "integer", float: "number"}[annotation]


def _link(model: type[BaseModel]) -> str:
    named = {TissueRecord: "name or ", DeviceRecord: "name or "}.get(model, "")
    title = _title(model)
    anchor = "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")
    return f"{named}[{title.replace('`', '')}](#{anchor})"


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, FieldInfo):
        return _models(annotation.annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _presets() -> str:
    """What each preset of accuracy changes."""
    lines = ["## Presets of accuracy", "", "| key | " + " | ".join(PRESETS) + " |", "|---" * (len(PRESETS) + 1) + "|"]
    base = models.Accuracy().model_dump(mode="json")
    levels = {name: models.Accuracy.model_validate(values).model_dump(mode="json") for name, values in PRESETS.items()}
    for key in base:
        if key == "level":
            continue
        for inner in base[key] if isinstance(base[key], dict) else (None,):
            row = [level[key] if inner is None else level[key][inner] for level in levels.values()]
            name = key if inner is None else f"{key}.{inner}"
            lines.append(f"| `{name}` | " + " | ".join(str(value) for value in row) + " |")
    return "\n".join(lines) + "\n"


def _library() -> str:
    lines = ["## Names of the library", "", "| name | | what |", "|---|---|---|"]
    lines += [f"| `{record.name}` | {record.kind[:-1]} | {record.title} |" for record in list_records()]
    lines += ["", f"Modes of protocols: {', '.join(f'`{mode}`' for mode in PROTOCOLS)}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for file, text in generated_files().items():
        (Path(sys.argv[1]) / file).write_text(text, encoding="utf-8")
