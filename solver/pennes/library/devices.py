"""Records of applicators: what a device researcher writes in YAML to describe a new electrode.

Device frame: origin at the tip of the shaft (of several: where their offsets count from), z along the direction of
insertion (forward is positive, so the shaft fills z < 0), x and y across. Distances along a shaft or a tine are counted
from its tip backwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pennes import units
from pennes.errors import nearest_name
from pennes.library.antennas import Antenna, check_outline
from pennes.library.protocols import Generator, Protocol
from pennes.library.records import Name, Record, check_unique, refuse

Point = tuple[units.Length, units.Length, units.Length]

CONE_END = 0.2
"""Radius of a conical tip's end, in radii of the shaft: an infinitely sharp point cannot be meshed."""


class Exposure(Record):
    """A bare stretch of metal, fed by a pole of the generator."""

    start: units.NonNegativeLength = "0 mm"
    """Distance from the tip (of a tine: its free end), along the part, where the bare metal begins."""
    end: units.PositiveLength | None = None
    """Distance from the tip where insulation begins; none: the whole part is bare."""
    pole: Name = "active"

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise refuse(f"{self.end:g} m is not beyond start ({self.start:g} m)", "end")
        return self


class Cooling(Record):
    """Coolant flowing inside: a heat transfer coefficient to the coolant's temperature on the surface."""

    coefficient: units.HeatTransferCoefficient = "3366 W/m^2/K"
    temperature: units.CoolantTemperature = "20 degC"
    length: units.PositiveLength | None = None
    """Cooled distance from the tip backwards; none: the whole shaft."""
    source: str


class Shaft(Record):
    """A straight needle."""

    name: Name = "shaft"
    diameter: units.PositiveLength
    offset: Point = ("0 mm", "0 mm", "0 mm")
    """Position of this shaft's tip in the device frame."""
    tip: Literal["flat", "cone", "round"] = "cone"
    tip_length: units.PositiveLength = "2 mm"
    """Length of a conical tip (a round tip is a hemisphere)."""
    exposures: tuple[Exposure, ...] = ()
    cooling: Cooling | None = None

    @model_validator(mode="after")
    def _exposures_apart(self) -> Self:
        _check_exposures(self.exposures, None)
        return self


class Polyline(Record):
    """Straight segments through points of the device frame, from the shaft to the tine's tip."""

    kind: Literal["polyline"] = "polyline"
    points: tuple[Point, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _moves(self) -> Self:
        for index, (before, after) in enumerate(pairwise(self.points), start=1):
            if before == after:
                raise refuse("repeats the point before it", "points", index)
        return self

    @property
    def length(self) -> float:
        """Length (m)."""
        return sum(math.dist(before, after) for before, after in pairwise(self.points))


class Arc(Record):
    """A circular arc through three points of the device frame, from the shaft to the tine's tip."""

    kind: Literal["arc"] = "arc"
    points: tuple[Point, Point, Point]

    @model_validator(mode="after")
    def _bends(self) -> Self:
        if not 1e-6 < self._middle_angle < math.pi - 1e-6:
            raise refuse("the three points lie on one line", "points", expected="an arc, or kind: polyline")
        return self

    @property
    def _middle_angle(self) -> float:
        """Angle of the triangle of the three points at the middle one; 0 where two points are the same."""
        first, second, chord = self._sides
        if min(first, second, chord) == 0:
            return 0.0
        return math.acos(min(max((first**2 + second**2 - chord**2) / (2 * first * second), -1.0), 1.0))

    @property
    def _sides(self) -> tuple[float, float, float]:
        first, middle, last = self.points
        return math.dist(first, middle), math.dist(middle, last), math.dist(first, last)

    @property
    def length(self) -> float:
        """Length (m): by the inscribed angle 2 R (pi - angle at the middle point), with 2 R = chord / sin(angle)."""
        angle = self._middle_angle
        return self._sides[2] / math.sin(angle) * (math.pi - angle)


class Tine(Record):
    """A thin wire that leaves the shaft; ``count`` copies are spread evenly around the shaft's axis."""

    name: Name = "tine"
    diameter: units.PositiveLength
    path: Annotated[Polyline | Arc, Field(discriminator="kind")]
    count: units.Whole = Field(default=1, ge=1, le=64)
    rotation: units.Angle = "0 deg"
    """Angle of the first copy about the axis."""
    exposures: tuple[Exposure, ...] = (Exposure(),)

    @model_validator(mode="after")
    def _exposures_on_the_wire(self) -> Self:
        _check_exposures(self.exposures, self.path.length)
        return self


class Thermocouple(Record):
    """A sensor of the device, at a point of the device frame or at the tip of a tine."""

    name: Name
    at: Point | None = None
    tine: str | None = None
    """Name of a tine record; its copies are numbered from 0."""
    copy_number: units.Whole = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.at is None) == (self.tine is None):
            raise refuse(
                f"thermocouple '{self.name}' needs one place", expected="either 'at: [x, y, z]' or 'tine: NAME'"
            )
        return self


