"""What may be written in a case, a tissue or a device file: JSON Schema for editors, made from the models.

The schemas describe the file, not the resolved case: a name of the library, a block that changes some values of a
named record, or a complete block; the keys of a shape beside the target's own; presets of accuracy.
"""

from __future__ import annotations

import copy
import json
from typing import Any, Literal

from pennes.case.accuracy import PRESETS
from pennes.case.models import Case
from pennes.library.devices import DeviceRecord
from pennes.library.find import list_records
from pennes.library.protocols import PROTOCOLS
from pennes.library.records import TissueRecord

Document = Literal["case", "tissue", "device"]
Schema = dict[str, Any]
VESSELS = ("Vessel", "VesselFile", "GrownVessel")


def json_schema(document: Document = "case") -> Schema:
    """JSON Schema (draft 2020-12) of a file of this kind."""
    if document != "case":
        model = TissueRecord if document == "tissue" else DeviceRecord
        return _headed(_optional_names(_readable(model.model_json_schema())), f"A {document} of the library of pennes")
    schema = _readable(Case.model_json_schema())
    definitions = schema["$defs"]
    for key in ("Target", "Organ"):
        definitions[key] = _with_shape(definitions[key], definitions)
    bodies = ("Box", "BallBody", "CylinderBody", "HalfSpace", "MeshBody", "LabelBody", "LabelVessel")
    for key in (*bodies, *VESSELS):
        definitions[key]["required"] = [name for name in definitions[key]["required"] if name != "blood"]
    applicator = definitions["Applicator"]
    applicator["required"].remove("direction")
    applicator["properties"]["entry"] = {
        **applicator["properties"]["tip"],
        "description": "Point of entry, instead of `direction`: the device points from it to the tip.",
    }
    applicator["anyOf"] = [{"required": ["direction"]}, {"required": ["entry"]}]
    definitions["TissueBlock"] = _partial(definitions["TissueRecord"])
    definitions["DeviceBlock"] = _partial(definitions["DeviceRecord"])
    for name in [name for name in definitions if name.startswith("Property_")]:
        definitions[name] = _shorthand(definitions[name])
    tissue = _named("a tissue", "tissues", "TissueBlock")
    device = _named("a device", "devices", "DeviceBlock")
    for name in (*bodies, "Target", "Organ", *VESSELS, "Applicator"):
        _replace_references(definitions[name], {"#/$defs/TissueRecord": tissue, "#/$defs/DeviceRecord": device})
    schema["properties"]["protocol"] = _protocol(schema["properties"]["protocol"], definitions)
    schema["properties"]["accuracy"] = {
        "description": "A preset, or a block; a block with `level` changes single values of that preset.",
        "anyOf": [{"enum": list(PRESETS)}, {"$ref": "#/$defs/Accuracy"}],
    }
    return _headed(schema, "A case of pennes")


def _headed(schema: Schema, title: str) -> Schema:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _readable(schema: Schema) -> Schema:
    """The schema with short names of the definitions of properties instead of pydantic's."""
    text = json.dumps(schema)
    definitions = schema["$defs"]
    holders = (definitions.get("TissueRecord", schema), definitions.get("Dielectric", {"properties": {}}))
    for name, item in (entry for holder in holders for entry in holder["properties"].items()):
        reference = item.get("$ref", "").removeprefix("#/$defs/")
        if "Property_" in reference:
            text = text.replace(f'"{reference}"', f'"Property_{name}"')
            text = text.replace(f'$defs/{reference}"', f'$defs/Property_{name}"')
    readable = json.loads(text)
    for name, definition in readable["$defs"].items():
        if name.startswith("Property_"):
            definition["title"] = f"Property: {name.removeprefix('Property_').replace('_', ' ')}"
    return readable


def _partial(definition: Schema) -> Schema:
    """A block that changes some values of the record it names."""
    return {**copy.deepcopy(definition), "required": ["name"]}


def _optional_names(schema: Schema) -> Schema:
    """A record's name may be left out: it is the file's."""
    schema["required"] = [name for name in schema["required"] if name != "name"]
    return schema


def _shorthand(definition: Schema) -> Schema:
    """A property inside a case: only what changes, or its bare value."""
    block = {key: item for key, item in definition.items() if key != "required"}
    return {"anyOf": [definition["properties"]["value"], block], "description": definition.get("description", "")}


def _named(what: str, kind: str, block: str) -> Schema:
    examples = [record.name for record in list_records() if record.kind == kind]
    name = {"type": "string", "description": f"Name of {what} of the library or of a file beside the case"}
    return {"anyOf": [{**name, "examples": examples}, {"$ref": f"#/$defs/{block}"}]}


def _with_shape(definition: Schema, definitions: dict[str, Schema]) -> Schema:
    """A target or an organ with its shape's keys beside its own (or in ``geometry``)."""
    own = copy.deepcopy(definition["properties"])
    shapes = [reference.rpartition("/")[2] for reference in own["geometry"]["discriminator"]["mapping"].values()]
    common = {key: item for key, item in own.items() if key != "geometry"}
    required = [key for key in definition.get("required", []) if key != "geometry"]
    beside = []
    for shape in shapes:
        keys, needed = definitions[shape]["properties"], definitions[shape].get("required", [])
        beside.append(
            {
                "type": "object",
                "title": shape,
                "properties": {**copy.deepcopy(common), **copy.deepcopy(keys)},
                "required": [*required, *needed],
                "additionalProperties": False,
            }
        )
    inside = {**definition, "properties": own, "required": [*required, "geometry"]}
    return {"anyOf": [*beside, inside], "description": definition.get("description", "")}


def _protocol(union: Schema, definitions: dict[str, Schema]) -> Schema:
    """A name, a block that changes values of the named protocol, or a complete block with ``mode``."""
    properties: Schema = {}
    for model in PROTOCOLS.values():
        properties |= copy.deepcopy(definitions[model.__name__]["properties"])
    properties["mode"] = {"enum": list(PROTOCOLS)}
    definitions["ProtocolBlock"] = {
        "type": "object",
        "description": "Changes some values of the device's protocol of this name.",
        "properties": properties,
        "required": ["name"],
        "additionalProperties": False,
    }
    name = {"type": "string", "description": "Name of a protocol of the device's record"}
    return {"anyOf": [name, {"$ref": "#/$defs/ProtocolBlock"}, union]}


def _replace_references(node: Any, replacements: dict[str, Schema]) -> None:
    """Replace, in place, every reference to a record by what may stand for it."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, item in list(items):
        reference = item.get("$ref") if isinstance(item, dict) else None
        if reference in replacements:
            rest = {name: value for name, value in item.items() if name != "$ref"}
            node[key] = {**copy.deepcopy(replacements[reference]), **rest}
        else:
            _replace_references(item, replacements)
