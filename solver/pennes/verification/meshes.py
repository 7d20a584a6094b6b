"""Meshes of verification problems, structured and graded; ``resolution`` doubles from one to the next of a family.

Lengths in m. Symmetry planes and other insulated parts carry no tag: no flux is the natural condition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.verification.arrays import MeshArrays, make_arrays


@dataclass(frozen=True)
class OntoSphere:
    """Moves points (n, d) radially onto a sphere (circle for d = 2) of ``radius`` about the origin."""

    radius: float

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return points * (self.radius / np.linalg.norm(points, axis=1))[:, None]


def _octant_triangles(resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (n, 3) and triangles (resolution^2, 3) of one eighth of the unit sphere."""
    index, points = {}, []
    for i in range(resolution + 1):
        for j in range(resolution + 1 - i):
            index[i, j] = len(points)
            points.append((i, j, resolution - i - j))
    triangles = []
    for i in range(resolution):
        for j in range(resolution - i):
            triangles.append((index[i, j], index[i + 1, j], index[i, j + 1]))
            if i + j < resolution - 1:
                triangles.append((index[i + 1, j], index[i + 1, j + 1], index[i, j + 1]))
    # The tangent makes triangles of nearly equal size of the flat, equal ones.
    directions = np.tan(np.array(points, float) * (0.25 * np.pi / resolution))
    return directions / np.linalg.norm(directions, axis=1)[:, None], np.array(triangles)


def _layers(triangles: np.ndarray, stride: int, count: int) -> np.ndarray:
    """Tetrahedra (3 x count x n, 4) of ``count`` layers of prisms over triangles (n, 3).

    Every prism is cut by the order of its vertices, so that neighbours agree on the diagonals.
    """
    a, b, c = np.sort(triangles, axis=1).T
    first = np.concatenate(
        [
            np.column_stack([a, b, c, c + stride]),
            np.column_stack([a, b, b + stride, c + stride]),
            np.column_stack([a, a + stride, b + stride, c + stride]),
        ]
    )
    return np.concatenate([first + k * stride for k in range(count)])


def spherical_shell(inner: float, outer: float, resolution: int) -> MeshArrays:
    """One eighth of a spherical shell (x, y, z >= 0), graded geometrically; parts ``inner`` and ``outer``.

    ``resolution``: edges along a quarter circle; layers are as thick as the edges are long.
    """
    directions, triangles = _octant_triangles(resolution)
    count = max(2, round(np.log(outer / inner) * resolution / (0.5 * np.pi)))
    radii = np.geomspace(inner, outer, count + 1)
    points = (radii[:, None, None] * directions).reshape(-1, 3)
    stride = len(directions)
    parts = {"inner": triangles, "outer": triangles + count * stride}
    curved = {"inner": OntoSphere(inner), "outer": OntoSphere(outer)}
    return make_arrays(points, _layers(triangles, stride, count), parts, curved)


def ball(core: float, outer: float, resolution: int) -> MeshArrays:
    """One eighth of a ball, graded towards its centre (vertex 0, at the origin); part ``outer``.

    The cells at the centre fill a ball of radius ``core``.
    """
    shell = spherical_shell(core, outer, resolution)
    triangles = shell.facets[shell.facet_tags == shell.names["inner"]] + 1
    points = np.vstack([np.zeros((1, 3)), shell.points])
    centre = np.column_stack([np.zeros(len(triangles), np.int64), triangles])
    rim = shell.facets[shell.facet_tags == shell.names["outer"]] + 1
    return make_arrays(points, np.vstack([centre, shell.cells + 1]), {"outer": rim}, {"outer": OntoSphere(outer)})


