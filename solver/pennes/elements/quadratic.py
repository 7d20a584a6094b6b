"""Quadratic simplices with a consistent mass matrix: for verification and for smooth problems."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from pennes.elements.linear import LinearElements


class QuadraticElements(LinearElements):
    """Quadratic triangles or tetrahedra with the interface of ``LinearElements``.

    Conductivities stay cell-wise, and a reaction enters the matrix by its cell means, so that third order holds where
    these are constant.
    """

    degree = 2
    lumped = False
    facet_weights = {2: (1 / 6, 1 / 6, 2 / 3), 3: (0.0, 0.0, 0.0, 1 / 3, 1 / 3, 1 / 3)}

    def _mass_table(self, values: np.ndarray, weights: np.ndarray) -> None:
        count = self.unknowns.shape[1]
        self._load = weights @ values
        reference = np.einsum("q,qi,qj->ij", weights, values, values)
        first, second = np.triu_indices(count, 1)
        self._reference_pairs, self._reference_diagonal = reference[first, second], np.diag(reference)
        entries = self.volumes[:, None] * self._reference_pairs
        starts = np.arange(self.n_cells + 1, dtype=np.int32) * entries.shape[1]
        self._mass_pairs = sparse.csc_matrix(
            (entries.ravel(), self._cell_edges.ravel(), starts), shape=(self.n_edges, self.n_cells)
        )
        starts = np.arange(self.n_cells + 1, dtype=np.int32) * count
        self._gather = sparse.csr_matrix(
            (np.ones(self.n_cells * count), self.unknowns.ravel(), starts), shape=(self.n_cells, self.n_local)
        )
        self._unit_pairs = self.mass_edges(np.ones(self.n_local))
        self._unit_diagonal = self._diagonal(np.ones(self.n_cells))
        # Weights of norms; the row sums of quadratic vertices are not positive.
        self.node_volumes = self.accumulate(self._gather.T @ (self.volumes / count))
        self._vertex_map = np.empty(self.mesh.geometry.x.shape[0], dtype=np.int32)
        every = self.space.dofmap.list[:, : self.dimension + 1]
        self._vertex_map[self.mesh.geometry.dofmaps[0]] = every

    def lump(self, cell_totals: np.ndarray) -> np.ndarray:
        """Load vector of a density that is constant in each cell with the given totals (n_cells,): local sums."""
        values = (cell_totals[:, None] * self._load).ravel()
        return np.bincount(self.unknowns.ravel(), values, minlength=self.n_local)

    def density(self, cell_totals: np.ndarray) -> np.ndarray:
        return self.accumulate(self._gather.T @ (cell_totals / self.unknowns.shape[1])) / self.node_volumes

    def _diagonal(self, cell_reaction: np.ndarray) -> np.ndarray:
        """Local diagonal (n_local,) of the mass matrix with a reaction of each cell."""
        values = ((self.volumes * cell_reaction)[:, None] * self._reference_diagonal).ravel()
        return np.bincount(self.unknowns.ravel(), values, minlength=self.n_local)

    def mass(self, values: np.ndarray) -> np.ndarray:
        first, second = self.edges.T
        product = self._unit_diagonal * values
        product += np.bincount(first, self._unit_pairs * values[second], minlength=self.n_local)
        product += np.bincount(second, self._unit_pairs * values[first], minlength=self.n_local)
        return self.accumulate(product)

    def mass_diagonal(self, reaction: np.ndarray) -> np.ndarray:
        return self.accumulate(self._diagonal(self.cell_mean(reaction)))

    def mass_edges(self, reaction: np.ndarray) -> np.ndarray:
        return self._mass_pairs @ self.cell_mean(reaction)

    def vertex_values(self, values: np.ndarray) -> np.ndarray:
        return values[self._vertex_map]
