"""The necrosis zone on a distributed mesh: volumes in every step, surface and margins at the end."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from pennes.margin import Surface, clip_triangles, distance_to_triangles, join_surfaces, marching_tetrahedra
from pennes.margin.volume import total_volume_inside
from pennes.scene import Domain


class ZoneMeasure:
    """Measures {level > 0} of a P1 level function on the cells of a domain.

    Zone surfaces are the boundary of the dead tissue: where the level changes sign, and where dead tissue meets a
    vessel or the outer surface; metal inside the zone does not bound it.
    """

    def __init__(self, domain: Domain, elements):
        self.domain, self.elements = domain, elements
        self._tets = np.ascontiguousarray(elements.cells, dtype=np.int64)
        tags = elements.cell_values(domain.cell_tags)
        self._targets = {}
        for region in domain.regions:
            if region.target is not None:
                cells = np.flatnonzero(tags == region.tag)
                volume = elements.comm.allreduce(float(elements.volumes[cells].sum()))
                self._targets[region.target] = (self._tets[cells], elements.volumes[cells], volume)
        metal = ("electrode", "insulation")
        facets = np.concatenate(
            [domain.facet_tags.find(s.tag) for s in domain.surfaces if s.kind not in metal] + [np.empty(0, np.int32)]
        )
        self._boundary = elements.facet_shares(np.unique(facets))[1]

    def volume(self, level: np.ndarray, volumes: np.ndarray | None = None) -> float:
        """Volume of the zone in m3; ``volumes`` (n_cells,) replace those of the cells where tissue has moved."""
        volumes = self.elements.volumes if volumes is None else volumes
        return self.elements.comm.allreduce(total_volume_inside(self._tets, volumes, level))

    def target_volume(self, name: str) -> float:
        """Volume of a target's meshed tissue in m3."""
        return self._targets[name][2]

    def covered_fraction(self, name: str, level: np.ndarray) -> float:
        """Share of a target's volume inside the zone."""
        tets, volumes, total = self._targets[name]
        return self.elements.comm.allreduce(total_volume_inside(tets, volumes, level)) / total

    def surface(self, level: np.ndarray) -> Surface:
        """This rank's part of the zone's surface."""
        points = self.elements.points
        return join_surfaces(
            marching_tetrahedra(points, self._tets, level), clip_triangles(points, self._boundary, level)
        )

    def distance(self, surface: Surface, points: np.ndarray) -> np.ndarray:
        """Distance (n,) in m of points (n, 3) from the zone's surface, of which ``surface`` is this rank's part; inf
        where there is no zone."""
        local, _ = distance_to_triangles(points, surface.points, surface.triangles)
        result = np.empty_like(local)
        self.elements.comm.Allreduce(np.ascontiguousarray(local), result, op=MPI.MIN)
        return result

    def gathered(self, surface: Surface) -> Surface | None:
        """The whole surface on rank 0 (what is drawn and written), None elsewhere. It grows with the surface, not the
        volume, of the mesh."""
        parts = self.elements.comm.gather(surface)
        return None if parts is None else join_surfaces(*parts)
