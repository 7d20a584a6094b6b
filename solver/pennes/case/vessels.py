"""Vessels of a case: polylines with branches, trees from a file, trees that are grown; and what stops their flow."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from pennes import units
from pennes.library.records import Name, Record, TissueRecord, refuse

Point = tuple[units.Length, units.Length, units.Length]


def _nonzero(direction: tuple[float, float, float]) -> tuple[float, float, float]:
    if not any(direction):
        raise refuse("is the zero vector", expected="a direction such as [0, 0, -1]")
    return direction


Direction = Annotated[tuple[units.Real, units.Real, units.Real], AfterValidator(_nonzero)]
Circulation = Literal["portal", "hepatic", "arterial", "other"]


def _distinct(path: tuple[Any, ...]) -> tuple[Any, ...]:
    for index, (before, after) in enumerate(pairwise(path), start=1):
        if before == after:
            raise refuse("repeats the point before it", index)
    return path


Path = Annotated[tuple[Point, ...], AfterValidator(_distinct)]


class ModelByDiameter(Record):
    """How each stretch of a vessel is modelled, by its diameter."""

    wall_from: units.PositiveLength | None = "2 mm"
    """A meshed wall from this diameter on; none: nowhere (vessels from files and grown ones are never meshed)."""
    network_from: units.NonNegativeLength = "0.5 mm"
    """A vessel of the network from this diameter on."""
    below: Literal["perfusion", "none"] = "perfusion"
    """What thinner ones are."""


class VesselBase(Record):
    name: Name
    inlet_temperature: units.BodyTemperature = "37 degC"
    blood: TissueRecord
    kinematic_viscosity: units.Real = Field(default=3.3e-6, gt=0)
    """m2/s."""
    heated_length: units.PositiveLength = "30 mm"
    """Length over which the blood meets heated wall: what the developing-flow correlation needs."""
    correlation: Literal["gnielinski", "hausen"] = "gnielinski"
    """Of laminar developing flow. Hausen's is 11 to 12 % above Graetz' exact solution in wide vessels."""
    coefficient: units.HeatTransferCoefficient | None = None
    """A fixed wall coefficient instead of the developing-flow correlation."""
    by_diameter: ModelByDiameter | None = None
    """Chooses the model of every stretch instead of ``model``."""
    circulation: Circulation = "other"
    """What it belongs to: occlusions name circulations."""
    coagulates_below: units.NonNegativeLength = "0.8 mm"
    """Thinner vessels stop for good once their wall is coagulated, as none below a radius of 0.4 mm kept its flow in
    Vaidya et al. 2021, 10.1080/02656736.2020.1866217. Not for vessels with a meshed wall."""
    cooling: bool = True
    """``false``: the vessel stays where it is and takes no heat, as if its blood stood still."""
    without: tuple[units.Whole, ...] = ()
    """Numbers of branches that take no heat."""


class Branch(Record):
    """A vessel that leaves another at the last point of its path."""

    path: Path = Field(min_length=1)
    """Points after the branching point."""
    diameter: units.PositiveLength
    speed: units.Speed | None = None
    """None: from the share of the parent's flow by diameter cubed (Murray)."""
    branches: tuple[Branch, ...] = ()


class Vessel(VesselBase):
    diameter: units.PositiveLength
    path: Path = Field(min_length=2)
    """Centreline in the direction of flow."""
    speed: units.Speed
    """Mean speed of blood at the inlet."""
    model: Literal["wall", "network", "resolved", "perfusion", "none"] = "wall"
    branches: tuple[Branch, ...] = ()


class VesselTree(VesselBase):
    """What vessels from files and grown ones have in common."""

    speed: units.Speed | None = None
    """Mean speed of blood in the trunk; needed unless ``pressures`` are given."""
    direction: Literal["from_root", "to_root"] = "from_root"
    """Arteries and portal veins carry blood from the root, hepatic veins to it."""
    model: Literal["network", "perfusion", "none"] = "network"

    @model_validator(mode="after")
    def _no_wall(self) -> Self:
        if self.by_diameter is not None and self.by_diameter.wall_from is not None:
            raise refuse(
                "a vessel from a file and a grown one have no meshed wall", "by_diameter", "wall_from", expected="null"
            )
        return self


