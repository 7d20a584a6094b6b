"""The smallest margin over a whole surface, not only over its samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pennes.margin.distance import DistanceField, Enclosure
from pennes.margin.statistics import signed_margins
from pennes.margin.surface import Surface, distinct_points

Array = NDArray[np.float64]
Margins = Callable[[Array], tuple[Array, Array]]
"""Points (n, 3) -> signed margin (n,) and nearest point (n, 3) of the zone's surface."""


@dataclass(frozen=True)
class SmallestMargin:
    margin: float
    """m, signed."""
    point: tuple[float, float, float]
    """Where on the target."""
    nearest: tuple[float, float, float]
    """The nearest point of the zone's surface."""
    error: float
    """m; the true minimum is at most this much smaller."""


def margins_to(zone: Surface) -> Margins:
    """Signed margins to a closed, outward oriented zone, as a function that can be asked repeatedly."""
    distances, enclosure = DistanceField(zone.points, zone.triangles), Enclosure(zone)

    def margins(points: Array) -> tuple[Array, Array]:
        distance, nearest = distances(points)
        return signed_margins(distance, enclosure(points)), nearest

    return margins


def smallest_margin(
    corners: Array, margins: Margins, tolerance: float = 1e-5, limit: int = 100_000
) -> SmallestMargin | None:
    """Minimum of the signed margin over triangles ``corners`` (k, 3, 3), m, by branch and bound.

    Triangles whose lower bound is more than ``tolerance`` (m) below the smallest margin found so far are cut in four
    until none is left or ``limit`` triangles have been looked at; ``error`` says what is then still possible.
    The margin must be a signed distance (its slope nowhere above 1). None where there is no triangle or no zone.
    """
    if len(corners) == 0:
        return None
    best, place, foot, looked_at = np.inf, None, None, 0
    while True:
        centre = corners.mean(axis=1)
        # Neighbours share corners: each place is asked for once.
        places = np.concatenate([corners.reshape(-1, 3), centre])
        first, back = distinct_points(places)
        places = places[first]
        margin, nearest = margins(places)
        if not np.isfinite(margin).all():
            return None
        lowest = int(np.argmin(margin))
        if margin[lowest] < best:
            best, place, foot = margin[lowest], places[lowest], nearest[lowest]
        at_corner, at_centre = np.split(back, [3 * len(corners)])
        bound = _lower_bounds(corners, centre, margin[at_corner].reshape(-1, 3), margin[at_centre], nearest[at_centre])
        looked_at += len(corners)
        open_ = bound < best - tolerance
        error = max(best - bound.min(), 0.0)
        if not open_.any() or looked_at + 4 * open_.sum() > limit:
            return SmallestMargin(float(best), tuple(map(float, place)), tuple(map(float, foot)), float(error))
        corners = _quartered(corners[open_])


def _lower_bounds(corners: Array, centre: Array, at_corner: Array, at_centre: Array, nearest: Array) -> Array:
    """Lower bounds (k,) of the signed margin over triangles.

    (1) Slope at most 1 from the centre. (2) Nowhere is the zone farther than the farthest corner is from any one of
    its points. (3) The distance d to any set has d^2 - |x|^2 concave, so that with all corners inside
    d^2 >= min d_corner^2 - r^2, r the radius of a ball around the triangle; second order in the triangle's size.
    """
    radius = np.linalg.norm(corners - centre[:, None], axis=2).max(axis=1)
    bound = at_centre - radius
    bound = np.maximum(bound, -np.linalg.norm(corners - nearest[:, None], axis=2).max(axis=1))
    smallest = at_corner.min(axis=1)
    well_inside = smallest > radius
    concave = np.sqrt(np.where(well_inside, smallest**2 - radius**2, 0.0))
    return np.where(well_inside, np.maximum(bound, concave), bound)


def _quartered(corners: Array) -> Array:
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    return np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
