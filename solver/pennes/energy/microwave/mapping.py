"""Between the treatment's mesh and an antenna's section: the medium averaged around the axis, the power handed back.

Both ways are stored sparse interpolations, built once. The section's tissue cells see the mean of the treatment's
medium over a ring; the treatment's cells see the field at their quadrature points.
"""

from __future__ import annotations

import math

import basix
import numpy as np
import scipy.sparse as sparse
from matplotlib.tri import Triangulation
from scipy.spatial import cKDTree

from pennes.energy.microwave.section import Section

AROUND = 24
"""Points on a ring."""
GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))
"""Rings are turned against each other by it, so that their points do not line up."""
NEAR = 15e-3
"""m; cells this close to the radiating part are integrated with more points."""
DEGREES = {True: 5, False: 2}
"""Degree of quadrature, near and far."""
BLOCK = 200_000


def cylindrical(points: np.ndarray, tip: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(r, z) (n, 2) of ``points`` (n, 3) in the frame of an antenna with its tip and (unit) direction of insertion."""
    offset = points - tip
    along = offset @ direction
    return np.stack([np.linalg.norm(offset - along[:, None] * direction, axis=1), along], axis=1)


def ring_points(section: Section, cells: np.ndarray, tip: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Points (cells x AROUND, 3) around the axis through the middles of the section's ``cells``; ``axes`` (3, 3) holds
    two directions across and the direction of insertion as columns."""
    r, z = section.points[section.triangles[cells]].mean(axis=1).T
    angles = np.arange(AROUND) * (2.0 * math.pi / AROUND) + GOLDEN_ANGLE * np.arange(len(cells))[:, None]
    local = np.stack(
        [r[:, None] * np.cos(angles), r[:, None] * np.sin(angles), np.broadcast_to(z[:, None], angles.shape)]
    )
    return tip + local.reshape(3, -1).T @ axes.T


class Rings:
    """Means over rings around the antenna of values of the treatment's cells (collective).

    ``points`` and ``cells``: which of the ``count`` x ``around`` ring points lie in which of this rank's cells.
    """

    def __init__(self, comm, points: np.ndarray, cells: np.ndarray, count: int, around: int, n_cells: int):
        self.comm = comm
        ones = np.ones(len(points))
        self.sums = sparse.csr_matrix((ones, (points // around, cells)), shape=(count, n_cells))
        self.found = np.asarray(self.sums.sum(axis=1)).ravel()
        if comm.size > 1:
            self.found = comm.allreduce(self.found)
        #: Share of each ring (count,) that lies in the treatment's tissue.
        self.coverage = self.found / around

    def mean(self, values: np.ndarray, elsewhere) -> np.ndarray:
        """Mean over each ring (count,) of values of the cells (n_cells,); ``elsewhere`` where there is no tissue."""
        total = self.sums @ values
        if self.comm.size > 1:
            total = self.comm.allreduce(total)
        return np.where(self.found > 0, total / np.maximum(self.found, 1.0), elsewhere)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Standard deviation around each ring (count,) of real values of the cells (n_cells,)."""
        mean = self.mean(values, 0.0)
        return np.sqrt(np.maximum(self.mean(values**2, 0.0) - mean**2, 0.0))


def cell_weights(section: Section, tissue: np.ndarray, elements, to_section) -> sparse.csr_matrix:
    """Matrix (n_cells, section's points): the mean over each cell of the treatment of a field that is linear on the
    section's tissue triangles.

    ``to_section`` maps points (n, 3) of the treatment's mesh to (r, z). Points inside the needle's outline, where the
    mesh cuts its curved surface by flat facets, take the value at the surface; points beyond the section take 0.
    """
    finder = _Finder(section, tissue)
    corners = elements.points[elements.cells]
    middles = to_section(corners.mean(axis=1))
    radiating = np.hypot(middles[:, 0], np.maximum(np.abs(middles[:, 1] - section.centre) - 10e-3, 0.0))
    extent = section.extent
    reached = (middles[:, 0] < extent.radius) & (middles[:, 1] < extent.front) & (middles[:, 1] > -extent.back)
    near = radiating < NEAR
    shape = elements.mesh.topology.cell_type.name
    rows, columns, values = [], [], []
    for close, degree in DEGREES.items():
        places, weights = basix.make_quadrature(basix.CellType[shape], degree)
        barycentric = np.concatenate([1.0 - places.sum(axis=1, keepdims=True), places], axis=1)
        chosen = np.flatnonzero(reached & (near == close))
        for start in range(0, len(chosen), max(BLOCK // len(weights), 1)):
            block = chosen[start : start + max(BLOCK // len(weights), 1)]
            points = np.einsum("qv,cvd->cqd", barycentric, corners[block])
            placed = to_section(points.reshape(-1, 3))
            share = np.broadcast_to(weights / weights.sum(), (len(block), len(weights)))
            if elements.dimension == 2:
                share = share * placed[:, 0].reshape(share.shape)
                share = share / share.sum(axis=1, keepdims=True)
            nodes, hats = finder(placed)
            rows.append(np.repeat(np.repeat(block, len(weights)), 3))
            columns.append(nodes.ravel())
            values.append((hats * share.reshape(-1, 1)).ravel())
    shape = (elements.n_cells, len(section.points))
    if not rows:
        return sparse.csr_matrix(shape)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(sparse.coo_matrix(entries, shape=shape))


class _Finder:
    """Vertices (n, 3) and linear weights (n, 3) of the tissue triangle that holds each point (n, 2) of the section."""

    def __init__(self, section: Section, tissue: np.ndarray):
        triangles = section.triangles[tissue]
        used, inverse = np.unique(triangles, return_inverse=True)
        self.used, self.triangles = used, inverse.reshape(triangles.shape)
        self.points = section.points[used]
        self._find = Triangulation(*self.points.T, self.triangles).get_trifinder()
        self._tree = cKDTree(self.points)
        self._section = section

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cells = np.asarray(self._find(points[:, 0], points[:, 1]))
        corners = self.points[self.triangles[cells]]
        edges = np.moveaxis(corners[:, 1:] - corners[:, :1], 1, 2)
        determinant = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
        offset = points - corners[:, 0]
        first = (offset[:, 0] * edges[:, 1, 1] - offset[:, 1] * edges[:, 0, 1]) / determinant
        second = (offset[:, 1] * edges[:, 0, 0] - offset[:, 0] * edges[:, 1, 0]) / determinant
        hats = np.stack([1.0 - first - second, first, second], axis=1)
        nodes = self.used[self.triangles[cells]]
        lost = np.flatnonzero(cells < 0)
        if len(lost):
            extent = self._section.extent
            r, z = points[lost].T
            inside = (r <= extent.radius) & (z <= extent.front) & (z >= -extent.back)
            _, nearest = self._tree.query(points[lost])
            nodes[lost] = self.used[nearest][:, None]
            hats[lost] = np.where(inside, 1.0, 0.0)[:, None] * np.array([1.0, 0.0, 0.0])
        return nodes, hats