def column(depth: float, width: float, resolution: int, ratio: float = 8.0) -> MeshArrays:
    """A square column of tissue below the surface z = 0, down to z = -depth; parts ``surface`` and ``deep``.

    ``resolution`` cells along the depth, spaced evenly in a mapping whose last cell is about ``ratio`` times the
    first; one sixteenth as many, at least one, across. Each box is cut into two prisms of three tetrahedra.
    """
    square, triangles = _grid(np.linspace(0.0, width, max(1, resolution // 16) + 1))
    even = np.linspace(0.0, 1.0, resolution + 1)
    z = -depth * np.expm1(np.log(ratio) * even) / (ratio - 1.0)
    points = np.column_stack([np.tile(square, (z.size, 1)), np.repeat(z, len(square))])
    parts = {"surface": triangles, "deep": triangles + resolution * len(square)}
    return make_arrays(points, _layers(triangles, len(square), resolution), parts)


def quarter_annulus(inner: float, outer: float, resolution: int) -> MeshArrays:
    """A quarter of an annulus (x, y >= 0) of triangles, graded geometrically; parts ``inner`` and ``outer``.

    ``resolution``: edges along a quarter circle; rings are as thick as the edges are long.
    """
    count = max(2, round(np.log(outer / inner) * resolution / (0.5 * np.pi)))
    angle = np.linspace(0.0, 0.5 * np.pi, resolution + 1)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    circle[0], circle[-1] = (1.0, 0.0), (0.0, 1.0)
    points = (np.geomspace(inner, outer, count + 1)[:, None, None] * circle).reshape(-1, 2)
    stride = resolution + 1
    i, k = (grid.ravel() for grid in np.meshgrid(np.arange(resolution), np.arange(count), indexing="ij"))
    a = k * stride + i
    # Diagonals alternate, so that no direction is preferred.
    even = ((i + k) % 2 == 0)[:, None]
    b, c, d = a + 1, a + stride, a + stride + 1
    cells = np.concatenate(
        [
            np.where(even, np.column_stack([a, c, d]), np.column_stack([a, c, b])),
            np.where(even, np.column_stack([a, d, b]), np.column_stack([b, c, d])),
        ]
    )
    arc = np.column_stack([np.arange(resolution), np.arange(1, resolution + 1)])
    parts = {"inner": arc, "outer": arc + count * stride}
    return make_arrays(points, cells, parts, {"inner": OntoSphere(inner), "outer": OntoSphere(outer)})


def quarter_disc(core: float, outer: float, resolution: int) -> MeshArrays:
    """A quarter of a disc (x, y >= 0) of triangles, graded towards its centre (vertex 0, at the origin); part
    ``outer``. The triangles at the centre fill a quarter disc of radius ``core``."""
    ring = quarter_annulus(core, outer, resolution)
    inner = ring.facets[ring.facet_tags == ring.names["inner"]] + 1
    rim = ring.facets[ring.facet_tags == ring.names["outer"]] + 1
    points = np.vstack([np.zeros((1, 2)), ring.points])
    cells = np.vstack([np.column_stack([np.zeros(len(inner), np.int64), inner]), ring.cells + 1])
    return make_arrays(points, cells, {"outer": rim}, {"outer": OntoSphere(outer)})


def block(dimension: int, size: float, resolution: int) -> MeshArrays:
    """A square (dimension 2) or cube (3) of edge ``size`` with one corner at the origin; part ``boundary``.

    ``resolution`` cells along each edge. Raises ValueError for another dimension.
    """
    if dimension not in (2, 3):
        raise ValueError(f"dimension is {dimension}; it must be 2 or 3")
    side = np.linspace(0.0, size, resolution + 1)
    square, triangles = _grid(side)
    if dimension == 2:
        return make_arrays(square, triangles, {"boundary": exterior_facets(triangles)})
    points = np.column_stack([np.tile(square, (side.size, 1)), np.repeat(side, len(square))])
    cells = _layers(triangles, len(square), resolution)
    return make_arrays(points, cells, {"boundary": exterior_facets(cells)})


def exterior_facets(cells: np.ndarray) -> np.ndarray:
    """Facets (f, d) that belong to one cell only, of cells (m, d + 1)."""
    size = cells.shape[1]
    sides = np.concatenate([np.delete(cells, i, axis=1) for i in range(size)])
    unique, count = np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)
    return unique[count == 1]


def _grid(side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) and triangles of the square grid with coordinates ``side`` both ways."""
    points = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    row = side.size
    corner = (np.arange(row - 1)[:, None] * row + np.arange(row - 1)).ravel()
    halves = [(corner, corner + row, corner + row + 1), (corner, corner + row + 1, corner + 1)]
    return points, np.concatenate([np.column_stack(half) for half in halves])
