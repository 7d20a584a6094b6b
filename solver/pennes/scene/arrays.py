"""A mesh as arrays; order, quality and uniform refinement of tetrahedra (of triangles: ``triangles``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

FACETS = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
"""Vertices of the facet opposite to each vertex, outward for a positively oriented tetrahedron."""
_EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])


@dataclass(frozen=True)
class MeshQuality:
    """Numbers that say how good a mesh is; lengths in m, angles in degrees.

    The radius ratio is 3 r_in / r_out of a tetrahedron: 1 for a regular one, 0 for a flat one; ``p01`` is its first
    percentile.
    """

    vertices: int
    cells: int
    h_min: float
    h_max: float
    min_dihedral_deg: float
    min_radius_ratio: float
    p01_radius_ratio: float


@dataclass(frozen=True, eq=False)
class MeshArrays:
    """``points`` (n, 3) in m; ``cells`` (m, 4), positively oriented, or triangles (m, 3) in a half-plane; ``cell_tags``
    (m,); ``facets`` (k, 3), or edges (k, 2), of named surfaces with ``facet_tags`` (k,)."""

    points: np.ndarray
    cells: np.ndarray
    cell_tags: np.ndarray
    facets: np.ndarray
    facet_tags: np.ndarray


def ordered(mesh: MeshArrays) -> MeshArrays:
    """The same mesh without unused points, positively oriented, vertices in reverse Cuthill-McKee order and cells in
    the order of their first vertex: neighbours stand close to each other in memory."""
    used = np.unique(mesh.cells)
    new = np.full(len(mesh.points), -1, dtype=np.int64)
    new[used] = np.arange(len(used))
    points, cells, facets = mesh.points[used], new[mesh.cells], new[mesh.facets]
    order = vertex_order(cells, len(points))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    points, cells, facets = points[order], rank[cells], rank[facets]
    sequence = np.argsort(cells.min(axis=1), kind="stable")
    cells, tags = cells[sequence], mesh.cell_tags[sequence]
    negative = signed_volumes(points, cells) < 0
    cells[negative] = cells[negative][:, [1, 0, 2, 3]]
    return MeshArrays(
        points, cells.astype(np.int32), tags.astype(np.int32), facets.astype(np.int32), mesh.facet_tags.astype(np.int32)
    )


def vertex_order(cells: np.ndarray, count: int) -> np.ndarray:
    """The vertices (count,) of ``cells`` (m, k) in reverse Cuthill-McKee order."""
    size = cells.shape[1]
    rows, columns = np.repeat(cells, size, axis=1).ravel(), np.tile(cells, (1, size)).ravel()
    graph = sparse.coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(count,) * 2).tocsr()
    return reverse_cuthill_mckee(graph, symmetric_mode=True)


def signed_volumes(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Volumes (m,) in m3, negative for cells of the other orientation."""
    a, b, c, d = np.moveaxis(points[cells], 1, 0)
    return np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6


