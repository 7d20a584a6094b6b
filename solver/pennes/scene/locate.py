"""Values of nodal fields at given points, the same on every rank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from dolfinx import fem, geometry
from dolfinx.mesh import Mesh
from mpi4py import MPI

_TOUCHES = 1e-8
"""A point is in a cell if no barycentric coordinate is below minus this: none on a facet may fall through."""
_PADDING = 1e-9
"""m."""
_QUADRATIC_EDGES = ((2, 3), (1, 3), (1, 2), (0, 3), (0, 2), (0, 1))
"""Vertices of the edge of each further node of a quadratic tetrahedron, in the reference numbering of Basix."""


class Spaces:
    """What locating needs of a mesh, made once: its search tree, and where the values of nodes stand in an array."""

    def __init__(self, mesh: Mesh):
        self.mesh = mesh
        self.dimension = mesh.topology.dim
        self.n_cells = mesh.topology.index_map(self.dimension).size_local

    @cached_property
    def tree(self) -> geometry.BoundingBoxTree:
        """Boxes around this rank's cells."""
        # Boxes around triangles of one plane would have no thickness.
        padding = 0.0 if self.dimension == 3 else _PADDING
        cells = np.arange(self.n_cells, dtype=np.int32)
        return geometry.bb_tree(self.mesh, self.dimension, padding=padding, entities=cells)

    @cached_property
    def midpoints(self) -> geometry.BoundingBoxTree:
        """Midpoints of this rank's cells."""
        return geometry.create_midpoint_tree(self.mesh, self.dimension, np.arange(self.n_cells, dtype=np.int32))

    @cached_property
    def linear(self) -> fem.FunctionSpace:
        return fem.functionspace(self.mesh, ("Lagrange", 1))

    @cached_property
    def quadratic(self) -> fem.FunctionSpace:
        return fem.functionspace(self.mesh, ("Lagrange", 2))

    def space_of(self, count: int) -> tuple[fem.FunctionSpace, int]:
        """Space and degree of arrays of ``count`` values on this rank. Raises ValueError where none has so many."""
        for degree, name in ((1, "linear"), (2, "quadratic")):
            space = getattr(self, name)
            index_map = space.dofmap.index_map
            if count == index_map.size_local + index_map.num_ghosts:
                return space, degree
        raise ValueError(f"an array of {count} values does not belong to this mesh")


@dataclass(frozen=True)
class _Places:
    """Places of some of the points on this rank: numbers of the points, their cells (k,), coordinates (k, d + 1)."""

    points: np.ndarray
    cells: np.ndarray
    weights: np.ndarray