class VesselFile(VesselTree):
    """Centrelines of a file: VTP with radii, SWC, or a CSV list of edges."""

    file: str
    """Relative to the case."""
    length_unit: Literal["m", "cm", "mm", "um"] = "mm"
    root: Point | None = None
    """The end nearest to it is the root; none: the widest end."""
    pressures: dict[str, units.Pressure] = {}
    """Of ends, by the number of their node in the file, instead of ``speed``; all other ends are closed."""

    @model_validator(mode="after")
    def _flow_is_known(self) -> Self:
        if (self.speed is None) == (not self.pressures):
            raise refuse("the flow needs a speed in the trunk or pressures at ends", expected="one of the two")
        return self


class Focus(Record):
    """Where a grown tree is grown on, down to thin branches."""

    centre: Point
    diameter: units.PositiveLength
    ends: units.Whole = Field(default=100, ge=1, le=5000)
    end_diameter: units.PositiveLength = "0.5 mm"
    """Of the branches that end here."""


class Growth(Record):
    """A tree grown by constrained constructive optimisation.

    Its ends share the flow that the focus leaves equally; diameters follow Murray's law.
    """

    root: Point
    """Where the trunk begins."""
    centre: Point
    """Of the ellipsoid that the ends fill."""
    diameters: tuple[units.PositiveLength, units.PositiveLength, units.PositiveLength]
    """Of that ellipsoid, along x, y, z."""
    ends: units.Whole = Field(default=100, ge=1, le=5000)
    """A tree of n ends has 2 n - 1 branches."""
    seed: units.Whole = Field(default=1, ge=0)
    focus: Focus | None = None
    clearance: units.NonNegativeLength = "0 mm"
    """Branches keep this far from every applicator's axis, where they can."""


class GrownVessel(VesselTree):
    """A tree made by the case itself, from a seed."""

    grow: Growth
    diameter: units.PositiveLength
    """Of the trunk."""

    @model_validator(mode="after")
    def _flow_is_known(self) -> Self:
        if self.speed is None:
            raise refuse("is missing", "speed", expected="the mean speed of blood in the trunk, such as '20 cm/s'")
        focus = self.grow.focus
        if focus is not None and focus.ends * (focus.end_diameter / self.diameter) ** 3 >= 0.9:
            raise refuse("the focus takes all of the flow", "grow", "focus", "ends", expected="fewer or thinner ends")
        return self


def _vessel_kind(value: object) -> str:
    if isinstance(value, dict):
        return "file" if "file" in value else "grow" if "grow" in value else "path"
    return "file" if isinstance(value, VesselFile) else "grow" if isinstance(value, GrownVessel) else "path"


AnyVessel = Annotated[
    Annotated[Vessel, Tag("path")] | Annotated[VesselFile, Tag("file")] | Annotated[GrownVessel, Tag("grow")],
    Discriminator(_vessel_kind),
]


class Occlusion(Record):
    """Flow that is held back for a time.

    ``pringle`` clamps portal vein and hepatic artery, so that hepatic veins stand too; ``portal`` narrows the portal
    vein; ``embolisation`` closes the artery; ``balloon`` and ``flow`` change what ``vessels`` names (``flow``: all
    where none is named), several entries make a schedule. Perfusion of the tissue follows: nothing under Pringle, else
    what the other supply brings, 3/4 by the portal vein and 1/4 by the artery (Lautt 2009, Hepatic Circulation).
    """

    kind: Literal["pringle", "portal", "embolisation", "balloon", "flow"]
    start: units.Duration = "0 s"
    end: units.PositiveDuration | None = None
    """None: to the end of the run."""
    remaining: units.Fraction = 0.0
    """Share of the flow that is left."""
    vessels: tuple[str, ...] = ()
    """Names; empty: those of the kind's circulations."""
    perfusion: units.Fraction | None = None
    """Share of the perfusion that is left; none: by kind."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise refuse(f"{self.end:g} s is not after start ({self.start:g} s)", "end")
        if self.kind == "balloon" and not self.vessels:
            raise refuse("a balloon needs the vessels that it closes", "vessels", expected="names of vessels")
        return self
