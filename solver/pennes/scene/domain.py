"""The domain: the distributed mesh with its named regions and surfaces."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from dolfinx.mesh import Mesh, MeshTags

from pennes.case.models import Region, Shape
from pennes.errors import InputError, nearest_name
from pennes.imaging import Grid
from pennes.margin import Surface
from pennes.scene import shapes
from pennes.scene.arrays import MeshQuality
from pennes.scene.axis import Axis
from pennes.scene.locate import PointLocator, Spaces
from pennes.scene.names import LabelComparison, NamedRegion, NamedSurface
from pennes.scene.regions import region_nodes, region_surface
from pennes.scene.thin_vessels import ThinVessel

__all__ = ["Domain", "MeshQuality", "NamedRegion", "NamedSurface"]


@dataclass(frozen=True, eq=False)
class Domain:
    """A mesh in m, spread over the ranks of its communicator; every cell carries the tag of its region, every facet of
    a named surface the tag of the surface."""

    mesh: Mesh
    cell_tags: MeshTags
    facet_tags: MeshTags
    regions: tuple[NamedRegion, ...]
    surfaces: tuple[NamedSurface, ...]
    quality: MeshQuality
    recipe_hash: str
    axis: Axis | None = None
    """Of an axisymmetric treatment: the mesh lies in its half-plane and stands for what it sweeps out."""
    labels: tuple[LabelComparison, ...] = ()
    """How the mesh of a label map compares with the image."""
    notes: tuple[str, ...] = ()
    """What the user should know of how the scene was read."""
    grid: Grid | None = None
    """Voxels of the label map that the mesh was made from."""
    thin_vessels: tuple[ThinVessel, ...] = ()
    """Vessels of the label map that are too thin for the mesh."""
    mesh_wall_s: float = 0.0
    """Wall time for making the mesh on one rank, or reading it, in s."""
    _spaces: Spaces = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_spaces", Spaces(self.mesh))

    def locate(self, points: np.ndarray) -> PointLocator:
        """Where ``points`` (n, 3), the same on all ranks, lie in the mesh, turned into its half-plane where it has an
        axis (collective)."""
        if self.axis is not None:
            points = self.axis.points(self.axis.coordinates(points))
        return PointLocator(self._spaces, points)

    def region(self, name: str) -> NamedRegion:
        """The region of that name. Raises InputError where there is none."""
        for region in self.regions:
            if region.name == name:
                return region
        names = [region.name for region in self.regions]
        raise InputError(
            f"there is no region '{name}'",
            expected="one of " + ", ".join(names),
            nearest=nearest_name(name, names),
        )

    def contains(self, geometry: Shape, points: np.ndarray) -> np.ndarray:
        """Which of this rank's ``points`` (n, 3) lie in a shape: (n,) bool.

        For a region of a given mesh ``points`` must be those of this rank's vertices or nodes: they are in the region
        if they belong to one of its cells, on any rank (collective).
        """
        if isinstance(geometry, Region):
            return region_nodes(self._spaces, self.cell_tags, self.region(geometry.region).tag, len(points))
        return shapes.contains(geometry, points)

    def region_surface(self, name: str) -> Surface:
        """The closed surface of a region, outward, the same on all ranks (collective)."""
        return region_surface(self._spaces, self.cell_tags, self.region(name).tag)
