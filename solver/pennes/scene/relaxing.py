"""The worst cells of a mesh made better by moving single vertices: what is left where surfaces and metal crowd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pennes.scene.arrays import FACETS, MeshArrays, facet_keys, radius_ratios, signed_volumes

_DIRECTIONS, _LENGTHS = 24, np.array([0.04, 0.12, 0.3])
"""Tried for each vertex; lengths over that of its shortest edge."""
_ROUNDS = 6


def relaxed(mesh: MeshArrays, movable: np.ndarray, wanted: float) -> MeshArrays:
    """The mesh (positively oriented) with the vertices of cells whose radius ratio is below ``wanted`` moved where all
    their cells are better; the same for equal meshes.

    Vertices of surfaces between regions and of named facets with a tag in ``movable`` stay on the tangent plane;
    those of other named facets stay.
    """
    points = mesh.points.copy()
    fixed = np.zeros(len(points), dtype=bool)
    fixed[mesh.facets[~np.isin(mesh.facet_tags, movable)]] = True
    surface, normals = _surfaces(mesh, movable)
    order = np.argsort(mesh.cells.ravel(), kind="stable")
    first = np.searchsorted(mesh.cells.ravel()[order], np.arange(len(points) + 1))
    rng = np.random.default_rng(0)
    for _ in range(_ROUNDS):
        ratios = radius_ratios(points, mesh.cells)
        bad = np.flatnonzero(ratios < wanted)
        if len(bad) == 0:
            break
        tried = np.unique(mesh.cells[bad])
        moved = False
        for vertex in tried[~fixed[tried]]:
            star = mesh.cells[order[first[vertex] : first[vertex + 1]] // 4]
            moved |= _better(points, int(vertex), star, normals[vertex] if surface[vertex] else None, rng)
        if not moved:
            break
    return replace(mesh, points=points)


def _better(
    points: np.ndarray, vertex: int, star: np.ndarray, normal: np.ndarray | None, rng: np.random.Generator
) -> bool:
    """Move one vertex, in ``points``, to the place tried at which the worst cell of its star is best."""
    corners = points[star]
    own = star == vertex
    edges = np.linalg.norm(corners[~own].reshape(-1, 3) - points[vertex], axis=1)
    ways = rng.normal(size=(_DIRECTIONS, 3))
    if normal is not None:
        ways -= (ways @ normal)[:, None] * normal
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    places = np.concatenate(
        [points[vertex][None], (points[vertex] + edges.min() * _LENGTHS[:, None, None] * ways).reshape(-1, 3)]
    )
    tried = np.repeat(corners[None], len(places), axis=0)
    tried[:, own] = places[:, None]
    flat = tried.reshape(-1, 3)
    cells = np.arange(len(flat)).reshape(-1, 4)
    score = radius_ratios(flat, cells)
    score[signed_volumes(flat, cells) <= 0] = -1.0
    score = score.reshape(len(places), -1).min(axis=1)
    best = int(score.argmax())
    if score[best] <= score[0] + 1e-4:
        return False
    points[vertex] = places[best]
    return True


def _surfaces(mesh: MeshArrays, movable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which vertices (n,) lie on surfaces, and the normals (n, 3) of these, zero where there is none."""
    faces = mesh.cells[:, FACETS].reshape(-1, 3)
    tags = np.repeat(mesh.cell_tags, 4)
    order = np.argsort(facet_keys(faces), kind="stable")
    keys = facet_keys(faces)[order]
    pair = np.flatnonzero(keys[1:] == keys[:-1])
    one, other = order[pair], order[pair + 1]
    between = faces[one[tags[one] != tags[other]]]
    named = mesh.facets[np.isin(mesh.facet_tags, movable)]
    facets = np.concatenate([between, named]).astype(np.int64)
    corners = mesh.points[facets]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # Named facets and those between regions may be seen from either side: the first at a vertex decides.
    leading = np.zeros((len(mesh.points), 3))
    for corner in range(3):
        leading[facets[:, corner]] = cross
    normals = np.zeros((len(mesh.points), 3))
    for corner in range(3):
        at = facets[:, corner]
        sign = np.sign(np.einsum("ij,ij->i", cross, leading[at]))
        np.add.at(normals, at, sign[:, None] * cross)
    surface = np.zeros(len(mesh.points), dtype=bool)
    surface[facets] = True
    length = np.linalg.norm(normals, axis=1)
    return surface, normals / np.maximum(length, 1e-300)[:, None]
