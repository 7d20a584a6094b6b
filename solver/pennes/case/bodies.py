"""What is treated: a body of a simple shape, a mesh of the user's, or a patient's label map."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from pennes import units
from pennes.case.vessels import Direction, Point
from pennes.library.records import Record, TissueRecord


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
    coagulates_below: units.NonNegativeLength = "0.8 mm"
    """Thin branches of less diameter stop for good once their wall is dead all around."""


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
    network_from: units.PositiveLength | None = "1 mm"
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
