"""Holes of a surface, closed."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pennes.margin.surface import Surface


def capped(surface: Surface) -> Surface:
    """The surface with every hole closed by a fan of triangles from its rim to the middle of the rim.

    Where a needle runs out of a zone, the isosurface in the tissue ends on the metal: the fan goes across the metal.
    The result is closed and faces the way that the surface faces; one that is closed already is returned as it is.
    """
    start, end = surface.triangles.ravel(), np.roll(surface.triangles, -1, axis=1).ravel()
    n = len(surface.points)
    # Directed edges without a reverse, as often as they lack one.
    key, which = np.unique(np.minimum(start, end) * n + np.maximum(start, end), return_inverse=True)
    balance = np.bincount(which, np.sign(end - start)).astype(int)
    rim = np.repeat(np.arange(len(key)), np.abs(balance))
    if not len(rim):
        return surface
    low, high = np.divmod(key[rim], n)
    forward = balance[rim] > 0
    start, end = np.where(forward, low, high), np.where(forward, high, low)
    corners, compact = np.unique(np.concatenate([start, end]), return_inverse=True)
    one, other = compact.reshape(2, -1)
    links = coo_matrix((np.ones(len(one)), (one, other)), (len(corners),) * 2)
    count, loop = connected_components(links, directed=False)
    loop = loop[one]
    # Weighted with lengths: the middle does not depend on how finely the rim is cut.
    lengths = np.linalg.norm(surface.points[end] - surface.points[start], axis=1)
    halfway = 0.5 * (surface.points[start] + surface.points[end])
    moments = np.stack([np.bincount(loop, lengths * halfway[:, axis], minlength=count) for axis in range(3)], axis=1)
    middles = moments / np.bincount(loop, lengths, minlength=count)[:, None]
    fans = np.stack([end, start, n + loop], axis=1)
    return Surface(np.concatenate([surface.points, middles]), np.concatenate([surface.triangles, fans]))
