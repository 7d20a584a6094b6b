"""Between the treatment's mesh and the antennas' own mesh in three dimensions: stored interpolations, built once.

The field's mesh is bounded (tens of thousands of cells, whatever the treatment's mesh): its arrays are on every rank.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import basix
import numpy as np
import scipy.sparse as sparse
from dolfinx import geometry
from mpi4py import MPI
from scipy.spatial import cKDTree

from pennes.case.models import Case
from pennes.energy.helmholtz.meshes import distributed
from pennes.energy.microwave.mapping import Rings
from pennes.energy.microwave.surroundings import FieldMesh
from pennes.vasculature import build_trees

SAMPLES = np.array([[0.5854102, 0.1381966, 0.1381966, 0.1381966], [0.25, 0.25, 0.25, 0.25]])
"""Barycentric coordinates: four points by rotation, and the centre."""

NEAR = 12e-3
"""m; cells of the treatment this close to a needle are integrated with more points."""
DEGREES = {True: 4, False: 1}
"""Degree of quadrature, near and far."""
SHARPENINGS = 2


def sample_points(mesh: FieldMesh, cells: np.ndarray) -> np.ndarray:
    """Points (cells, 5, 3) inside each of the field's ``cells``."""
    weights = np.concatenate([[np.roll(SAMPLES[0], turn) for turn in range(4)], SAMPLES[1:]])
    return np.einsum("sv,cvd->csd", weights, mesh.points[mesh.cells[cells]])


