"""``pennes ablatability``: published criteria held against a patient's label map and a plan's zone."""

from __future__ import annotations

import json
from pathlib import Path

from pennes.errors import InputError


def show_criteria(
    patient: Path, zone: Path | None, tumours: tuple[str, ...], table: str | None, reference: Path | None,
    layers: tuple[str, ...], *, as_json: bool,
) -> None:  # fmt: skip
    """Print every criterion with its state. Raises InputError for what cannot be used."""
    from pennes.assessment.patient import assess
    from pennes.imaging import named, read_label_map
    from pennes.imaging.hydrodissection import add_layer

    labels = named(read_label_map(patient, reference), table)
    for text in layers:
        labels = add_layer(labels, _layer(text))
    found = assess(labels, None if zone is None else read_label_map(zone, reference), tumours)
    if as_json:
        print(json.dumps({"criteria": [judgement.plain() for judgement in found]}, indent=2, allow_nan=False))
        return
    for judgement in found:
        rule, figure = judgement.criterion, judgement.measured
        value = "no figure" if figure.value is None else f"{figure.value:.3g} {rule.unit}".strip()
        remark = f" ({figure.remark})" if figure.remark else ""
        print(
            f"{judgement.state.upper():16s}{rule.quantity.replace('_', ' ')} {rule.comparison} {rule.value:g} "
            f"{rule.unit} [{rule.source}, {rule.strength}]: {value}{remark}"
        )
    print("Research use only; not for decisions about patients.")


def _layer(text: str):
    """``ORGAN=10 mm`` as a layer."""
    from pennes.imaging.hydrodissection import Layer
    from pennes.units import parse_quantity

    organ, equals, thickness = text.partition("=")
    key, example = "--hydrodissection", "ORGAN=THICKNESS, such as 'colon=10 mm'"
    if not equals:
        raise InputError(f"'{text}' is no layer", key=key, expected=example)
    try:
        width = parse_quantity(thickness.strip(), "m", "10 mm")
    except ValueError as problem:
        raise InputError(str(problem), key=key) from None
    if width <= 0:
        raise InputError(f"'{thickness}' is no thickness", key=key, expected=example)
    return Layer(organ.strip(), width)
