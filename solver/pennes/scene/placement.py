"""Applicators in their place: every needle and tine as a path from its tip backwards, cut where its surface changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pennes.case.models import Applicator, Case
from pennes.errors import InputError
from pennes.library.devices import CONE_END, Arc, DeviceRecord, Exposure, Shaft, Tine
from pennes.scene import solids
from pennes.scene.frames import frame, rotation_about
from pennes.scene.paths import Centreline, Line, arc, through

BEHIND_SLOT = 10e-3
"""m; an antenna heats so far behind what radiates, too: the mesh is made for that."""
_AXIS = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Stretch:
    """What covers a wire between two distances from its tip; ``pole`` None: insulation."""

    first: float
    last: float
    pole: str | None
    cooled: bool


@dataclass(frozen=True)
class Wire:
    """A shaft or one copy of a tine. ``path`` runs from the tip backwards; a shaft's leaves the body."""

    applicator: str
    part: str
    key: str
    radius: float
    path: Centreline
    stretches: tuple[Stretch, ...]
    shaft: Shaft | None
    owner: int
    """Number of the applicator in the case."""

    def sample(self) -> np.ndarray:
        """Points (n, 3) of the path, close enough for distances."""
        return self.path.sample(max(2 * self.radius, 5e-4))

    def balls(self) -> tuple[np.ndarray, np.ndarray]:
        """Centres (n, 3) and radii (n,) of a chain of balls that fills the wire; they shrink towards a shaft's tip."""
        centres = self.path.sample(max(self.radius, 2.5e-4))
        radii = np.full(len(centres), self.radius)
        if self.shaft is not None:
            head = max(_tip_length(self.shaft), self.radius)
            radii = np.minimum(radii, self.radius * np.linalg.norm(centres - centres[0], axis=1) / head)
        return centres, radii

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Distance (n,) of ``points`` (n, 3) from a shaft's cylinder, flat at the tip; negative inside."""
        tip, back = self.path.point_at(0.0), self.path.pieces[0].direction(0.0)
        along = (points - tip) @ back
        across = np.linalg.norm(points - tip - along[:, None] * back, axis=1) - self.radius
        beyond = np.hypot(np.maximum(-along, 0.0), np.maximum(across, 0.0))
        return beyond + np.minimum(np.maximum(-along, across), 0.0)

    def solids_of(self, stretch: Stretch) -> list[solids.Solid]:
        """The pieces that make up one stretch."""
        if self.shaft is None or not isinstance(self.path.pieces[0], Line):
            return solids.tube(self.path.part(stretch.first, stretch.last), self.radius)
        tip, along = self.path.pieces[0].start, self.path.pieces[0].direction(0.0)
        pieces, first = [], stretch.first
        head = _tip_length(self.shaft)
        if first < head:
            last = min(stretch.last, head)
            if self.shaft.tip == "round":
                pieces.append(solids.hemisphere(tip + head * along, -along, self.radius))
            else:
                radii = [self.radius * (CONE_END + (1 - CONE_END) * distance / head) for distance in (first, last)]
                pieces.append(solids.cone(tip + first * along, tip + last * along, *radii))
            first = last
        if stretch.last - first > 1e-9:
            pieces.append(solids.cylinder(tip + first * along, tip + stretch.last * along, self.radius))
        return pieces


def wires(applicator: Applicator, number: int, length: float) -> tuple[Wire, ...]:
    """All shafts, then all tines, of ``applicators.number``; shafts are ``length`` m long.

    Raises InputError for an impossible tine and for a surface that changes within a round tip.
    """
    key = f"applicators.{number}"
    rotation, origin = _frame(applicator, key), np.array(applicator.tip)
    shaft_names = _distinct([shaft.name for shaft in applicator.device.shafts])
    result = []
    heated = _heated(applicator.device)
    for count, (shaft, name) in enumerate(zip(applicator.device.shafts, shaft_names, strict=True)):
        tip = origin + rotation @ np.array(shaft.offset)
        path = Centreline((Line(tip, tip - length * rotation[:, 2]),))
        part_key = f"{key}.device.shafts.{count}"
        pieces = _shaft_stretches(shaft, heated or shaft.exposures, length, part_key)
        result.append(Wire(applicator.name, name, part_key, shaft.diameter / 2, path, pieces, shaft, number))
    taken = _distinct([*shaft_names, *(tine.name for tine in applicator.device.tines)])[len(shaft_names) :]
    for count, (tine, name) in enumerate(zip(applicator.device.tines, taken, strict=True)):
        part_key = f"{key}.device.tines.{count}"
        path = tine_path(tine, part_key).reversed()
        pieces = _stretches(tine.exposures, path.length, 0.0)
        for copy in range(tine.count):
            placed = path.moved(rotation @ _copy_rotation(tine, copy), origin)
            result.append(Wire(applicator.name, name, part_key, tine.diameter / 2, placed, pieces, None, number))
    return tuple(result)


