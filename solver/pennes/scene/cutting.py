"""A mesh cut along the zero of level functions: label surfaces become surfaces of the mesh.

Vertices near the surface are moved onto it, as in isosurface stuffing (Labelle and Shewchuk 2007); every edge that
still crosses it is then split where it crosses. An edge is split in all its tetrahedra at once, so that the mesh
stays conforming whatever the order. Named surfaces (metal, walls, the outer surface) are cut with the cells and never
moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pennes.scene.arrays import FACETS, MeshArrays, facet_keys, radius_ratios, signed_volumes

Level = Callable[[np.ndarray], np.ndarray]
"""Points (n, 3) in m -> signed distance (n,) in m, positive inside."""
NEAR = 0.25
"""Of the shortest edge at a vertex: vertices nearer to the surface are moved onto it."""
WORST = 0.03
"""Radius ratio that no cell may fall below through a move (one that is cut instead may fare worse)."""
_EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
_REST = np.array([[2, 3], [1, 3], [1, 2], [0, 3], [0, 2], [0, 1]])


def cut_along(mesh: MeshArrays, level: Level, near: float = NEAR) -> tuple[MeshArrays, np.ndarray]:
    """The mesh cut along ``level`` = 0, and which of its cells (m,) lie inside. Tags are kept.

    Cells need not be positively oriented afterwards (``ordered`` turns them).
    """
    values = level(mesh.points)
    fixed = np.zeros(len(mesh.points), dtype=bool)
    fixed[mesh.facets] = True
    mesh, values = _snapped(mesh, values, level, fixed, near)
    mesh, values = _split(mesh, values)
    corner = values[mesh.cells]
    inside = corner.max(axis=1) > -corner.min(axis=1)
    flat = (corner == 0).all(axis=1)
    if flat.any():
        inside[flat] = level(mesh.points[mesh.cells[flat]].mean(axis=1)) > 0
    return mesh, inside


def _snapped(
    mesh: MeshArrays, values: np.ndarray, level: Level, fixed: np.ndarray, near: float
) -> tuple[MeshArrays, np.ndarray]:
    """Vertices close to the surface moved onto it; their values are 0."""
    points, values = mesh.points.copy(), values.copy()
    ends = mesh.cells[:, _EDGES].reshape(-1, 2)
    lengths = np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1)
    shortest = np.full(len(points), np.inf)
    for side in (0, 1):
        np.minimum.at(shortest, ends[:, side], lengths)
    crossing = np.zeros(len(points), dtype=bool)
    crossing[ends[values[ends[:, 0]] * values[ends[:, 1]] < 0]] = True
    close = (crossing & (np.abs(values) < near * shortest)) | (np.abs(values) < 1e-9)
    # Metal and walls stay where they are; the surface passes through a vertex of theirs that it nearly touches.
    moved = np.flatnonzero(close & ~fixed)
    step = 0.05 * shortest[moved]
    old, new = points[moved].copy(), points[moved].copy()
    for _ in range(3):
        here = level(new)
        slope = np.stack(
            [
                (level(new + step[:, None] * axis) - level(new - step[:, None] * axis)) / (2 * step)
                for axis in np.eye(3)
            ],
            axis=1,
        )
        square = np.maximum(np.einsum("ij,ij->i", slope, slope), 0.1)
        new = new - (here / square)[:, None] * slope
    far = np.linalg.norm(new - old, axis=1) > 1.5 * near * shortest[moved]
    new[far] = old[far]
    points[moved] = new
    back = np.zeros(len(points), dtype=bool)
    back[moved[far]] = True
    cells = mesh.cells[(points != mesh.points).any(axis=1)[mesh.cells].any(axis=1)]
    was_positive = signed_volumes(mesh.points, cells) > 0
    for _ in range(20):
        bad = (radius_ratios(points, cells) < WORST) | ((signed_volumes(points, cells) > 0) != was_positive)
        again = np.zeros(len(points), dtype=bool)
        again[cells[bad]] = True
        again &= (points != mesh.points).any(axis=1)
        if not again.any():
            break
        points[again] = mesh.points[again]
        back |= again
    values[close & ~back] = 0.0
    return replace(mesh, points=points), values


def _split(mesh: MeshArrays, values: np.ndarray) -> tuple[MeshArrays, np.ndarray]:
    """Every edge whose ends have opposite signs split at its zero."""
    points, cells, tags = mesh.points, mesh.cells.astype(np.int64), mesh.cell_tags
    facets, facet_tags = mesh.facets.astype(np.int64), mesh.facet_tags
    while True:
        count = len(points)
        ends = cells[:, _EDGES]
        crossing = values[ends[..., 0]] * values[ends[..., 1]] < 0
        rows = np.flatnonzero(crossing.any(axis=1))
        if len(rows) == 0:
            break
        ends, crossing = ends[rows], crossing[rows]
        keys = ends.min(axis=2) * count + ends.max(axis=2)
        # Longest first; every cell has one favourite, and an edge is split where all its cells favour it.
        length = np.linalg.norm(points[ends[..., 0]] - points[ends[..., 1]], axis=2)
        unique, place = np.unique(keys, return_inverse=True)
        place = place.reshape(keys.shape)
        longest = np.zeros(len(unique))
        longest[place.ravel()] = length.ravel()
        rank = np.empty(len(unique))
        rank[np.lexsort((unique, longest))] = np.arange(len(unique))
        favourite = np.where(crossing, rank[place], -1.0).argmax(axis=1)
        chosen = place[np.arange(len(rows)), favourite]
        users = np.bincount(place[crossing], minlength=len(unique))
        votes = np.bincount(chosen, minlength=len(unique))
        agreed = (votes == users) & (users > 0)
        edges = np.flatnonzero(agreed)
        first, second = unique[edges] // count, unique[edges] % count
        share = values[first] / (values[first] - values[second])
        middle = points[first] + share[:, None] * (points[second] - points[first])
        number = np.full(len(unique), -1)
        number[edges] = count + np.arange(len(edges))
        points, values = np.concatenate([points, middle]), np.concatenate([values, np.zeros(len(edges))])
        taking = agreed[chosen]
        own, edge, new = rows[taking], favourite[taking], number[chosen[taking]]
        pair, rest = cells[own[:, None], _EDGES[edge]], cells[own[:, None], _REST[edge]]
        one = np.column_stack([pair[:, 0], new, rest])
        other = np.column_stack([new, pair[:, 1], rest])
        kept = np.ones(len(cells), dtype=bool)
        kept[own] = False
        cells = np.concatenate([cells[kept], one, other])
        tags = np.concatenate([tags[kept], tags[own], tags[own]])
        facets, facet_tags = _split_facets(facets, facet_tags, unique[edges], number[edges], count)
    return MeshArrays(points, cells, tags, facets, facet_tags), values


def _split_facets(
    facets: np.ndarray, tags: np.ndarray, keys: np.ndarray, middles: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Named facets cut where one of their edges is; no two edges of a facet are cut in one round."""
    if len(facets) == 0:
        return facets, tags
    for turn in range(3):
        a, b, c = (np.roll(facets, -turn, axis=1)[:, i] for i in range(3))
        own = np.minimum(a, b) * count + np.maximum(a, b)
        place = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
        hit = (keys[place] == own) & (np.maximum(a, b) < count)
        if hit.any():
            middle = middles[place[hit]]
            one = np.column_stack([a[hit], middle, c[hit]])
            other = np.column_stack([middle, b[hit], c[hit]])
            facets = np.concatenate([facets[~hit], one, other])
            tags = np.concatenate([tags[~hit], tags[hit], tags[hit]])
    return facets, tags


