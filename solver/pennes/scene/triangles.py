"""Triangles in a half-plane as arrays: their order, quality and uniform refinement; ``arrays`` has that of
tetrahedra."""

from __future__ import annotations

import numpy as np

from pennes.scene.arrays import MeshArrays, MeshQuality, vertex_order

_EDGES = np.array([[1, 2], [0, 2], [0, 1]])


def ordered_triangles(mesh: MeshArrays) -> MeshArrays:
    """The same mesh without unused points, neighbours close to each other in memory."""
    used = np.unique(mesh.cells)
    new = np.full(len(mesh.points), -1, dtype=np.int64)
    new[used] = np.arange(len(used))
    order = vertex_order(new[mesh.cells], len(used))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    cells, edges = rank[new[mesh.cells]], rank[new[mesh.facets]]
    sequence = np.argsort(cells.min(axis=1), kind="stable")
    return MeshArrays(
        mesh.points[used][order],
        cells[sequence].astype(np.int32),
        mesh.cell_tags[sequence].astype(np.int32),
        edges.astype(np.int32),
        mesh.facet_tags.astype(np.int32),
    )


def _sides(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Lengths (m, 3) of the sides opposite to the vertices."""
    corners = points[cells]
    return np.linalg.norm(corners[:, _EDGES[:, 0]] - corners[:, _EDGES[:, 1]], axis=2)


def triangle_ratios(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """2 r_in / r_out of each triangle (m,): 1 for an equilateral one."""
    a, b, c = _sides(points, cells).T
    return np.maximum((b + c - a) * (c + a - b) * (a + b - c), 0.0) / np.maximum(a * b * c, 1e-300)


def triangle_quality(mesh: MeshArrays) -> MeshQuality:
    """Measures of all triangles; their angles stand where those between faces of tetrahedra do."""
    sides, ratios = _sides(mesh.points, mesh.cells), triangle_ratios(mesh.points, mesh.cells)
    a, b, c = np.sort(sides, axis=1).T
    smallest = np.arccos(np.clip((b**2 + c**2 - a**2) / np.maximum(2.0 * b * c, 1e-300), -1.0, 1.0))
    return MeshQuality(
        vertices=len(mesh.points),
        cells=len(mesh.cells),
        h_min=float(sides.min()),
        h_max=float(sides.max()),
        min_dihedral_deg=float(np.degrees(smallest.min())),
        min_radius_ratio=float(ratios.min()),
        p01_radius_ratio=float(np.percentile(ratios, 1)),
    )


def refined_triangles(mesh: MeshArrays) -> MeshArrays:
    """Every edge halved: each triangle becomes four, each tagged edge two."""
    n = len(mesh.points)

    def keys(edges: np.ndarray) -> np.ndarray:
        edges = edges.astype(np.int64)
        return edges.min(axis=-1) * n + edges.max(axis=-1)

    unique, inverse = np.unique(keys(mesh.cells[:, _EDGES]), return_inverse=True)
    points = np.concatenate([mesh.points, (mesh.points[unique // n] + mesh.points[unique % n]) / 2])
    a, b, c = mesh.cells.T
    bc, ac, ab = (n + inverse.reshape(-1, 3)).T
    four = ((a, ab, ac), (ab, b, bc), (ac, bc, c), (ab, bc, ac))
    cells = np.stack([np.stack(part, -1) for part in four], axis=1).reshape(-1, 3)
    middle = n + np.searchsorted(unique, keys(mesh.facets))
    first, last = mesh.facets.T
    edges = np.stack([np.stack([first, middle], -1), np.stack([middle, last], -1)], axis=1).reshape(-1, 2)
    tags = np.repeat(mesh.cell_tags, 4), np.repeat(mesh.facet_tags, 2)
    return ordered_triangles(MeshArrays(points, cells, tags[0], edges, tags[1]))


def swept_volumes(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Volumes (m,) in m3 that triangles (m, 3) between coordinates (n, 2) in the half-plane sweep out."""
    a, b, c = np.moveaxis(points[cells], 1, 0)
    area = 0.5 * np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
    return 2.0 * np.pi * (a + b + c)[:, 0] / 3.0 * area


def swept_areas(points: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Areas (k,) in m2 that edges (k, 2) between coordinates (n, 2) sweep out."""
    a, b = np.moveaxis(points[edges], 1, 0)
    return np.pi * (a + b)[:, 0] * np.linalg.norm(b - a, axis=1)