class DeviceRecord(Record):
    """An applicator as the library holds it."""

    name: str
    title: str
    kind: Literal["radiofrequency", "microwave"] = "radiofrequency"
    source: str
    shafts: tuple[Shaft, ...] = Field(min_length=1)
    tines: tuple[Tine, ...] = ()
    antenna: Antenna | None = None
    """What is inside the one shaft of a microwave device."""
    thermocouples: tuple[Thermocouple, ...] = ()
    generator: Generator
    protocols: dict[str, Protocol] = {}
    """Named protocols of this device; a case may name one of them or state its own."""

    @property
    def poles(self) -> tuple[str, ...]:
        """Names of the poles that its exposures belong to, in the order of the record; of an antenna, ``antenna``."""
        if self.antenna is not None:
            return ("antenna",)
        parts = (*self.shafts, *self.tines)
        return tuple(dict.fromkeys(exposure.pole for part in parts for exposure in part.exposures))

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        if self.kind == "radiofrequency":
            if self.antenna is not None:
                raise refuse("does not belong to a radiofrequency device", "antenna", expected="kind: microwave")
            return self
        if self.antenna is None:
            raise refuse("is missing", "antenna", expected="a block that describes what is inside the shaft")
        if len(self.shafts) > 1 or self.tines:
            raise refuse("an antenna is one straight needle", "shafts", expected="one shaft and no tines")
        if any(self.shafts[0].offset):
            raise refuse("does not belong to an antenna", "shafts", 0, "offset", expected="none: the tip is the origin")
        if self.shafts[0].exposures:
            raise refuse("does not belong to an antenna", "shafts", 0, "exposures", expected="none")
        check_outline(self.antenna, self.shafts[0].diameter, ("antenna",))
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if not self.poles:
            raise refuse("has no bare metal", "shafts", expected="at least one exposure on a shaft or a tine")
        for key, parts in (("shafts", self.shafts), ("tines", self.tines), ("thermocouples", self.thermocouples)):
            check_unique([part.name for part in parts], key)
        tines = {tine.name: tine for tine in self.tines}
        for index, sensor in enumerate(self.thermocouples):
            if sensor.tine is None:
                continue
            if sensor.tine not in tines:
                raise refuse(
                    f"there is no tine '{sensor.tine}'",
                    "thermocouples",
                    index,
                    "tine",
                    expected=" | ".join(tines) or None,
                    nearest=nearest_name(sensor.tine, tines),
                )
            count = tines[sensor.tine].count
            if sensor.copy_number >= count:
                raise refuse(
                    f"there is no copy {sensor.copy_number} of the {count}",
                    "thermocouples",
                    index,
                    "copy_number",
                    expected=f"0 to {count - 1}",
                )
        return self


def _check_exposures(exposures: Sequence[Exposure], length: float | None) -> None:
    """Refuse stretches that overlap or, where the part has a ``length`` (m), lie beyond its end."""
    for index, exposure in enumerate(exposures):
        if length is not None and max(exposure.start, exposure.end or 0.0) > length * (1 + 1e-6):
            raise refuse(f"lies beyond the part, which is {1000 * length:.4g} mm long", "exposures", index)
        for other in exposures[:index]:
            if exposure.start < (other.end or math.inf) and other.start < (exposure.end or math.inf):
                raise refuse("overlaps another exposure of this part", "exposures", index)
