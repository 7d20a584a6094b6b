"""Simplices with cell-wise coefficients, assembled by products with constant sparse matrices.

On a simplex the stiffness matrix is the cell's conductivity times a constant matrix whose rows add up to zero. The sum
over cells is therefore one sparse product, ``stiffness(k) = S @ k`` with S of shape (pairs of unknowns, cells). Its
transpose gives the dissipation |grad u|^2 of each cell, so that the Joule heat adds up to the electric power exactly.
"""

from __future__ import annotations

from functools import cached_property

import basix
import numpy as np
import scipy.sparse as sparse
from dolfinx import fem, la, mesh
from mpi4py import MPI

from pennes.elements.system import SymmetricSystem

#: Cells handled at a time while tables are built: bounds the memory of set-up.
BLOCK = 50_000


class LinearElements:
    """Linear triangles (plane problems, per metre of depth) or tetrahedra, with a lumped mass matrix.

    Arrays of values at the unknowns have shape (n_local,): owned ones first, then ghosts, in the order of ``space``.
    "Local" sums are this rank's contributions; ``accumulate`` adds them up over ranks.
    """

    degree = 1
    lumped = True

    def __init__(self, domain_mesh: mesh.Mesh):
        self.mesh = domain_mesh
        self.comm: MPI.Intracomm = domain_mesh.comm
        self.dimension = domain_mesh.topology.dim
        self.space = fem.functionspace(domain_mesh, ("Lagrange", self.degree))
        self.index_map = self.space.dofmap.index_map
        self.n_owned = self.index_map.size_local
        self.n_local = self.n_owned + self.index_map.num_ghosts
        self.n_cells = domain_mesh.topology.index_map(self.dimension).size_local
        #: Unknowns of each cell; the vertices come first.
        self.unknowns = np.ascontiguousarray(self.space.dofmap.list[: self.n_cells], dtype=np.int32)
        self.cells = np.ascontiguousarray(self.unknowns[:, : self.dimension + 1])
        self.points = self.space.tabulate_dof_coordinates()[: self.n_local]
        self._exchange = la.vector(self.index_map) if self.comm.size > 1 else None
        self._build_graph()
        self._build_tables()

    def _build_graph(self) -> None:
        """Pairs of unknowns that share a cell (n_edges, 2), and the pairs of each cell."""
        first, second = np.triu_indices(self.unknowns.shape[1], 1)
        keys = np.empty((self.n_cells, len(first)), dtype=np.int64)
        for pair, (i, j) in enumerate(zip(first, second, strict=True)):
            low = np.minimum(self.unknowns[:, i], self.unknowns[:, j])
            high = np.maximum(self.unknowns[:, i], self.unknowns[:, j])
            keys[:, pair] = low.astype(np.int64) * self.n_local + high
        distinct, self._cell_edges = _ranked(keys)
        del keys
        self.edges = np.column_stack([distinct // self.n_local, distinct % self.n_local]).astype(np.int32)
        self.n_edges = len(self.edges)
        starts = np.arange(self.n_edges + 1, dtype=np.int32) * 2
        signs = np.tile(np.array([1.0, -1.0]), self.n_edges)
        self._difference = sparse.csr_matrix((signs, self.edges.ravel(), starts), shape=(self.n_edges, self.n_local))
        shares = self._vertex_shares()
        starts = np.arange(self.n_cells + 1, dtype=np.int32) * shares.shape[1]
        self._mean = sparse.csr_matrix((shares.ravel(), self.cells.ravel(), starts), shape=(self.n_cells, self.n_local))

    def _vertex_shares(self) -> np.ndarray:
        """Share (n_cells, vertices) of a cell's volume that belongs to each of its vertices."""
        return np.full(self.cells.shape, 1.0 / self.cells.shape[1])

    def _coordinates(self) -> np.ndarray:
        """Coordinates (n, dimension) of the geometry's vertices in which gradients are taken."""
        return self.mesh.geometry.x[:, : self.dimension]

    def _thickness(self, corners: np.ndarray) -> np.ndarray | float:
        """What the area or volume of cells with ``corners`` (c, vertices, dimension) is to be multiplied by."""
        return 1.0

    def _build_tables(self) -> None:
        """Volumes of the cells and the constant matrix S, block by block."""
        element = self.space.element.basix_element
        points, weights = basix.make_quadrature(element.cell_type, 2 * max(self.degree, 1))
        table = element.tabulate(1, points)[..., 0]
        pairs = np.triu_indices(table.shape[2], 1)
        reference = np.einsum("q,aqi,bqj->abij", weights, table[1:], table[1:])[:, :, pairs[0], pairs[1]]
        nodes = self.mesh.geometry.dofmaps[0][: self.n_cells]
        x = self._coordinates()
        reference_volume = weights.sum()
        self.volumes = np.empty(self.n_cells)
        entries = np.empty((self.n_cells, len(pairs[0])))
        for start in range(0, self.n_cells, BLOCK):
            block = slice(start, start + BLOCK)
            jacobian = np.swapaxes(x[nodes[block, 1:]] - x[nodes[block, :1]], 1, 2)
            determinant = np.abs(np.linalg.det(jacobian)) * self._thickness(x[nodes[block]])
            inverse = np.linalg.inv(jacobian)
            metric = np.einsum("cad,cbd,c->cab", inverse, inverse, determinant)
            entries[block] = np.tensordot(metric, reference, axes=([1, 2], [0, 1]))
            self.volumes[block] = determinant * reference_volume
        self._mass_table(table[0], weights / reference_volume)
        starts = np.arange(self.n_cells + 1, dtype=np.int32) * entries.shape[1]
        shape = (self.n_edges, self.n_cells)
        self._stiffness = sparse.csc_matrix((entries.ravel(), self._cell_edges.ravel(), starts), shape=shape)
        del self._cell_edges

    def _mass_table(self, values: np.ndarray, weights: np.ndarray) -> None:
        """Lumped: each vertex gets its share of the volume."""
        self.node_volumes = self.accumulate(self.lump(self.volumes))

    def lump(self, cell_totals: np.ndarray) -> np.ndarray:
        """Share a total of each cell (n_cells,) among its vertices: local sums (n_local,)."""
        return self._mean.T @ cell_totals

    def density(self, cell_totals: np.ndarray) -> np.ndarray:
        """Density per volume (n_local,), the mean over the cells of each unknown, of totals of each cell (n_cells,)."""
        return self.accumulate(self.lump(cell_totals)) / self.node_volumes

    def cell_values(self, tags: mesh.MeshTags) -> np.ndarray:
        """Value of each cell's tag (n_cells,), 0 where there is none."""
        values = np.zeros(self.n_cells, dtype=np.int32)
        own = tags.indices < self.n_cells
        values[tags.indices[own]] = tags.values[own]
        return values

    def cell_mean(self, values: np.ndarray) -> np.ndarray:
        """Mean over each cell (n_cells,) of values at the unknowns (n_local,)."""
        return self._mean @ values

    def stiffness(self, conductivity: np.ndarray) -> np.ndarray:
        """Stiffness matrix for a conductivity of each cell (n_cells,): its local off-diagonal entries (n_edges,)."""
        return self._stiffness @ conductivity

    def stiffness_diagonal(self, stiffness: np.ndarray) -> np.ndarray:
        """Diagonal of the stiffness matrix, accumulated (n_local,): rows add up to zero."""
        first, second = self.edges.T
        ends = np.bincount(first, stiffness, minlength=self.n_local)
        ends += np.bincount(second, stiffness, minlength=self.n_local)
        return self.accumulate(-ends)

    def apply(self, stiffness: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Stiffness matrix times values (n_local,), accumulated (n_local,)."""
        return self.accumulate(-(self._difference.T @ (stiffness * (self._difference @ values))))

    def mass(self, values: np.ndarray) -> np.ndarray:
        """Mass matrix times values (n_local,), accumulated (n_local,)."""
        return self.node_volumes * values

    def mass_diagonal(self, reaction: np.ndarray) -> np.ndarray:
        """Diagonal (n_local,), accumulated, of the mass matrix weighted with ``reaction`` (n_local,) per volume."""
        return self.node_volumes * reaction

    def mass_edges(self, reaction: np.ndarray) -> np.ndarray | None:
        """Local off-diagonal entries (n_edges,) of the same matrix; None where it is lumped."""
        return None

    def difference(self, values: np.ndarray) -> np.ndarray:
        """Difference of values over each pair (n_edges,): what ``cell_dissipation`` and ``energy`` take."""
        return self._difference @ values

    def cell_dissipation(self, difference: np.ndarray) -> np.ndarray:
        """Integral over each cell (n_cells,) of |grad u|^2."""
        return -(self._stiffness.T @ difference**2)

    def energy(self, stiffness: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
        """u' K v over all ranks, from the differences of u and v."""
        return self.comm.allreduce(-float(np.einsum("i,i,i->", stiffness, first, second)))

    @cached_property
    def matrix_values(self) -> np.ndarray:
        """Room for the entries (2 n_edges + n_local,) of a matrix while a system hands them over: one for all."""
        return np.empty(2 * self.n_edges + self.n_local)

    def system(self, fixed: np.ndarray, **options) -> SymmetricSystem:
        """A linear system of these elements: see ``SymmetricSystem``."""
        return SymmetricSystem(self, fixed, **options)

    def accumulate(self, values: np.ndarray) -> np.ndarray:
        """Add the contributions of all ranks to shared unknowns; ghosts are updated."""
        if self._exchange is None:
            return values
        self._exchange.array[:] = values
        self._exchange.scatter_reverse(la.InsertMode.add)
        self._exchange.scatter_forward()
        return self._exchange.array.copy()

    def update_ghosts(self, values: np.ndarray) -> np.ndarray:
        """Values with ghosts copied from their owners."""
        if self._exchange is None:
            return values
        self._exchange.array[:] = values
        self._exchange.scatter_forward()
        return self._exchange.array.copy()

    def total(self, values: np.ndarray) -> float:
        """Sum of accumulated values over all ranks, each unknown once."""
        own = float(values[: self.n_owned].sum())
        return own if self._exchange is None else self.comm.allreduce(own)

    #: Share of a facet's area for each unknown of its closure, vertices first, by dimension.
    facet_weights = {2: (1 / 2, 1 / 2), 3: (1 / 3, 1 / 3, 1 / 3)}

    def facet_shares(self, facets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Facets as lumped surface elements.

        Of the m local ``facets`` that this rank owns (so that no facet counts on two ranks): areas (m,), unknowns
        (m, k) with the vertices first, the share of the area that each unknown has, the same (k,) for all facets or
        (m, k), and centres (m, 3).
        """
        topology, dimension = self.mesh.topology, self.dimension
        topology.create_connectivity(dimension, dimension - 1)
        facets, cells = self.facet_cells(facets)
        of_cell = topology.connectivity(dimension, dimension - 1).array.reshape(-1, dimension + 1)[cells]
        number = np.argmax(of_cell == facets[:, None], axis=1)
        closures = np.array(self.space.element.basix_element.entity_closure_dofs[dimension - 1])
        unknowns = np.take_along_axis(self.unknowns[cells], closures[number], axis=1)
        x = self.points[unknowns[:, :dimension]]
        if dimension == 3:
            areas = 0.5 * np.linalg.norm(np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]), axis=1)
        else:
            areas = np.linalg.norm(x[:, 1] - x[:, 0], axis=1)
        return areas, unknowns, np.array(self.facet_weights[dimension]), x.mean(axis=1)

    def facet_cells(self, facets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Those of the local ``facets`` that this rank owns (m,), and an owned cell at each (m,)."""
        topology, dimension = self.mesh.topology, self.dimension
        topology.create_connectivity(dimension - 1, dimension)
        to_cell = topology.connectivity(dimension - 1, dimension)
        facets = np.asarray(facets, dtype=np.int32)
        facets = facets[facets < topology.index_map(dimension - 1).size_local]
        # Of the cells on both sides an owned one: ghosts have the higher numbers.
        return facets, np.minimum(
            to_cell.array[to_cell.offsets[facets]], to_cell.array[to_cell.offsets[facets + 1] - 1]
        )

    def facet_corners(self, facets: np.ndarray) -> np.ndarray:
        """Unknowns (m, d) at the corners of those of the local ``facets`` that this rank owns."""
        return self.facet_shares(facets)[1][:, : self.dimension]

    def vertex_values(self, values: np.ndarray) -> np.ndarray:
        """Values at the geometry's vertices, for output and point evaluation, from values (n_local,)."""
        return values

    def nodes_of(self, dimension: int, entities: np.ndarray) -> np.ndarray:
        """Mask (n_local,) of the unknowns on local mesh entities, the same on every rank that holds them."""
        mask = np.zeros(self.n_local)
        if dimension == self.dimension:
            mask[self.space.dofmap.list[entities]] = 1.0
        else:
            mask[fem.locate_dofs_topological(self.space, dimension, entities)] = 1.0
        return self.accumulate(mask) > 0


def _ranked(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct ``keys`` (n, m), ascending, and the place of each key among them (n, m) as int32: ``numpy.unique`` in
    half the memory, where set-up needs most."""
    order = np.argsort(keys, axis=None)
    ascending = keys.ravel()[order]
    first = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]]))[: len(ascending)]
    distinct = ascending[first]
    del ascending
    places = np.empty(len(order), dtype=np.int32)
    places[order] = np.repeat(np.arange(len(first), dtype=np.int32), np.diff(np.append(first, len(order))))
    return distinct, places.reshape(keys.shape)
