"""The case: what is treated, with what, near which vessels. Frozen; SI inside, text with units outside.

``pennes.case.load`` reads a file into a ``Case``: there every name of the library has been replaced by its record,
so that a resolved case is complete in itself.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pennes import units
from pennes.case.accuracy import Accuracy
from pennes.case.bodies import Body, LabelBody
from pennes.case.checks import check_case
from pennes.case.death import Death
from pennes.case.vessels import AnyVessel, Direction, Occlusion, Path, Point
from pennes.library.devices import DeviceRecord
from pennes.library.protocols import Protocol
from pennes.library.records import Name, Record, TissueRecord


class Ball(Record):
    shape: Literal["ball"] = "ball"
    diameter: units.PositiveLength
    centre: Point = ("0 mm", "0 mm", "0 mm")


class Ellipsoid(Record):
    shape: Literal["ellipsoid"]
    diameters: tuple[units.PositiveLength, units.PositiveLength, units.PositiveLength]
    centre: Point = ("0 mm", "0 mm", "0 mm")
    axis: Direction = (0.0, 0.0, 1.0)
    """Direction of the third diameter."""
    roll: units.Angle = "0 deg"
    """Rotation of the first two diameters about ``axis``."""


class Lobulated(Record):
    """An irregular ball: radius x (1 + amplitude x a smooth random field on the sphere made by ``seed``)."""

    shape: Literal["lobulated"]
    diameter: units.PositiveLength
    """Of the ball with the same volume."""
    centre: Point = ("0 mm", "0 mm", "0 mm")
    amplitude: units.Fraction = Field(default="15 %", le=0.6)
    lobes: units.Whole = Field(default=4, ge=2, le=10)
    """Highest spherical-harmonic degree."""
    seed: units.Whole = Field(default=0, ge=0)


class Region(Record):
    """A named volume group of the user's mesh, or a label of the user's label map."""

    shape: Literal["region"]
    region: str


class Tube(Record):
    """A tube along a polyline (a bile duct, a bowel loop)."""

    shape: Literal["tube"]
    diameter: units.PositiveLength
    path: Path = Field(min_length=2)


class BoxShape(Record):
    shape: Literal["box"]
    size: tuple[units.PositiveLength, units.PositiveLength, units.PositiveLength]
    centre: Point = ("0 mm", "0 mm", "0 mm")


Shape = Annotated[Ball | Ellipsoid | Lobulated | Region | Tube | BoxShape, Field(discriminator="shape")]
TargetShape = Annotated[Ball | Ellipsoid | Lobulated | Region, Field(discriminator="shape")]


class Target(Record):
    """A tumour. In the file the keys of its shape stand beside its own."""

    name: Name = "target"
    geometry: TargetShape
    tissue: TissueRecord
    margin: units.NonNegativeLength = "5 mm"


class Organ(Record):
    """A structure at risk: temperature and dose are reported inside it.

    In the file the keys of its shape stand beside its own.
    """

    name: Name
    geometry: Shape
    tissue: TissueRecord | None = None
    """None: the tissue that surrounds it."""


class Applicator(Record):
    name: Name = "applicator"
    device: DeviceRecord
    tip: Point
    """Where the origin of the device's frame lies: the tip of its shaft."""
    direction: Direction
    """Direction of insertion (from the hub towards the tip); or give ``entry``, the point where it enters."""
    roll: units.Angle = "0 deg"
    """Rotation of the device about its direction."""
    field: Literal["axisymmetric", "full"] | None = None
    """How an antenna's field is solved: around its own axis, or in three dimensions with all antennas together; none:
    axisymmetric for one antenna, full for several."""


class Probe(Record):
    name: Name
    point: Point


class Output(Record):
    every: units.PositiveDuration = "30 s"
    """Interval of the saved fields."""
    probes: tuple[Probe, ...] = ()
    checkpoint_every: units.PositiveDuration = "60 s"
    """Simulated time between checkpoints."""
    report: bool = True


class Case(Record):
    title: str = Field(min_length=1)
    body: Body
    targets: tuple[Target, ...] = ()
    vessels: tuple[AnyVessel, ...] = ()
    occlusions: tuple[Occlusion, ...] = ()
    organs: tuple[Organ, ...] = ()
    applicators: tuple[Applicator, ...] = Field(min_length=1)
    protocol: Protocol
    death: Death = Death()
    accuracy: Accuracy = Accuracy()
    output: Output = Output()

    @property
    def vessel_names(self) -> tuple[str, ...]:
        """Vessels of the case, and labels of the body's label map that are vessels."""
        labels = (vessel.label for vessel in self.body.vessels) if isinstance(self.body, LabelBody) else ()
        return (*(vessel.name for vessel in self.vessels), *labels)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        check_case(self)
        return self
