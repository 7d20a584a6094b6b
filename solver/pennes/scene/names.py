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
    """A label in the image and in the mesh, inside the simulated box; m3, m2, m."""

    name: str
    kind: Literal["vessel", "tissue", "target"]
    image_volume: float
    """Inside the label's smooth surface."""
    mesh_volume: float
    voxel_volume: float
    """Of the voxels; a surface of stairs encloses more or less than a smooth one."""
    surface_rms: float | None = None
    """Of a target: distance of the mesh's surface from the label's smooth one, root mean square."""
    image_area: float | None = None
    """Of a vessel's smooth wall."""
    mesh_area: float | None = None
    unmeshed_volume: float = 0.0
    """Of a vessel's voxels that are too thin for the mesh."""

    @property
    def volume_error(self) -> float:
        """Of the mesh over the image's volume."""
        return self.mesh_volume / self.image_volume - 1.0 if self.image_volume > 0.0 else 0.0

    @property
    def area_error(self) -> float:
        """Of the mesh over the image's area."""
        return self.mesh_area / self.image_area - 1.0 if self.image_area else 0.0
