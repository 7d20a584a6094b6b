"""Diameters of a zone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull, QhullError

Array = NDArray[np.float64]


def zone_diameters(vertices: ArrayLike, axis: ArrayLike | None = None) -> Array:
    """Extents (3,) of a zone, m: along ``axis``, then the larger and the smaller across it.

    ``vertices`` (n, 3) of its surface, m; ``axis`` (3,) of the applicator, of any length. The directions across are
    the principal axes of the outline seen along the axis (the convex hull's, so that fine mesh does not weigh more).
    Without an axis: along the three principal axes of the zone, in falling order. Zeros for an empty zone.
    Raises ValueError for an axis of length zero.
    """
    vertices = np.asarray(vertices, np.float64).reshape(-1, 3)
    if len(vertices) == 0:
        return np.zeros(3)
    if axis is None:
        return np.sort(np.ptp(vertices @ _principal_directions(vertices), axis=0))[::-1]
    axis = np.asarray(axis, np.float64)
    length = np.linalg.norm(axis)
    if not length > 0:
        raise ValueError("the axis has no direction")
    frame = np.linalg.svd((axis / length)[None, :])[2]
    across = vertices @ frame[1:].T
    widths = np.sort(np.ptp(across @ _principal_directions(across), axis=0))[::-1]
    return np.array([np.ptp(vertices @ frame[0]), *widths])


def _principal_directions(points: Array) -> Array:
    """Columns: principal directions of the solid convex hull of points (n, d)."""
    dimension = points.shape[1]
    centred = points - points.mean(axis=0)
    try:
        hull = ConvexHull(centred)
    except (QhullError, ValueError):  # too few points, or all in a plane or on a line: theirs will do
        return np.linalg.svd(centred, full_matrices=True)[2].T
    # Simplices from a point inside to the facets; second moments of a simplex by its exact quadrature.
    corners = centred[hull.simplices]
    volumes = np.abs(np.linalg.det(corners))
    sums = corners.sum(axis=1)
    centroid = volumes @ sums / (dimension + 1) / volumes.sum()
    second = np.einsum("k,kij,kil->jl", volumes, corners, corners) + np.einsum("k,kj,kl->jl", volumes, sums, sums)
    second = second / ((dimension + 1) * (dimension + 2) * volumes.sum()) - np.outer(centroid, centroid)
    return np.linalg.eigh(second)[1]