def radius_ratios(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """3 r_in / r_out of each cell (m,), from volume, areas of the faces and products of opposite edges."""
    corners = points[cells]
    volume = np.abs(signed_volumes(points, cells))
    area = np.linalg.norm(_normals(corners), axis=2).sum(axis=1) / 2
    lengths = np.linalg.norm(corners[:, _EDGES[:, 0]] - corners[:, _EDGES[:, 1]], axis=2)
    p, q, r = lengths[:, 0] * lengths[:, 5], lengths[:, 1] * lengths[:, 4], lengths[:, 2] * lengths[:, 3]
    # 24 V R = sqrt((p+q+r)(p+q-r)(p-q+r)(-p+q+r)), r_in = 3 V / area.
    product = np.maximum((p + q + r) * (p + q - r) * (p - q + r) * (q + r - p), 1e-300)
    return np.where(area > 0, 216 * volume**2 / (np.maximum(area, 1e-300) * np.sqrt(product)), 0.0)


def quality(mesh: MeshArrays) -> MeshQuality:
    """Measures of all cells."""
    corners = mesh.points[mesh.cells]
    lengths = np.linalg.norm(corners[:, _EDGES[:, 0]] - corners[:, _EDGES[:, 1]], axis=2)
    ratios = radius_ratios(mesh.points, mesh.cells)
    normals = _normals(corners)
    size = np.linalg.norm(normals, axis=2)
    smallest = 180.0
    with np.errstate(divide="ignore", invalid="ignore"):
        for i, j in _EDGES:
            cosine = -np.einsum("ij,ij->i", normals[:, i], normals[:, j]) / (size[:, i] * size[:, j])
            largest = float(np.nanmax(np.where(np.isfinite(cosine), cosine, 1.0)))
            smallest = min(smallest, float(np.degrees(np.arccos(min(largest, 1.0)))))
    return MeshQuality(
        vertices=len(mesh.points),
        cells=len(mesh.cells),
        h_min=float(lengths.min()),
        h_max=float(lengths.max()),
        min_dihedral_deg=smallest,
        min_radius_ratio=float(ratios.min()),
        p01_radius_ratio=float(np.percentile(ratios, 1)),
    )


def refined(mesh: MeshArrays) -> MeshArrays:
    """Every edge halved: each tetrahedron becomes eight, cut along the shortest inner diagonal (Bey 1995), each tagged
    facet four. New points are the middles of edges, on curved surfaces too."""
    n = len(mesh.points)
    keys = _edge_keys(mesh.cells[:, _EDGES], n)
    unique, inverse = np.unique(keys, return_inverse=True)
    points = np.concatenate([mesh.points, (mesh.points[unique // n] + mesh.points[unique % n]) / 2])
    middle = n + inverse.reshape(keys.shape)
    a, b, c, d = mesh.cells.T
    ab, ac, ad, bc, bd, cd = middle.T
    corners = [(a, ab, ac, ad), (ab, b, bc, bd), (ac, bc, c, cd), (ad, bd, cd, d)]
    cells = np.stack([np.stack(corner, -1) for corner in corners], axis=1)
    around = {  # the four others in a ring around each diagonal
        (0, 5): (ab, cd, (ac, ad, bd, bc)),
        (1, 4): (ac, bd, (ab, bc, cd, ad)),
        (2, 3): (ad, bc, (ab, ac, cd, bd)),
    }
    options = np.stack(
        [np.linalg.norm(points[first] - points[last], axis=1) for first, last, _ in around.values()], axis=1
    )
    shortest = np.argmin(options, axis=1)
    inner = np.empty((len(mesh.cells), 4, 4), dtype=np.int64)
    for number, (first, last, ring) in enumerate(around.values()):
        chosen = shortest == number
        for count in range(4):
            four = (first, last, ring[count], ring[(count + 1) % 4])
            inner[chosen, count] = np.stack([part[chosen] for part in four], -1)
    cells = np.concatenate([cells, inner], axis=1).reshape(-1, 4)
    p, q, r = mesh.facets.T
    pairs = mesh.facets[:, [[0, 1], [0, 2], [1, 2]]]
    pq, pr, qr = (n + np.searchsorted(unique, _edge_keys(pairs, n))).T
    facets = np.stack([np.stack(t, -1) for t in ((p, pq, pr), (pq, q, qr), (pr, qr, r), (pq, qr, pr))], axis=1).reshape(
        -1, 3
    )
    return ordered(MeshArrays(points, cells, np.repeat(mesh.cell_tags, 8), facets, np.repeat(mesh.facet_tags, 4)))


def _normals(corners: np.ndarray) -> np.ndarray:
    """Normals (m, 4, 3) of the faces, outward for positive cells, twice the area long."""
    face = corners[:, FACETS]
    return np.cross(face[:, :, 1] - face[:, :, 0], face[:, :, 2] - face[:, :, 0])


def _edge_keys(edges: np.ndarray, n: int) -> np.ndarray:
    """One number for each edge (..., 2), the same for both directions."""
    edges = edges.astype(np.int64)
    return edges.min(axis=-1) * n + edges.max(axis=-1)


def exterior_facets(cells: np.ndarray) -> np.ndarray:
    """Facets (k, 3) that belong to one cell only, outward for positively oriented cells."""
    facets = cells[:, FACETS].reshape(-1, 3).astype(np.int64)
    keys = facet_keys(facets)
    _, first, count = np.unique(keys, return_index=True, return_counts=True)
    return facets[np.sort(first[count == 1])]


def facet_keys(facets: np.ndarray) -> np.ndarray:
    """One comparable value (k,) for each triple or pair of vertices (k, 3) or (k, 2), whatever its order."""
    if facets.shape[1] == 2:
        low, high = np.sort(facets.astype(np.int64), axis=1).T
        return (low << 32) + high
    low, middle, high = np.sort(facets.astype(np.int64), axis=1).T
    if len(facets) == 0 or high.max() < 2_000_000:  # three such numbers fit into 63 bits
        return (low * 2_000_000 + middle) * 2_000_000 + high
    return np.ascontiguousarray(np.stack([low, middle, high], -1)).view("V24").ravel()