def tine_path(tine: Tine, key: str = "tines") -> Centreline:
    """Path of the first copy in the device frame before its rotation, from the shaft to the tip."""
    try:
        maker = arc if isinstance(tine.path, Arc) else through
        return maker(tine.path.points, tine.diameter / 2)
    except ValueError as problem:
        raise InputError(str(problem), key=f"{key}.path") from None


def sensor_points(case: Case) -> dict[str, np.ndarray]:
    """Where the thermocouples of all applicators are: "applicator.sensor" -> point (3,) in m."""
    result = {}
    for number, applicator in enumerate(case.applicators):
        rotation, origin = _frame(applicator, f"applicators.{number}"), np.array(applicator.tip)
        tines = {tine.name: tine for tine in applicator.device.tines}
        for sensor in applicator.device.thermocouples:
            if sensor.at is not None:
                place = np.array(sensor.at)
            else:
                tine = tines[sensor.tine]
                path = tine_path(tine, f"applicators.{number}.device.tines")
                place = _copy_rotation(tine, sensor.copy_number) @ path.point_at(path.length)
            result[f"{applicator.name}.{sensor.name}"] = origin + rotation @ place
    return result


def _frame(applicator: Applicator, key: str) -> np.ndarray:
    try:
        return frame(applicator.direction, applicator.roll)
    except ValueError as problem:
        raise InputError(str(problem), key=f"{key}.direction") from None


def _copy_rotation(tine: Tine, copy: int) -> np.ndarray:
    return rotation_about(_AXIS, tine.rotation + 2 * math.pi * copy / tine.count)


def _tip_length(shaft: Shaft) -> float:
    return {"flat": 0.0, "round": shaft.diameter / 2, "cone": shaft.tip_length}[shaft.tip]


def _heated(device: DeviceRecord) -> tuple[Exposure, ...]:
    """The stretch of an antenna around which the lesion grows, as if it were bare; nothing of other devices."""
    if device.antenna is None:
        return ()
    return (Exposure.model_construct(start=0.0, end=device.antenna.radiating_end + BEHIND_SLOT, pole=device.poles[0]),)


def _shaft_stretches(shaft: Shaft, exposures: tuple[Exposure, ...], length: float, key: str) -> tuple[Stretch, ...]:
    cooled = 0.0 if shaft.cooling is None else shaft.cooling.length or length
    found = _stretches(exposures, length, min(cooled, length))
    if shaft.tip == "round":
        head = _tip_length(shaft)
        for stretch in found:
            if 0.0 < stretch.first < head:
                raise InputError(
                    f"the surface changes {1e3 * stretch.first:g} mm from the tip, within the round tip",
                    key=key,
                    expected=f"0 mm or at least {1e3 * head:g} mm",
                )
    return found


def _stretches(exposures: tuple[Exposure, ...], length: float, cooled: float) -> tuple[Stretch, ...]:
    """Cover of a wire of ``length`` from its tip, cooled up to ``cooled``."""
    spans = [(e.start, length if e.end is None else min(e.end, length), e.pole) for e in exposures]
    cuts = sorted({0.0, length, cooled, *(min(x, length) for first, last, _ in spans for x in (first, last))})
    cuts = [x for x, after in zip(cuts, [*cuts[1:], math.inf], strict=True) if after - x > 1e-6]
    result = []
    for first, last in pairwise(cuts):
        middle = (first + last) / 2
        pole = next((pole for low, high, pole in spans if low < middle < high), None)
        result.append(Stretch(first, last, pole, middle < cooled))
    return tuple(result)


def _distinct(names: list[str]) -> list[str]:
    """Names with a number added where one comes again."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return result
