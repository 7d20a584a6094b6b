"""summary.json: what a run found, in numbers. The keys are a contract; ``python -m pennes.result.summary`` prints the
JSON Schema that documents them.

A key's unit is its ending: ``_mm``, ``_ml``, ``_c`` (degrees Celsius), ``_s``, ``_min``, ``_w``, ``_j``, ``_ohm``,
``_mib``. Fractions and shares run from 0 to 1. null: there is no such number (no zone, generator never on).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from pennes.errors import InputError, SolverError
from pennes.result.blocks import (
    AntennaResult,
    Block,
    CriterionOfAblatability,
    CriterionResult,
    Energy,
    GeneratorResult,
    LabelResult,
    Mesh,
    OrganResult,
    Provenance,
    Solver,
    Target,
    Temperature,
    Time,
    VesselResult,
    Zone,
)

SCHEMA = "pennes.summary/1"


class Summary(Block):
    """Summary of a run (research use only)."""

    model_config = ConfigDict(title="summary.json", populate_by_name=True)

    schema_version: Literal["pennes.summary/1"] = Field(default=SCHEMA, alias="schema")
    title: str = ""
    provenance: Provenance
    mesh: Mesh
    time: Time
    temperature: Temperature
    zone: Zone
    targets: list[Target]
    vessels: list[VesselResult]
    generator: GeneratorResult
    antennas: list[AntennaResult] = []
    energy: Energy
    organs: list[OrganResult]
    labels: list[LabelResult] = []
    ablatability: list[CriterionOfAblatability] = []
    """Of a label map: every published criterion (``pennes ablatability``)."""
    criteria: dict[str, CriterionResult] = {}
    """The verdict with each criterion of death."""
    solver: Solver = Solver()
    warnings: list[str]


def make_summary(data: dict[str, Any] | Summary) -> Summary:
    """The checked summary. Raises SolverError naming the keys that are missing, unknown or not finite."""
    try:
        return data if isinstance(data, Summary) else Summary.model_validate(data)
    except ValidationError as error:
        raise SolverError("the run's summary cannot be written: " + _problems(error)) from None


def summary_text(summary: Summary) -> str:
    """The text of summary.json."""
    return json.dumps(summary.model_dump(mode="json", by_alias=True), indent=2, allow_nan=False) + "\n"


def read_summary(path: Path) -> Summary:
    """Read a summary.json. Raises InputError for a file that cannot be read or is not such a summary."""
    try:
        return Summary.model_validate_json(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the summary: {error.strerror}", file=path) from None
    except ValidationError as error:
        raise InputError("not a summary of this version: " + _problems(error), file=path) from None


def _problems(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors())


def schema_text() -> str:
    """JSON Schema of summary.json."""
    return json.dumps(Summary.model_json_schema(by_alias=True), indent=2) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
