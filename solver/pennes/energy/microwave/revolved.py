"""Tetrahedra by turning triangles of a section in (r, z) around its axis, in equal sectors."""

from __future__ import annotations

import math

import numpy as np


def area_factor(sectors: int) -> float:
    """Radii are multiplied by this so that the polygon has the area of the circle."""
    angle = 2.0 * math.pi / sectors
    return math.sqrt(angle / math.sin(angle))


class Revolution:
    """Turns a section with ``points`` (n, 2) = (r, z) into a mesh with ``sectors`` of equal angle.

    Vertices on the axis (r = 0) exist once, all others once a sector. ``points`` (m, 3) are those of the turned mesh,
    z along the axis; radii are stretched by ``area_factor``, so that volumes are those of circles.
    """

    def __init__(self, points: np.ndarray, sectors: int):
        self.sectors, n = sectors, len(points)
        on_axis = points[:, 0] <= 0.0
        self._copies = np.empty((sectors + 1, n), dtype=np.int64)
        self._copies[:, on_axis] = np.arange(np.count_nonzero(on_axis))
        first = np.count_nonzero(on_axis)
        turning = np.flatnonzero(~on_axis)
        for sector in range(sectors):
            self._copies[sector, turning] = first + sector * len(turning) + np.arange(len(turning))
        self._copies[sectors] = self._copies[0]
        angles = 2.0 * math.pi * np.arange(sectors) / sectors
        r, z = points[turning].T
        r = r * area_factor(sectors)
        around = np.stack(
            [np.outer(np.cos(angles), r), np.outer(np.sin(angles), r), np.broadcast_to(z, (sectors, len(z)))], axis=-1
        )
        axis = np.stack([np.zeros(first), np.zeros(first), points[on_axis, 1]], axis=-1)
        self.points = np.concatenate([axis, around.reshape(-1, 3)])

    def cells(self, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tetrahedra (k, 4), positively oriented, of section triangles (t, 3), and the triangle of each (k,).

        Every prism is cut by the order of its vertices, so that neighbours agree on the diagonals; at the axis prisms
        lose the cells that have no volume.
        """
        a, b, c = np.sort(triangles, axis=1).T
        made, origin = [], []
        for near, far in zip(self._copies[:-1], self._copies[1:], strict=True):
            for cell in (
                (near[a], near[b], near[c], far[c]),
                (near[a], near[b], far[b], far[c]),
                (near[a], far[a], far[b], far[c]),
            ):
                made.append(np.stack(cell, axis=1))
                origin.append(np.arange(len(triangles)))
        cells, origin = np.concatenate(made), np.concatenate(origin)
        keep = _distinct(cells)
        cells, origin = cells[keep], origin[keep]
        edges = self.points[cells[:, 1:]] - self.points[cells[:, :1]]
        negative = np.linalg.det(edges) < 0.0
        cells[negative, :2] = cells[negative, 1::-1]
        return cells, origin

    def facets(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Triangles (k, 3) of section edges (e, 2), cut like the cells beside them, and the edge of each (k,)."""
        p, q = np.sort(edges, axis=1).T
        made, origin = [], []
        for near, far in zip(self._copies[:-1], self._copies[1:], strict=True):
            for facet in ((near[p], near[q], far[q]), (near[p], far[p], far[q])):
                made.append(np.stack(facet, axis=1))
                origin.append(np.arange(len(edges)))
        facets, origin = np.concatenate(made), np.concatenate(origin)
        keep = _distinct(facets)
        return facets[keep], origin[keep]


def _distinct(cells: np.ndarray) -> np.ndarray:
    """Which of the cells (k, n) have n different vertices (k,)."""
    ordered = np.sort(cells, axis=1)
    return np.all(ordered[:, 1:] != ordered[:, :-1], axis=1)


def grid_triangles(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Triangles (2 k, 3) of a grid of columns x rows points, numbered row by row, and the cell of each (2 k,).

    Cells are numbered row by row too: cell (i, j) = j (columns - 1) + i.
    """
    j, i = np.divmod(np.arange((columns - 1) * (rows - 1)), columns - 1)
    corner = j * columns + i
    lower = np.stack([corner, corner + 1, corner + columns + 1], axis=1)
    upper = np.stack([corner, corner + columns, corner + columns + 1], axis=1)
    cells = np.arange(len(corner))
    return np.concatenate([lower, upper]), np.concatenate([cells, cells])
