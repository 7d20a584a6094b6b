"""Between the treatment's mesh and the antennas' own mesh in three dimensions: stored interpolations, built once.

The field's mesh is bounded (tens of thousands of cells, whatever the treatment's mesh): its arrays are on every rank.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy.sparse as sparse
from dolfinx import geometry
from mpi4py import MPI
from scipy.spatial import cKDTree

from pennes.case.models import Branch, Case
from pennes.energy.helmholtz.meshes import distributed
from pennes.energy.microwave.mapping import Rings
from pennes.energy.microwave.surroundings import FieldMesh

SAMPLES = np.array([[0.5854102, 0.1381966, 0.1381966, 0.1381966], [0.25, 0.25, 0.25, 0.25]])
"""Barycentric coordinates: four points by rotation, and the centre."""


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
    def to_nodes(self) -> sparse.csr_matrix:
        """Matrix (n_local, field's points): linear interpolation in the field's tissue cells at the treatment's nodes.

        Nodes inside a needle's outline, where the meshes cut its curved surface differently, take the value of the
        nearest tissue cell; nodes beyond the field's mesh get 0.
        """
        mesh, cells = self.mesh, self.mesh.cells[self.tissue]
        whole = distributed(mesh.points, cells, MPI.COMM_SELF)
        original = whole.topology.original_cell_index
        tree = geometry.bb_tree(whole, 3)
        points = self.elements.points
        low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
        near = np.flatnonzero(np.all((points > low) & (points < high), axis=1))
        found = geometry.compute_collisions_points(tree, points[near])
        point = np.repeat(np.arange(len(near)), np.diff(found.offsets))
        cell = original[found.array]
        weights = self._barycentric(points[near][point], cells[cell])
        depth = weights.min(axis=1)
        order = np.argsort(depth, kind="stable")
        best = np.full(len(near), -1)
        best[point[order]] = order  # the last one written is the deepest
        inside = np.zeros(len(near), dtype=bool)
        inside[best >= 0] = depth[best[best >= 0]] > -1e-6
        chosen_cell, chosen_weights = np.zeros(len(near), dtype=np.int64), np.zeros((len(near), 4))
        chosen_cell[inside], chosen_weights[inside] = cell[best[inside]], weights[best[inside]]
        self._clamp(points[near], cells, ~inside, chosen_cell, chosen_weights)
        rows = np.repeat(near, 4)
        entries = (chosen_weights.ravel(), (rows, cells[chosen_cell].ravel()))
        return sparse.csr_matrix(entries, shape=(len(points), len(mesh.points)))

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

    def node_fields(self, cell_field: np.ndarray, cell_squared: np.ndarray) -> np.ndarray:
        """E (n_local, 3) at the treatment's nodes from E (tissue cells, 3) at the centres of the field's tissue cells.

        Averaged to the field's points, then scaled there so that the linear field carries the squares
        ``cell_squared`` (tissue cells,), integrals of |E|^2 over the cells, that the solution has.
        """
        sums, volume = self._averaging
        mean = (sums @ (self.volumes[:, None] * cell_field)) / volume[:, None]
        squares = np.sum(np.abs(mean) ** 2, axis=1)
        cells = self.mesh.cells[self.tissue]
        linear = self.volumes * squares[cells].mean(axis=1)
        ratio = (sums @ cell_squared) / np.maximum(sums @ linear, 1e-300)
        return self.to_nodes @ (np.sqrt(ratio)[:, None] * mean)


def in_vessels(case: Case, points: np.ndarray) -> np.ndarray:
    """Number of the vessel of the case that each point (n, 3) lies in (n,), -1 for none."""
    result = np.full(len(points), -1)
    for number, vessel in enumerate(case.vessels):
        for path, radius in _tubes(vessel, None):
            for start, end in pairwise(path):
                along = end - start
                share = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
                distance = np.linalg.norm(points - start - share[:, None] * along, axis=1)
                result[distance < radius] = number
    return result


def _tubes(part: Branch, start: np.ndarray | None):
    """Path (n, 3) and radius of a vessel or branch and of all that leave it."""
    path = np.array(part.path, dtype=float).reshape(-1, 3)
    path = path if start is None else np.concatenate([start[None], path])
    yield path, part.diameter / 2
    for branch in part.branches:
        yield from _tubes(branch, path[-1])
