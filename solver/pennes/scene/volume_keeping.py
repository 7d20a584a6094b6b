"""A cut surface that encloses what the smooth one does.

Vertices on a curved surface leave its chords inside: of a tube of radius R, edges h take about (1/6) (h/R)^2 of the
volume. Here every facet is moved until the surface passes through its middle instead of its corners, so that what
chords lose is given back where it was lost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pennes.scene.arrays import FACETS, MeshArrays, facet_keys, radius_ratios, signed_volumes
from pennes.scene.cutting import Level

_ROUNDS, _ALONE = 7, 2
"""In the first rounds each place makes up for itself alone."""
_LONGEST_STEP = 0.25
"""Of the shortest edge of a vertex's facets, in one round."""
_WORST = 0.05
"""Radius ratio below which no cell that was better may fall."""
_QUADRATURE = np.array([[4, 1, 1], [1, 4, 1], [1, 1, 4]]) / 6
"""Corners' shares of the points whose mean is exact for what chords leave out, which is quadratic."""


def interface(mesh: MeshArrays, inside: np.ndarray) -> np.ndarray:
    """Facets (k, 3) between cells ``inside`` (m,) and others, seen from inside; the mesh's own outside is none."""
    both = np.zeros((2, len(mesh.points)), dtype=bool)
    both[0, mesh.cells[inside]] = True
    both[1, mesh.cells[~inside]] = True
    shared = both.all(axis=0)
    near = shared[mesh.cells].sum(axis=1) >= 3
    within, beyond = (_faces(mesh, near & chosen, shared) for chosen in (inside, ~inside))
    keys = facet_keys(np.concatenate([within, beyond]))
    return within[np.isin(keys[: len(within)], keys[len(within) :])]


def _faces(mesh: MeshArrays, chosen: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """Outward faces (k, 3) of the cells ``chosen`` (m,) with all corners among ``vertices`` (n,)."""
    cells = mesh.cells[chosen]
    negative = signed_volumes(mesh.points, cells) < 0
    cells = np.where(negative[:, None], cells[:, [1, 0, 2, 3]], cells)
    faces = cells[:, FACETS].reshape(-1, 3)
    return faces[vertices[faces].all(axis=1)]


def volume_kept(
    mesh: MeshArrays, inside: np.ndarray, level: Level, *, hollow: bool, volume: float | None = None
) -> MeshArrays:
    """The mesh with the vertices of the surface of the cells ``inside`` (m,) moved along its normals until ``level``
    vanishes in the mean of the facets around each. Vertices of named surfaces stay, or slide in a plane one.

    Where ``hollow``, the cells inside are about to be removed and may suffer; no other cell is turned over. ``volume``
    in m3 that the surface should enclose in all: what a few vertices cannot do, because they or their cells would
    suffer, all do together.
    """
    facets = interface(mesh, inside)
    if len(facets) == 0:
        return mesh
    free, planes = _freedom(mesh)
    vertices, local = np.unique(facets, return_inverse=True)
    local = local.reshape(facets.shape)
    on = np.zeros(len(mesh.points), dtype=bool)
    on[vertices] = True
    cells = mesh.cells[on[mesh.cells].any(axis=1) & ~(inside & hollow)]
    positive = signed_volumes(mesh.points, cells) > 0
    allowed = np.minimum(radius_ratios(mesh.points, cells), _WORST)
    points = mesh.points.copy()
    bias, area = 0.0, _area(points, facets)
    sign = np.sign(signed_volumes(points, mesh.cells[inside]))
    for number in range(_ROUNDS):
        if volume is not None and number >= _ALONE:
            bias += (volume - float((sign * signed_volumes(points, mesh.cells[inside])).sum())) / area
        wanted = _steps(points, facets, local, len(vertices), level, bias)
        wanted[~free[vertices]] = 0.0
        wanted -= np.einsum("ij,ij->i", wanted, planes[vertices])[:, None] * planes[vertices]
        moved, shrink = points.copy(), 0
        while True:
            moved[vertices] = points[vertices] + wanted
            turned = (signed_volumes(moved, cells) > 0) != positive
            bad = turned | (radius_ratios(moved, cells) < 0.999 * allowed)
            if not bad.any():
                break
            # In the end the corners of bad cells stay, where these cells were good.
            held = np.zeros(len(points), dtype=bool)
            held[cells[bad]] = True
            wanted[held[vertices]] *= 0.4 if shrink < 3 else 0.0
            shrink += 1
        points = moved
    return replace(mesh, points=points)


def _freedom(mesh: MeshArrays) -> tuple[np.ndarray, np.ndarray]:
    """Which vertices (n,) may move, and the normals (n, 3) of the planes in which those of plane named surfaces do."""
    planes = np.zeros((len(mesh.points), 3))
    # A rim, where few facets meet, is no plane.
    count = np.bincount(mesh.facets.ravel(), minlength=len(mesh.points))
    free = (count == 0) | (count >= 3)
    corners = mesh.points[mesh.facets]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-300)[:, None]
    first = np.zeros(len(mesh.points), dtype=np.int64)
    rows = np.arange(len(mesh.facets))
    for corner in range(3):
        first[mesh.facets[:, corner]] = rows
    for corner in range(3):
        at = mesh.facets[:, corner]
        leading = first[at]
        aligned = np.abs(np.einsum("ij,ij->i", normals, normals[leading])) > 1 - 1e-9
        free[at[~aligned | (mesh.facet_tags != mesh.facet_tags[leading])]] = False
        planes[at] = normals[leading]
    return free, np.where(free[:, None], planes, 0.0)


def _area(points: np.ndarray, facets: np.ndarray) -> float:
    corners = points[facets]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(normals, axis=1).sum() / 2)


def _steps(
    points: np.ndarray, facets: np.ndarray, local: np.ndarray, count: int, level: Level, bias: float
) -> np.ndarray:
    """Where the vertices (count, 3) should go: mean distance of the facets around each from ``level`` = -``bias``,
    along its normal."""
    corners = points[facets]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1)
    places = np.einsum("qc,fcx->qfx", _QUADRATURE, corners)
    depth = bias + level(places.reshape(-1, 3)).reshape(places.shape[:2]).mean(axis=0)
    lengths = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).min(axis=1)
    shortest = np.full(count, np.inf)
    total, weight, normal = np.zeros(count), np.zeros(count), np.zeros((count, 3))
    for corner in range(3):
        at = local[:, corner]
        np.minimum.at(shortest, at, lengths)
        total += np.bincount(at, depth * area, count)
        weight += np.bincount(at, area, count)
        for axis in range(3):
            normal[:, axis] += np.bincount(at, normals[:, axis], count)
    size = np.linalg.norm(normal, axis=1)
    # On a folded surface (a corner of nearly opposite facets) no direction is outward.
    step = np.where(size > 0.3 * weight, total / np.maximum(weight, 1e-300), 0.0)
    limit = _LONGEST_STEP * shortest
    return np.clip(step, -limit, limit)[:, None] * normal / np.maximum(size, 1e-300)[:, None]