def hollowed(mesh: MeshArrays, inside: np.ndarray, tag: int) -> MeshArrays:
    """The mesh without the cells ``inside`` (m,); where they met the others is a named surface ``tag``.

    Facets of other named surfaces that bounded removed cells alone go with them.
    """
    marks = np.zeros((3, len(mesh.points)), dtype=bool)
    for row, vertices in zip(marks, (mesh.cells[inside], mesh.cells[~inside], mesh.facets), strict=True):
        row[vertices] = True
    # Only faces between the two, or on named surfaces, matter: a small part of all.
    between, named = marks[0] & marks[1], marks[2]
    faces = mesh.cells[:, FACETS]
    chosen = between[faces].all(axis=2) | named[faces].all(axis=2)
    owner_inside = np.broadcast_to(inside[:, None], chosen.shape)[chosen]
    faces = faces[chosen]
    keys = facet_keys(np.concatenate([faces, mesh.facets]))
    keys, known = keys[: len(faces)], keys[len(faces) :]
    wall = np.isin(keys, keys[owner_inside]) & ~owner_inside
    stays = np.isin(known, keys[~owner_inside])
    facets = np.concatenate([mesh.facets[stays], faces[wall]])
    tags = np.concatenate([mesh.facet_tags[stays], np.full(int(wall.sum()), tag)])
    return MeshArrays(mesh.points, mesh.cells[~inside], mesh.cell_tags[~inside], facets, tags)
