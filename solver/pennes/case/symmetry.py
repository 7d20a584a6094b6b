"""What an axisymmetric treatment must be: one straight applicator on the axis, and everything else around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennes.library.records import refuse

if TYPE_CHECKING:
    from pennes.case.models import Case

BODIES = ("cylinder", "ball")
OFF = 1e-6
"""m, or sine of an angle: what is nearer to the axis is on it."""
_FULL = "or body.form: full"


def check_axisymmetric(case: Case) -> None:
    """Raises the error of a validator for the first part that breaks the symmetry asked for with ``body.form``."""
    body = case.body
    if body.form != "axisymmetric":
        return
    shape = getattr(body, "shape", "given")
    if shape not in BODIES:
        word = "a mesh or a label map" if shape == "given" else f"a {shape.replace('_', ' ')}"
        raise refuse(f"{word} is not axisymmetric", "body", "form", expected=f"shape: {' | '.join(BODIES)}, {_FULL}")
    if len(case.applicators) > 1:
        problem = "a second applicator breaks the symmetry around the first"
        raise refuse(problem, "applicators", 1, expected=f"one applicator, {_FULL}")
    axis = _unit(body.axis if shape == "cylinder" else case.applicators[0].direction)
    _check_applicator(case, axis)
    for index, vessel in enumerate(case.vessels):
        problem = f"the vessel '{vessel.name}' runs beside the axis: it breaks the symmetry"
        raise refuse(problem, "vessels", index, expected=f"no vessels, {_FULL}")
    for key in ("targets", "organs"):
        for index, part in enumerate(getattr(case, key)):
            _check_shape(case, axis, part, key, index)
    if case.accuracy.element_degree != 1:
        problem = "there are no quadratic elements for axisymmetric treatments"
        raise refuse(problem, "accuracy", "element_degree", expected=f"1, {_FULL}")


def _check_applicator(case: Case, axis: Sequence[float]) -> None:
    applicator = case.applicators[0]
    device, name = applicator.device, applicator.name
    if applicator.field == "full":
        problem = "a field in three dimensions does not belong to an axisymmetric treatment"
        raise refuse(problem, "applicators", 0, "field", expected=f"axisymmetric, {_FULL}")
    if _sine(applicator.direction, axis) > OFF:
        problem = f"'{name}' is not inserted along the axis of the body"
        raise refuse(problem, "applicators", 0, "direction", expected=f"{_written(axis)} or its opposite, {_FULL}")
    if (off := _distance(applicator.tip, case.body.centre, axis)) > OFF:
        problem = f"the tip of '{name}' lies {1e3 * off:.4g} mm beside the axis of the body"
        raise refuse(problem, "applicators", 0, "tip", expected=f"a tip on the axis, {_FULL}")
    if device.tines:
        problem = f"the tines of '{device.name}' break the symmetry around its shaft"
        raise refuse(problem, "applicators", 0, expected=f"a device with one straight shaft, {_FULL}")
    if len(device.shafts) > 1:
        problem = f"'{device.name}' has {len(device.shafts)} shafts, which cannot all be on the axis"
        raise refuse(problem, "applicators", 0, expected=f"a device with one straight shaft, {_FULL}")
    if math.hypot(*device.shafts[0].offset[:2]) > OFF:
        problem = f"the shaft of '{device.name}' is offset from the axis"
        raise refuse(problem, "applicators", 0, expected=f"a shaft without offset, {_FULL}")


def _check_shape(case: Case, axis: Sequence[float], part, key: str, index: int) -> None:
    geometry, word = part.geometry, "target" if key == "targets" else "organ"
    if geometry.shape not in ("ball", "ellipsoid"):
        problem = f"the {word} '{part.name}' is not a body of revolution (shape: {geometry.shape})"
        raise refuse(problem, key, index, "geometry", "shape", expected=f"ball | ellipsoid, {_FULL}")
    if (off := _distance(geometry.centre, case.body.centre, axis)) > OFF:
        problem = f"the {word} '{part.name}' is centred {1e3 * off:.4g} mm beside the axis of the body"
        raise refuse(problem, key, index, "geometry", "centre", expected=f"a centre on the axis, {_FULL}")
    if geometry.shape == "ellipsoid":
        first, second, third = geometry.diameters
        round_about_own = abs(first - second) <= OFF
        if not round_about_own or (_sine(geometry.axis, axis) > OFF and abs(third - first) > OFF):
            problem = f"the {word} '{part.name}' is not round about the axis of the body"
            expected = f"two equal diameters and then that along axis: {_written(axis)}, {_FULL}"
            raise refuse(problem, key, index, "geometry", "diameters", expected=expected)


def _unit(direction: Sequence[float]) -> tuple[float, ...]:
    length = math.hypot(*direction)
    return tuple(x / length for x in direction)


def _sine(direction: Sequence[float], axis: Sequence[float]) -> float:
    """Sine of the angle between a direction and the (unit) axis."""
    return _across(_unit(direction), axis)


def _distance(point: Sequence[float], origin: Sequence[float], axis: Sequence[float]) -> float:
    """Distance of a point from the line through ``origin`` along the (unit) ``axis``, in m."""
    return _across([a - b for a, b in zip(point, origin, strict=True)], axis)


def _across(vector: Sequence[float], axis: Sequence[float]) -> float:
    (x, y, z), (a, b, c) = vector, axis
    return math.hypot(y * c - z * b, z * a - x * c, x * b - y * a)


def _written(axis: Sequence[float]) -> str:
    return "[" + ", ".join(f"{x:.4g}" for x in axis) + "]"