class PointLocator:
    """Cells and barycentric coordinates of ``points`` (n, 3), the same points on all ranks (collective).

    ``inside`` (n,) says which points lie in the mesh.
    """

    def __init__(self, spaces: Spaces, points: np.ndarray):
        self.points = np.ascontiguousarray(np.asarray(points, dtype=float).reshape(-1, 3))
        self._spaces, self._comm = spaces, spaces.mesh.comm
        cells, weights = self._containing()
        distance = np.where(cells >= 0, 0.0, np.inf)
        mine, self.inside = self._nearest_rank(distance)
        chosen = np.flatnonzero(mine)
        self._direct = _Places(chosen, cells[chosen], weights[chosen])

    @property
    def held(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers (k,) of the points inside cells of this rank, each point on one rank alone, and those cells (k,)."""
        return self._direct.points, self._direct.cells

    def evaluate(self, values: np.ndarray, nearest: bool = False) -> np.ndarray:
        """Values (n,) at the points of an array of nodal values (n_local,) (collective).

        The array is linear or quadratic, in the order of the function space's unknowns. Points outside the mesh give
        nan, or with ``nearest`` the value at the nearest point of the mesh.
        """
        values = np.asarray(values, dtype=float)
        space, degree = self._spaces.space_of(len(values))
        nodes = space.dofmap.list
        result = np.zeros(len(self.points))
        for places in (self._direct, self._projected) if nearest and not self.inside.all() else (self._direct,):
            weights = places.weights if degree == 1 else _quadratic(places.weights)
            result[places.points] = (values[nodes[places.cells]] * weights).sum(axis=1)
        if self._comm.size > 1:
            self._comm.Allreduce(MPI.IN_PLACE, result)
        return result if nearest else np.where(self.inside, result, np.nan)

    @cached_property
    def _projected(self) -> _Places:
        """Places of the nearest points of the mesh to the points outside (collective)."""
        outside = np.flatnonzero(~self.inside)
        mesh, points = self._spaces.mesh, self.points[outside]
        distance = np.full(len(outside), np.inf)
        cells, weights = np.zeros(len(outside), dtype=np.int32), np.zeros((len(outside), self._spaces.dimension + 1))
        if self._spaces.n_cells:
            cells = geometry.compute_closest_entity(self._spaces.tree, self._spaces.midpoints, mesh, points)
            vectors = np.array(
                [
                    geometry.compute_distance_gjk(mesh.geometry.x[mesh.geometry.dofmaps[0][cell]], point)
                    for cell, point in zip(cells, points, strict=True)
                ]
            ).reshape(-1, 3)
            distance = np.linalg.norm(vectors, axis=1)
            weights = np.clip(self._coordinates(points + vectors, cells), 0.0, None)
            weights /= weights.sum(axis=1, keepdims=True)
        mine, _ = self._nearest_rank(distance)
        return _Places(outside[mine], cells[mine], weights[mine])

    def _containing(self) -> tuple[np.ndarray, np.ndarray]:
        """A cell of this rank (n,) that holds each point, -1 for none, and barycentric coordinates (n, d + 1)."""
        cells, weights = (
            np.full(len(self.points), -1, dtype=np.int32),
            np.zeros((len(self.points), self._spaces.dimension + 1)),
        )
        if self._spaces.n_cells == 0 or len(self.points) == 0:
            return cells, weights
        candidates = geometry.compute_collisions_points(self._spaces.tree, self.points)
        point = np.repeat(np.arange(len(self.points)), np.diff(candidates.offsets))
        found = self._coordinates(self.points[point], candidates.array)
        depth = found.min(axis=1)
        for pair in np.argsort(depth, kind="stable")[np.searchsorted(np.sort(depth), -_TOUCHES) :]:
            cells[point[pair]], weights[point[pair]] = candidates.array[pair], found[pair]
        return cells, weights

    def _coordinates(self, points: np.ndarray, cells: np.ndarray) -> np.ndarray:
        """Barycentric coordinates (n, d + 1) of each point in its cell; what is across the plane of triangles is left
        out."""
        mesh = self._spaces.mesh
        corners = mesh.geometry.x[mesh.geometry.dofmaps[0][cells]]
        edges = np.moveaxis(corners[:, 1:] - corners[:, :1], 1, 2)
        offset = (points - corners[:, 0])[:, :, None]
        if self._spaces.dimension < 3:
            across = np.swapaxes(edges, 1, 2)
            edges, offset = across @ edges, across @ offset
        last = np.linalg.solve(edges, offset)[:, :, 0]
        return np.concatenate([1.0 - last.sum(axis=1, keepdims=True), last], axis=1)

    def _nearest_rank(self, distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether this rank is the nearest (the lowest of equals) to each point (n,); whether any is (collective)."""
        if self._comm.size == 1:
            return np.isfinite(distance), np.isfinite(distance)
        smallest = np.empty_like(distance)
        self._comm.Allreduce(np.ascontiguousarray(distance), smallest, op=MPI.MIN)
        candidate = np.where(np.isfinite(distance) & (distance == smallest), self._comm.rank, self._comm.size)
        lowest = np.empty_like(candidate)
        self._comm.Allreduce(candidate, lowest, op=MPI.MIN)
        return lowest == self._comm.rank, lowest < self._comm.size


def _quadratic(weights: np.ndarray) -> np.ndarray:
    """Quadratic shape functions (n, 10) at barycentric coordinates (n, 4)."""
    edges = [4.0 * weights[:, i] * weights[:, j] for i, j in _QUADRATIC_EDGES]
    return np.concatenate([weights * (2.0 * weights - 1.0), np.stack(edges, axis=1)], axis=1)
