"""A zone in the frame of its needle, and signed distances to its surface: NumPy only.

The zone is a star-shaped body, less a tube of living tissue around the vessel, which runs along y: its lumen and a rim
that the blood has kept alive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.risk.directions import AZIMUTH, HARMONICS, POLAR, VECTORS

STATIONS = np.array([0.0, 4.0, 8.0])
"""Distances along the vessel, in mm, from the point that is nearest to the needle, at which the front is kept: how far
dead tissue reaches from the needle's axis towards the vessel."""
_STEP = STATIONS[1]
DISC = 0.5 * (POLAR[1] - POLAR[0])
"""Radius of the disc that stands for the surface at a direction, by the zone's radius."""


@dataclass(frozen=True)
class Foot:
    """Signed distances, positive inside, from the star-shaped surfaces, and how they depend on the shapes."""

    distance: np.ndarray
    """(n,) in mm."""
    polar: np.ndarray
    """(n,) number of the polar angle at which the nearest point lies."""
    slopes: np.ndarray
    """(n, 4): derivatives by log A, b, c and d at that polar angle, mm."""


def outer_distance(radii: np.ndarray, amplitudes: np.ndarray, points: np.ndarray, rows: int = len(POLAR)) -> Foot:
    """Signed distances of ``points`` (n, 3) from the surfaces with ``radii`` (n, 24, 32), one surface a point; all in
    mm.

    ``amplitudes`` (n, 24) is A of each. The nearest point is sought among the fixed directions; there the surface is
    replaced by a disc of its tangent plane. Only the first ``rows`` polar angles count.
    """
    number = np.arange(len(points))
    flat = radii[:, :rows].reshape(len(points), -1).astype(np.float32, copy=False)
    squared = points.astype(np.float32) @ (-2.0 * VECTORS[:rows].reshape(-1, 3).T).astype(np.float32)
    squared += flat
    squared *= flat
    nearest = np.argmin(squared, axis=1)
    polar, azimuth = np.divmod(nearest, len(AZIMUTH))
    radius = radii[number, polar, azimuth]
    # Beyond either end of the polar angles comes the same angle on the opposite side.
    last, opposite = len(POLAR) - 1, (azimuth + len(AZIMUTH) // 2) % len(AZIMUTH)
    above = radii[number, np.minimum(polar + 1, last), np.where(polar == last, opposite, azimuth)]
    below = radii[number, np.maximum(polar - 1, 0), np.where(polar == 0, opposite, azimuth)]
    by_polar = (above - below) / (2.0 * (POLAR[1] - POLAR[0]))
    after, before = (azimuth + 1) % len(AZIMUTH), azimuth - 1
    by_azimuth = (radii[number, polar, after] - radii[number, polar, before]) / (2.0 * AZIMUTH[1])
    direction, angle, turn = VECTORS[polar, azimuth], POLAR[polar], AZIMUTH[azimuth]
    to_polar = np.stack([np.cos(angle) * np.cos(turn), np.cos(angle) * np.sin(turn), -np.sin(angle)], axis=-1)
    to_azimuth = np.stack([-np.sin(turn), np.cos(turn), np.zeros_like(turn)], axis=-1)
    normal = (
        radius[:, None] * direction - by_polar[:, None] * to_polar - (by_azimuth / np.sin(angle))[:, None] * to_azimuth
    )
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    # To a disc of the tangent plane as large as the surface's share of the direction: where the surface is steep (the
    # dip along a cooled shaft), its tangent plane passes nearer than the surface does.
    way = radius[:, None] * direction - points
    height = np.einsum("ij,ij->i", normal, way)
    beside = way - height[:, None] * normal
    aside = np.linalg.norm(beside, axis=1)
    beside *= (np.maximum(aside - DISC * radius, 0.0) / np.maximum(aside, 1e-12))[:, None]
    towards = height[:, None] * normal + beside
    distance = np.copysign(np.linalg.norm(towards, axis=1), height)
    lean = np.einsum("ij,ij->i", towards, direction) / np.where(np.abs(distance) > 1e-9, distance, 1.0)
    of_shape = amplitudes[number, polar][:, None] * HARMONICS[:, azimuth].T
    slopes = lean[:, None] * np.column_stack([radius, of_shape])
    return Foot(distance, polar, slopes)


def outer_reach(radii: np.ndarray, height: np.ndarray) -> np.ndarray:
    """How far (n, 3 stations), in mm, the surfaces ``radii`` (n, 24, 32) reach from the needle's axis towards +x in the
    planes z = ``height`` (n,), |y| = ``STATIONS``: mean of both sides; 0 where a line does not meet the surface."""
    quarter = len(AZIMUTH) // 4 + 1
    sides = [np.arange(quarter), -np.arange(quarter)]
    return np.mean([_reach_of_side(radii[:, :, side], height) for side in sides], axis=0)


def _reach_of_side(radii: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Of the azimuths (n, 24, 9) from +x to the y axis."""
    turn = AZIMUTH[: radii.shape[2]]
    cosine, sine = np.cos(POLAR).astype(np.float32), np.sin(POLAR).astype(np.float32)
    outline = _at(radii * cosine[:, None], radii * sine[:, None], height[:, None].astype(np.float32), axis=1)
    y, x = outline * np.sin(turn), outline * np.cos(turn)
    reach = [_at(-y, x, np.full(len(radii), -station), axis=1) for station in STATIONS]
    return np.stack(reach, axis=1)


def _at(falling: np.ndarray, values: np.ndarray, wanted: np.ndarray, axis: int) -> np.ndarray:
    """``values`` interpolated along ``axis`` where ``falling`` falls below ``wanted``; 0 where it never does or begins
    below."""
    count = falling.shape[axis]
    number = (falling >= np.expand_dims(wanted, axis)).sum(axis=axis, keepdims=True)
    inside = (number > 0) & (number < count)
    after = np.clip(number, 1, count - 1)
    x0, x1 = (np.take_along_axis(falling, n, axis) for n in (after - 1, after))
    y0, y1 = (np.take_along_axis(values, n, axis) for n in (after - 1, after))
    share = (x0 - np.expand_dims(wanted, axis)) / np.maximum(x0 - x1, 1e-12)
    return np.where(inside, y0 + share * (y1 - y0), 0.0).squeeze(axis)


def rim_at(rim: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Thickness (n,) of the rims ``rim`` (n, 3 stations) at ``along`` (n,) mm from the point nearest to the needle, and
    the weights (n, 3) of the stations: linear, beyond the last station level."""
    along = np.minimum(np.abs(along), STATIONS[-1])
    weights = np.maximum(1.0 - np.abs(along[:, None] - STATIONS) / _STEP, 0.0)
    return np.einsum("ij,ij->i", rim, weights), weights


def tube_distance(points: np.ndarray, axis: np.ndarray, radius: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Signed distances (n,), positive on the dead side, of ``points`` (n, 3) from the tubes around vessels along y.

    ``axis`` (n, 2) is x and z of the vessel, ``radius`` (n,) of the lumen, ``rim`` (n,) the thickness there; all in mm.
    """
    away = np.hypot(points[:, 0] - axis[:, 0], points[:, 2] - axis[:, 1])
    return away - radius - np.maximum(rim, 0.0)