class Exchange:
    """Both ways between a treatment (its ``domain`` and ``elements``) and the tissue cells of a field's mesh."""

    def __init__(self, mesh: FieldMesh, domain, elements):
        self.tissue = np.flatnonzero(mesh.needle < 0)
        self.mesh, self.elements = mesh, elements
        corners = mesh.points[mesh.cells[self.tissue]]
        self.volumes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])) / 6.0
        self.samples = sample_points(mesh, self.tissue)
        points, held = domain.locate(self.samples.reshape(-1, 3)).held
        #: Means over samples of the treatment's cells; its ``coverage`` is the share that lies in tissue.
        self.rings = Rings(elements.comm, points, held, len(self.tissue), self.samples.shape[1], elements.n_cells)

    def mean(self, medium: np.ndarray, elsewhere: np.ndarray) -> np.ndarray:
        """Mean in each tissue cell of the field (tissue cells,) of values of the treatment's cells (n_cells,);
        ``elsewhere`` (tissue cells,) where there is no tissue (collective)."""
        return self.rings.mean(medium, elsewhere)

    @cached_property
    def _to_cells(self) -> sparse.csr_matrix:
        """Matrix (n_cells, field's points): the mean over each cell of the treatment of a field that is linear on the
        field's tissue cells, by quadrature.

        Points inside a needle's outline, where the meshes cut its curved surface differently, take the value of the
        nearest tissue cell; points beyond the field's mesh get 0.
        """
        corners = self.elements.points[self.elements.cells]
        middles = corners.mean(axis=1)
        low, high = self.mesh.points.min(axis=0), self.mesh.points.max(axis=0)
        reached = np.all((middles > low) & (middles < high), axis=1)
        needles = self.mesh.points[np.unique(self.mesh.cells[self.mesh.needle >= 0])]
        distance, _ = cKDTree(needles).query(middles, distance_upper_bound=NEAR)
        total = sparse.csr_matrix((self.elements.n_cells, len(self.mesh.points)))
        for close, degree in DEGREES.items():
            places, shares = basix.make_quadrature(basix.CellType.tetrahedron, degree)
            barycentric = np.concatenate([1.0 - places.sum(axis=1, keepdims=True), places], axis=1)
            chosen = np.flatnonzero(reached & (np.isfinite(distance) == close))
            points = np.einsum("qv,cvd->cqd", barycentric, corners[chosen]).reshape(-1, 3)
            nodes, weights = self._interpolation(points)
            rows = np.repeat(chosen, 4 * len(shares))
            values = weights * np.tile(shares / shares.sum(), len(chosen))[:, None]
            total += sparse.csr_matrix((values.ravel(), (rows, nodes.ravel())), shape=total.shape)
        return total

    def _interpolation(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points of the field (n, 4) and weights (n, 4) that give a linear field at ``points`` (n, 3)."""
        cells = self.mesh.cells[self.tissue]
        original, tree = self._tree
        found = geometry.compute_collisions_points(tree, points)
        point = np.repeat(np.arange(len(points)), np.diff(found.offsets))
        cell = original[found.array]
        weights = self._barycentric(points[point], cells[cell])
        depth = weights.min(axis=1)
        order = np.argsort(depth, kind="stable")
        best = np.full(len(points), -1)
        best[point[order]] = order  # the last one written is the deepest
        inside = best >= 0
        inside[inside] = depth[best[inside]] > -1e-6
        chosen_cell, chosen_weights = np.zeros(len(points), dtype=np.int64), np.zeros((len(points), 4))
        chosen_cell[inside], chosen_weights[inside] = cell[best[inside]], weights[best[inside]]
        self._clamp(points, cells, ~inside, chosen_cell, chosen_weights)
        return cells[chosen_cell], chosen_weights

    @cached_property
    def _tree(self) -> tuple[np.ndarray, geometry.BoundingBoxTree]:
        """Search tree of the field's tissue cells, on every rank, and their numbers in its order."""
        whole = distributed(self.mesh.points, self.mesh.cells[self.tissue], MPI.COMM_SELF)
        return np.asarray(whole.topology.original_cell_index), geometry.bb_tree(whole, 3)

    def _clamp(self, points, cells, outside, chosen_cell, chosen_weights) -> None:
        """Points inside a needle: the nearest tissue cell's, with coordinates cut to it. Points beyond the mesh: 0."""
        lost = np.flatnonzero(outside)
        if len(lost) == 0:
            return
        middles = self.mesh.points[cells].mean(axis=1)
        within = np.zeros(len(lost), dtype=bool)
        for number in range(len(self.mesh.ports)):
            needle = self.mesh.points[np.unique(self.mesh.cells[self.mesh.needle == number])]
            distance, _ = cKDTree(needle).query(points[lost], distance_upper_bound=1e-3)
            within |= np.isfinite(distance)
        lost = lost[within]
        _, nearest = cKDTree(middles).query(points[lost])
        weights = np.clip(self._barycentric(points[lost], cells[nearest]), 0.0, None)
        chosen_cell[lost], chosen_weights[lost] = nearest, weights / weights.sum(axis=1, keepdims=True)

    def _barycentric(self, points: np.ndarray, cells: np.ndarray) -> np.ndarray:
        corners = self.mesh.points[cells]
        edges = np.moveaxis(corners[:, 1:] - corners[:, :1], 1, 2)
        last = np.linalg.solve(edges, (points - corners[:, 0])[:, :, None])[:, :, 0]
        return np.concatenate([1.0 - last.sum(axis=1, keepdims=True), last], axis=1)

    @cached_property
    def _averaging(self) -> tuple[sparse.csr_matrix, np.ndarray]:
        """Sums over the tissue cells around each of the field's points, and the volume around each."""
        cells = self.mesh.cells[self.tissue]
        rows, columns = cells.ravel(), np.repeat(np.arange(len(cells)), 4)
        shape = (len(self.mesh.points), len(cells))
        sums = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
        return sums, np.maximum(sums @ self.volumes, 1e-300)

    def cell_squares(self, products: np.ndarray) -> np.ndarray:
        """Mean of conj(E_i) . E_j over the treatment's cells (antennas, antennas, n_cells) from ``products`` (antennas,
        antennas, tissue cells), its integrals over the field's tissue cells.

        The density at the field's points is the mean around them, then sharpened so that the linear field between them
        carries the powers that the cells have: averaging alone would flatten the steep fall around a needle.
        """
        sums, volume = self._averaging
        cells = self.mesh.cells[self.tissue]
        count = len(products)
        density = np.array([[(sums @ products[i, j]) / volume for j in range(count)] for i in range(count)])
        for _ in range(SHARPENINGS):
            linear = [self.volumes * density[i, i].real[cells].mean(axis=1) for i in range(count)]
            ratio = [(sums @ products[i, i].real) / np.maximum(sums @ linear[i], 1e-300) for i in range(count)]
            for i in range(count):
                for j in range(count):
                    density[i, j] *= np.sqrt(ratio[i] * ratio[j])
        return np.array([[self._to_cells @ density[i, j] for j in range(count)] for i in range(count)])


def in_vessels(case: Case, points: np.ndarray) -> np.ndarray:
    """Number of the vessel of the case that each point (n, 3) lies in (n,), -1 for none."""
    result = np.full(len(points), -1)
    for number, tree in enumerate(build_trees(case)):
        for line in tree.lines:
            for (start, end), radius in zip(pairwise(line.points), line.radii, strict=True):
                along = end - start
                share = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
                distance = np.linalg.norm(points - start - share[:, None] * along, axis=1)
                result[distance < radius] = number
    return result
