"""Meshes as plain arrays: refinement, curved boundaries, and the way into DOLFINx on any number of ranks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dolfinx.mesh import Mesh, MeshTags
    from mpi4py import MPI

Projection = Callable[[np.ndarray], np.ndarray]
"""Moves points (n, d) onto a curved surface."""

#: Edges of a simplex in the order of DOLFINx's second-degree geometry nodes.
_GEOMETRY_EDGES = {2: [(1, 2), (0, 2), (0, 1)], 3: [(2, 3), (1, 3), (1, 2), (0, 3), (0, 2), (0, 1)]}


@dataclass(frozen=True)
class MeshArrays:
    """A mesh of triangles (d = 2) or tetrahedra (d = 3) with tagged boundary facets.

    points (n, d) m; cells (m, d + 1); facets (f, d) vertices; facet_tags (f,); names: tag of each named part of the
    boundary; projections: for the tags of curved parts, how points are moved onto them.
    """

    points: np.ndarray
    cells: np.ndarray
    facets: np.ndarray
    facet_tags: np.ndarray
    names: Mapping[str, int]
    projections: Mapping[int, Projection] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        return self.points.shape[1]

    def volumes(self) -> np.ndarray:
        """Signed volumes (m,) of the straight cells: m3, or m2 for triangles."""
        edges = self.points[self.cells[:, 1:]] - self.points[self.cells[:, :1]]
        return np.linalg.det(edges) / (2.0 if self.dimension == 2 else 6.0)

    def facet_areas(self, name: str) -> np.ndarray:
        """Areas (m2; lengths in m for triangles) of the facets of a named part. Raises KeyError for another name."""
        x = self.points[self.facets[self.facet_tags == self.names[name]]]
        edges = x[:, 1:] - x[:, :1]
        if self.dimension == 2:
            return np.linalg.norm(edges[:, 0], axis=1)
        return 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)

    def _midpoints(self) -> tuple[np.ndarray, np.ndarray]:
        """Sorted unique edges (e, 2) and their midpoints (e, d), moved onto curved parts of the boundary."""
        pairs = list(combinations(range(self.dimension + 1), 2))
        edges = np.unique(np.sort(self.cells[:, pairs].reshape(-1, 2), axis=1), axis=0)
        middle = self.points[edges].mean(axis=1)
        for tag, project in self.projections.items():
            curved = self.facets[self.facet_tags == tag]
            ends = curved[:, list(combinations(range(self.dimension), 2))].reshape(-1, 2)
            index = np.unique(find_edges(edges, ends))
            middle[index] = project(middle[index])
        return edges, middle

    def refined(self) -> MeshArrays:
        """Every edge halved: 4 triangles or 8 tetrahedra for each; new boundary points lie on the curved boundary.

        The octahedron inside a tetrahedron is cut along its shortest diagonal (Bey 1995).
        """
        edges, middle = self._midpoints()
        points = np.vstack([self.points, middle])
        count = len(self.points)

        def half(vertices: np.ndarray, i: int, j: int) -> np.ndarray:
            return count + find_edges(edges, vertices[:, [i, j]])

        cells, facets = self.cells, self.facets
        if self.dimension == 2:
            ab, ac, bc = half(cells, 0, 1), half(cells, 0, 2), half(cells, 1, 2)
            a, b, c = cells.T
            children = [(a, ab, ac), (ab, b, bc), (ac, bc, c), (ab, bc, ac)]
            new_cells = np.concatenate([np.column_stack(child) for child in children])
            middle_of_facet = half(facets, 0, 1)
            halves = [(facets[:, 0], middle_of_facet), (middle_of_facet, facets[:, 1])]
            new_facets = np.concatenate([np.column_stack(child) for child in halves])
        else:
            new_cells = _split_tetrahedra(points, cells, half)
            ab, ac, bc = half(facets, 0, 1), half(facets, 0, 2), half(facets, 1, 2)
            a, b, c = facets.T
            children = [(a, ab, ac), (ab, b, bc), (ac, bc, c), (ab, bc, ac)]
            new_facets = np.concatenate([np.column_stack(child) for child in children])
        tags = np.tile(self.facet_tags, len(new_facets) // len(facets))
        return MeshArrays(points, _positive(points, new_cells), new_facets, tags, self.names, self.projections)


def _split_tetrahedra(
    points: np.ndarray, cells: np.ndarray, half: Callable[[np.ndarray, int, int], np.ndarray]
) -> np.ndarray:
    """Eight tetrahedra (8 m, 4) for each: four at the corners and four from the octahedron between them."""
    a, b, c, d = cells.T
    ab, ac, ad = half(cells, 0, 1), half(cells, 0, 2), half(cells, 0, 3)
    bc, bd, cd = half(cells, 1, 2), half(cells, 1, 3), half(cells, 2, 3)
    corners = [(a, ab, ac, ad), (ab, b, bc, bd), (ac, bc, c, cd), (ad, bd, cd, d)]
    result = [np.column_stack(corner) for corner in corners]
    # Each diagonal with the ring of the four other midpoints around it.
    diagonals = [(ab, cd, (ac, bc, bd, ad)), (ac, bd, (ab, bc, cd, ad)), (ad, bc, (ab, ac, cd, bd))]
    lengths = np.stack([np.linalg.norm(points[p] - points[q], axis=1) for p, q, _ in diagonals])
    shortest = lengths.argmin(axis=0)
    for number, (p, q, ring) in enumerate(diagonals):
        chosen = shortest == number
        for i in range(4):
            part = np.column_stack([p, q, ring[i], ring[(i + 1) % 4]])
            result.append(part[chosen])
    return np.concatenate(result)


def find_edges(edges: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Positions (n,) of vertex pairs ``ends`` (n, 2), in any order, in sorted unique ``edges`` (e, 2)."""
    size = int(edges.max()) + 1
    ends = np.sort(ends, axis=1).astype(np.int64)
    return np.searchsorted(edges[:, 0].astype(np.int64) * size + edges[:, 1], ends[:, 0] * size + ends[:, 1])


