"""The case: what is treated, with what, near which vessels. Frozen; SI inside, text with units outside.

``pennes.case.load`` reads a file into a ``Case``: there every name of the library has been replaced by its record,
so that a resolved case is complete in itself.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from pennes import units
from pennes.case.accuracy import Accuracy
from pennes.case.checks import check_case
from pennes.case.death import Death
from pennes.case.vessels import AnyVessel, Occlusion, Path, Point
from pennes.library.devices import DeviceRecord
from pennes.library.protocols import Protocol
from pennes.library.records import Name, Record, TissueRecord, refuse


def _nonzero(direction: tuple[float, float, float]) -> tuple[float, float, float]:
    if not any(direction):
        raise refuse("is the zero vector", expected="a direction such as [0, 0, -1]")
    return direction


Direction = Annotated[tuple[units.Real, units.Real, units.Real], AfterValidator(_nonzero)]


class Surroundings(Record):
    """Condition on the outer surface of the body."""

    kind: Literal["temperature", "insulated", "convection"] = "temperature"
    temperature: units.Temperature = "37 degC"
    coefficient: units.HeatTransferCoefficient = "10 W/m^2/K"
    """Used by ``convection``."""


class BodyBase(Record):
    form: Literal["full", "axisymmetric"] = "full"
    """``axisymmetric``: all of the treatment is a body of revolution around the applicator, and is simulated as such in
    a half-plane, in seconds. For cylinders and balls."""
    tissue: TissueRecord
    blood: TissueRecord
    """The blood that perfuses: its density and heat capacity."""
    temperature: units.BodyTemperature = "37 degC"
    """Temperature of the body at the start and of arterial blood."""
    surroundings: Surroundings = Surroundings()
    ground: tuple[str, ...] = ("outer",)
    """Surfaces at 0 V. ``outer`` is the whole outer surface; empty: none (bipolar devices)."""


class Box(BodyBase):
    shape: Literal["box"]
    size: tuple[units.PositiveLength, units.PositiveLength, units.PositiveLength]
    centre: Point = ("0 mm", "0 mm", "0 mm")


class BallBody(BodyBase):
    shape: Literal["ball"]
    diameter: units.PositiveLength
    centre: Point = ("0 mm", "0 mm", "0 mm")


class CylinderBody(BodyBase):
    """A cylinder along ``axis``, centred at ``centre``."""

    shape: Literal["cylinder"]
    diameter: units.PositiveLength
    height: units.PositiveLength
    axis: Direction = (0.0, 0.0, 1.0)
    centre: Point = ("0 mm", "0 mm", "0 mm")


class HalfSpace(BodyBase):
    """z <= 0 below a free surface at z = 0 (named ``free``), cut off at ``extent`` sideways and below."""

    shape: Literal["half_space"]
    extent: units.PositiveLength
    free_surface: Surroundings = Surroundings(kind="insulated")


class MeshBody(BodyBase):
    """A mesh brought by the user: gmsh .msh with named groups, or what meshio reads."""

    mesh: str
    """File, relative to the case."""
    length_unit: Literal["m", "cm", "mm"] = "mm"
    regions: dict[str, TissueRecord] = {}
    """Tissue of each named volume group; a group that is left out takes the body's tissue."""
    fixed_temperature: dict[str, units.Temperature] = {}
    """Volume or surface groups held at a temperature (a vessel's lumen, say)."""
    electrodes: dict[str, str] = {}
    """Group (surface or volume) -> pole "applicator.pole" that it belongs to."""
    outer: tuple[str, ...] = ()
    """Surface groups that are the outer surface; empty: every exterior facet in no other group."""


class LabelVessel(Record):
    """A vessel label whose lumen is left out of the mesh and whose wall is cooled by blood at a fixed temperature.

    Parts too thin for that are lines of the network model.
    """

    label: str
    diameter: units.PositiveLength
    """Typical diameter near the tumour, for the wall coefficient."""
    speed: units.Speed
    """Mean speed of the blood."""
    direction: Literal["from_root", "to_root"] = "from_root"
    """Of the flow in thin branches: away from the thick parts (arteries, portal veins) or to them (hepatic veins)."""
    temperature: units.BodyTemperature = "37 degC"
    blood: TissueRecord
    kinematic_viscosity: units.Real = Field(default=3.3e-6, gt=0)
    """m2/s."""
    heated_length: units.PositiveLength = "30 mm"
    coefficient: units.HeatTransferCoefficient | None = None
    """A fixed wall coefficient instead of the developing-flow correlation."""


class FluidLayer(Record):
    """Fluid that a plan puts between an organ and what is treated (hydrodissection); the organ gives way."""

    organ: str
    """Label that is kept away."""
    thickness: units.PositiveLength
    away_from: str = "liver"
    """Label that it is kept away from."""


class LabelBody(BodyBase):
    """A patient as a label map (NIfTI, NRRD, DICOM SEG, or a phantom's recipe); coordinates of the case are the
    patient's, LPS. What is simulated is a box around targets and applicators, cut out of the map."""

    labels: str
    """File, relative to the case."""
    table: str | None = None
    """Names of the labels: a preset or a JSON file; None: those in the file."""
    reference: str | None = None
    """Folder with the series that a DICOM segmentation belongs to."""
    margin: units.PositiveLength = "25 mm"
    """Of tissue around targets and bare metal."""
    tissues: dict[str, TissueRecord] = {}
    """Tissue of labels that differ from ``tissue``; the mesh follows their surfaces."""
    vessels: tuple[LabelVessel, ...] = ()
    smallest_vessel: units.PositiveLength = "3 mm"
    """Diameter below which parts of a vessel have no wall in the mesh."""
    network_from: units.PositiveLength | None = None
    """Diameter from which these parts are centrelines of the network model; thinner ones (none: all) are left to
    perfusion."""
    hydrodissection: tuple[FluidLayer, ...] = ()
    """Layers of the label ``hydrodissection``, whose tissue is that of ``tissues``."""
    accept_differences: bool = False
    """Run although volumes or surfaces of the mesh differ from the image by more than is allowed: warn, do not
    refuse."""


def _body_kind(value: object) -> str | None:
    if isinstance(value, dict):
        return "mesh" if "mesh" in value else "labels" if "labels" in value else value.get("shape")
    kinds = {MeshBody: "mesh", LabelBody: "labels"}
    return kinds.get(type(value), getattr(value, "shape", None))


Body = Annotated[
    Annotated[Box, Tag("box")]
    | Annotated[BallBody, Tag("ball")]
    | Annotated[CylinderBody, Tag("cylinder")]
    | Annotated[HalfSpace, Tag("half_space")]
    | Annotated[MeshBody, Tag("mesh")]
    | Annotated[LabelBody, Tag("labels")],
    Discriminator(_body_kind),
]


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
