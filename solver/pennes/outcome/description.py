"""The description of a published series: everything that its virtual patients need, and what of it was assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from pennes.errors import InputError
from pennes.library.records import Record
from pennes.library.validation import validate
from pennes.library.written import read_yaml
from pennes.outcome.observation import DURING_2D, DURING_3D, WEEKS_2D, Reader
from pennes.outcome.placement import Guidance, Policy
from pennes.outcome.zones import EllipsoidZone
from pennes.units import quantity

Length = quantity("mm", "25 mm", low=0.0, high=200.0)
Size = quantity("mm", "25 mm", low=0.0, high=200.0, strict=True)
Time = quantity("month", "24 month", low=0.0, high=240.0, strict=True)
Fraction = quantity("", "0.4", low=0.0, high=1.0)


class SizeDescription(Record):
    """Diameters of the tumours: log-normal, truncated to the range."""

    mean: Size
    low: Size
    high: Size

    @model_validator(mode="after")
    def _mean_is_inside(self) -> Self:
        if not self.low < self.mean < self.high:
            raise ValueError(f"the mean {self.mean:g} mm is not between low {self.low:g} mm and high {self.high:g} mm")
        return self


class GuidanceDescription(Record):
    """See ``pennes.outcome.placement.Guidance``."""

    lateral: Length
    axial: Length
    tolerated: Length | None = None


class ZoneDescription(Record):
    """Zone of one application; see ``pennes.outcome.zones.EllipsoidZone``."""

    half_width: Size
    half_length: Size
    spread: Fraction
    rim: Length
    rim_spread: Fraction


class ElectrodeDescription(Record):
    """A device that was at hand; see ``pennes.risk.sampler.Electrode``."""

    name: str
    counted_on: Size
    """Width of its zone by which the operator plans."""
    width: Size | None = None
    """Width of its zone in the liver, where it is not the atlas' own device but is taken for a scaled one."""


class SimulatedDescription(Record):
    """Simulated zones: the atlas, and the devices that are scaled from it, rising in width."""

    atlas: str
    electrodes: tuple[ElectrodeDescription, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rise(self) -> Self:
        widths = [one.counted_on for one in self.electrodes]
        if sorted(set(widths)) != widths:
            raise ValueError(f"electrodes rise in counted_on, not {widths} mm")
        return self


class PolicyDescription(Record):
    """When the operator treats again; ``sees`` is the reading during the intervention."""

    wanted: Length
    applications: int = Field(ge=1, le=40)
    sees: Literal["2D", "3D"]
    planned: bool = True
    """Whether overlapping applications are planned ahead (``pennes.outcome.overlap``)."""


class FollowUp(Record):
    """Follow-up of the single tumours: log-normal."""

    mean: Time
    deviation: Time


class SeriesDescription(Record):
    """One published series."""

    name: str = Field(min_length=1)
    published: tuple[str, ...]
    """Its names in the tables of published rates."""
    year: int
    use: Literal["calibrate", "test", "context"]
    """context: has no rates of its own in the tables, is only predicted."""
    approach: str
    device: str
    tumours: int | None = Field(default=None, ge=1)
    """How many were published; left out where that is not known."""
    size: SizeDescription
    guidance: GuidanceDescription
    simulated: SimulatedDescription
    zone: ZoneDescription
    """The analytic stand-in, and the manufacturer's ellipsoid of the rival without sink or error."""
    policy: PolicyDescription
    ras_mutant: Fraction
    perivascular: Fraction
    """Share within 5 mm of a large vessel."""
    follow_up: FollowUp
    margin: Literal["2D", "3D"]
    """How its margins were read: in slices after weeks, or on the whole surface during the intervention."""
    covered_only: bool = False
    """Only tumours whose zone was seen to cover them were counted."""
    assumed: tuple[str, ...]
    sources: tuple[str, ...]

    def guidance_of(self) -> Guidance:
        return Guidance(self.guidance.lateral, self.guidance.axial, self.guidance.tolerated)

    def policy_of(self) -> Policy:
        reader = DURING_2D if self.policy.sees == "2D" else DURING_3D
        return Policy(self.policy.wanted, self.policy.applications, reader, self.policy.planned)

    def reader_of(self) -> Reader:
        return WEEKS_2D if self.margin == "2D" else DURING_3D

    def zone_of(self) -> EllipsoidZone:
        zone = self.zone
        return EllipsoidZone(zone.half_width, zone.half_length, zone.spread, zone.rim, zone.rim_spread)

    def nominal_zone(self) -> EllipsoidZone:
        """The manufacturer's ellipsoid: no vessel, no variation."""
        return EllipsoidZone(self.zone.half_width, self.zone.half_length, sinks=False)


def read_series(file: Path) -> SeriesDescription:
    """One description. Raises InputError with file, line and key for what cannot be used."""
    return validate(SeriesDescription, read_yaml(file))


def read_all_series(folder: Path) -> dict[str, SeriesDescription]:
    """All descriptions ``*.yaml`` of ``folder`` by name, in order. Raises InputError, also for two of one name."""
    found: dict[str, SeriesDescription] = {}
    for file in sorted(folder.glob("*.yaml")):
        series = read_series(file)
        if series.name in found:
            raise InputError(f"there are two series '{series.name}'", file=file, key="name")
        found[series.name] = series
    if not found:
        raise InputError("there are no descriptions of series here", file=folder, expected="files *.yaml")
    return found
