"""The necrosis zone on a distributed mesh: volumes in every step, surface and margins at the end."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from pennes.margin import (
    Surface,
    clip_segments,
    clip_triangles,
    distance_to_segments,
    distance_to_triangles,
    join_surfaces,
    marching_tetrahedra,
    marching_triangles,
    share_inside,
)
from pennes.margin.volume import total_volume_inside
from pennes.scene import Domain


class ZoneMeasure:
    """Measures {level > 0} of a P1 level function on the cells of a domain.

    Zone surfaces are the boundary of the dead tissue: where the level changes sign, and where dead tissue meets a
    vessel or the outer surface; metal inside the zone does not bound it.
    """

    def __init__(self, domain: Domain, elements):
        self.domain, self.elements = domain, elements
        # Of shared vertices every rank must have the very same coordinates: parts of a surface join by them.
        self._points = np.stack([elements.update_ghosts(column) for column in elements.points.T], axis=1)
        self._cells = np.ascontiguousarray(elements.cells, dtype=np.int64)
        tags = elements.cell_values(domain.cell_tags)
        self._targets = {}
        for region in domain.regions:
            if region.target is not None:
                cells = np.flatnonzero(tags == region.tag)
                volume = elements.comm.allreduce(float(elements.volumes[cells].sum()))
                self._targets[region.target] = (self._cells[cells], elements.volumes[cells], volume)
        metal = ("electrode", "insulation")
        facets = np.concatenate(
            [domain.facet_tags.find(s.tag) for s in domain.surfaces if s.kind not in metal] + [np.empty(0, np.int32)]
        )
        self._boundary = elements.facet_shares(np.unique(facets))[1]

    def volume(self, level: np.ndarray, volumes: np.ndarray | None = None) -> float:
        """Volume of the zone in m3; ``volumes`` (n_cells,) replace those of the cells where tissue has moved."""
        volumes = self.elements.volumes if volumes is None else volumes
        return self.elements.comm.allreduce(self._inside(self._cells, volumes, level))

    def _inside(self, cells: np.ndarray, volumes: np.ndarray, level: np.ndarray) -> float:
        """Volume of the zone within some of this rank's cells."""
        return total_volume_inside(cells, volumes, level)

    def target_volume(self, name: str) -> float:
        """Volume of a target's meshed tissue in m3."""
        return self._targets[name][2]

    def covered_fraction(self, name: str, level: np.ndarray) -> float:
        """Share of a target's volume inside the zone."""
        cells, volumes, total = self._targets[name]
        return self.elements.comm.allreduce(self._inside(cells, volumes, level)) / total

    def surface(self, level: np.ndarray):
        """This rank's part of the zone's surface, in the form that ``distance`` and ``gathered`` take (collective)."""
        return self._cut(self.elements.update_ghosts(level))

    def _cut(self, level: np.ndarray):
        points = self._points
        return join_surfaces(
            marching_tetrahedra(points, self._cells, level), clip_triangles(points, self._boundary, level)
        )

    def distance(self, boundary, points: np.ndarray) -> np.ndarray:
        """Distance (n,) in m of points (n, 3) from the zone's surface, of which ``boundary`` is this rank's part; inf
        where there is no zone."""
        local = self._distance(boundary, points)
        result = np.empty_like(local)
        self.elements.comm.Allreduce(np.ascontiguousarray(local), result, op=MPI.MIN)
        return result

    def _distance(self, boundary: Surface, points: np.ndarray) -> np.ndarray:
        return distance_to_triangles(points, boundary.points, boundary.triangles)[0]

    def gathered(self, boundary) -> Surface | None:
        """The whole surface on rank 0 (what is drawn and written), None elsewhere. It grows with the surface, not the
        volume, of the mesh."""
        parts = self.elements.comm.gather(boundary)
        return None if parts is None else self._joined(parts)

    def _joined(self, parts: list[Surface]) -> Surface:
        return join_surfaces(*parts)


class MeridianZone(ZoneMeasure):
    """The same measures of the whole body of revolution around ``domain.axis``, from cells in its half-plane.

    A boundary is lines (m, 2, 2) between coordinates of the half-plane, the zone on their left.
    """

    def __init__(self, domain: Domain, elements):
        super().__init__(domain, elements)
        self._axis = domain.axis
        self._places = domain.axis.coordinates(self._points)

    def _inside(self, cells: np.ndarray, volumes: np.ndarray, level: np.ndarray) -> float:
        return float(volumes @ share_inside(self._places[:, 0], cells, level))

    def _cut(self, level: np.ndarray) -> np.ndarray:
        cut = marching_triangles(self._places, self._cells, level)
        return np.concatenate([cut, clip_segments(self._places, self._boundary, level)])

    def _distance(self, boundary: np.ndarray, points: np.ndarray) -> np.ndarray:
        return distance_to_segments(self._axis.coordinates(points), boundary)

    def _joined(self, parts: list[np.ndarray]) -> Surface:
        return self._axis.swept(np.concatenate(parts))


def zone_measure(domain: Domain, elements) -> ZoneMeasure:
    """The measure that fits the domain."""
    return (ZoneMeasure if domain.axis is None else MeridianZone)(domain, elements)
