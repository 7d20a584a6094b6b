"""Names of regions and surfaces, and what physics needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pennes.library.devices import Cooling
from pennes.library.records import TissueRecord

SurfaceKind = Literal["electrode", "insulation", "wall", "outer", "free", "fixed"]


@dataclass(frozen=True)
class NamedSurface:
    """A surface of the mesh: ``"{applicator}/{pole}/{part}"`` (bare metal), ``"{applicator}/insulation/{part}"``,
    ``"{vessel}/wall"``, ``"outer"``, ``"free"``, or a group's name in a given mesh."""

    name: str
    tag: int
    kind: SurfaceKind
    applicator: str | None = None
    pole: str | None = None
    """"applicator.pole"."""
    cooling: Cooling | None = None
    vessel: str | None = None
    fixed_temperature: float | None = None
    """C."""


@dataclass(frozen=True)
class NamedRegion:
    """Cells of one tissue; ``"body"``, a target's or an organ's name, or a group's name in a given mesh."""

    name: str
    tag: int
    tissue: TissueRecord
    target: str | None = None
    pole: str | None = None
    """"applicator.pole" of a meshed electrode."""
    fixed_temperature: float | None = None
    """C."""


@dataclass(frozen=True)
class LabelComparison:
    """A label in the image and in the mesh, inside the simulated box; lengths in m."""

    name: str
    image_volume: float
    mesh_volume: float
    surface_rms: float | None