def _positive(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Cells with two vertices exchanged where their volume is negative."""
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    negative = np.linalg.det(edges) < 0.0
    cells = cells.copy()
    cells[negative, :2] = cells[negative, 1::-1]
    return cells


def make_arrays(
    points: np.ndarray,
    cells: np.ndarray,
    parts: Mapping[str, np.ndarray],
    projections: Mapping[str, Projection] | None = None,
) -> MeshArrays:
    """Arrays from named lists of boundary facets: ``parts`` name -> (f, d). Tags count from 1 in that order."""
    names = {name: tag for tag, name in enumerate(parts, start=1)}
    tags = np.concatenate([np.full(len(facets), names[name], np.int32) for name, facets in parts.items()])
    moved = {names[name]: project for name, project in (projections or {}).items()}
    facets = np.concatenate(list(parts.values())).astype(np.int64)
    return MeshArrays(points, _positive(points, cells.astype(np.int64)), facets, tags, names, moved)


@dataclass(frozen=True)
class VerificationMesh:
    """A DOLFINx mesh with its facet tags; ``names`` gives the tag of each part of the boundary."""

    mesh: Mesh
    facet_tags: MeshTags
    cell_tags: MeshTags
    """All cells carry tag 1."""
    names: Mapping[str, int]

    def facets(self, name: str) -> np.ndarray:
        """Local facet indices of a named part."""
        return self.facet_tags.find(self.names[name])


def to_dolfinx(arrays: MeshArrays, comm: MPI.Intracomm, *, geometry_degree: int = 1) -> VerificationMesh:
    """The mesh distributed over ``comm``; every rank passes the same arrays, rank 0's are used.

    ``geometry_degree`` 2 curves the cells at curved boundaries, without which elements of degree 2 are of second order
    only.
    """
    import basix.ufl
    import ufl
    from dolfinx import graph, io, mesh

    dimension = arrays.dimension
    points, cells = arrays.points, arrays.cells
    if geometry_degree == 2:
        edges, middle = arrays._midpoints()
        extra = [len(points) + find_edges(edges, cells[:, list(pair)]) for pair in _GEOMETRY_EDGES[dimension]]
        points, cells = np.vstack([points, middle]), np.column_stack([cells, *extra])
    facets, tags = _facet_nodes(arrays, cells, points, geometry_degree), arrays.facet_tags.astype(np.int32)
    if comm.rank != 0:
        points, cells, facets, tags = points[:0], cells[:0], facets[:0], tags[:0]
    shape = "triangle" if dimension == 2 else "tetrahedron"
    element = ufl.Mesh(basix.ufl.element("Lagrange", shape, geometry_degree, shape=(dimension,), dtype=points.dtype))
    made = mesh.create_mesh(comm, np.ascontiguousarray(cells, np.int64), element, np.ascontiguousarray(points))
    made.topology.create_connectivity(dimension - 1, 0)
    made.topology.create_connectivity(dimension - 1, dimension)
    entities, values = io.distribute_entity_data(made, dimension - 1, np.ascontiguousarray(facets, np.int64), tags)
    facet_tags = mesh.meshtags_from_entities(made, dimension - 1, graph.adjacencylist(entities), values)
    cell_map = made.topology.index_map(dimension)
    everywhere = np.arange(cell_map.size_local + cell_map.num_ghosts, dtype=np.int32)
    cell_tags = mesh.meshtags(made, dimension, everywhere, np.ones(everywhere.size, np.int32))
    return VerificationMesh(made, facet_tags, cell_tags, dict(arrays.names))


def _facet_nodes(arrays: MeshArrays, cells: np.ndarray, points: np.ndarray, degree: int) -> np.ndarray:
    """Nodes of the boundary facets in DOLFINx's order: vertices, and midpoints where the geometry is quadratic."""
    if degree == 1:
        return arrays.facets
    edges, _ = arrays._midpoints()
    pairs = [(1, 2), (0, 2), (0, 1)] if arrays.dimension == 3 else [(0, 1)]
    extra = [len(arrays.points) + find_edges(edges, arrays.facets[:, list(pair)]) for pair in pairs]
    return np.column_stack([arrays.facets, *extra])
