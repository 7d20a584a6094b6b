"""Where a vessel or a needle lies after a move: plain vectors, no case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pennes.errors import InputError

Vector = Sequence[float]
CLOSE = 1e-9
"""Tolerated error of a distance, m."""


def nearest_on_path(path: np.ndarray, point: np.ndarray) -> np.ndarray:
    """The point (3,) of a polyline (n, 3) that is nearest to ``point`` (3,)."""
    start, along = path[:-1], np.diff(path, axis=0)
    share = np.einsum("ij,ij->i", point - start, along) / np.einsum("ij,ij->i", along, along)
    feet = start + np.clip(share, 0.0, 1.0)[:, None] * along
    return feet[np.argmin(np.linalg.norm(feet - point, axis=1))]


def path_at_distance(path: Sequence[Vector], point: Vector, distance: float) -> list[list[float]]:
    """``path`` (n, 3) moved as a whole, along its shortest way to ``point``, until it is ``distance`` from it.

    Lengths in m. Raises InputError where the path goes through the point, so that no side is its own, and where a
    crooked path cannot be brought to that distance.
    """
    line, centre = np.asarray(path, dtype=float), np.asarray(point, dtype=float)
    away = nearest_on_path(line, centre) - centre
    reach = float(np.linalg.norm(away))
    if reach < CLOSE:
        raise InputError("goes through the centre of the target: there is no side to move it to")
    away /= reach
    moved_by = 0.0
    for _ in range(50):
        now = float(np.linalg.norm(nearest_on_path(line + moved_by * away, centre) - centre))
        if abs(now - distance) < CLOSE:
            return (line + moved_by * away).tolist()
        moved_by += distance - now
    raise InputError(f"cannot be moved to {1e3 * distance:.3f} mm from the target's centre")


def unit(vector: Vector) -> np.ndarray:
    """``vector`` (3,) with length 1."""
    array = np.asarray(vector, dtype=float)
    return array / np.linalg.norm(array)


def across(direction: Vector, towards: Vector) -> np.ndarray:
    """The unit vector across ``direction`` that points towards ``towards``. Raises InputError where both are
    parallel."""
    along = unit(direction)
    side = unit(towards) - np.dot(unit(towards), along) * along
    if np.linalg.norm(side) < 1e-6:
        raise InputError("is parallel to the needle", expected="a vector across it")
    return unit(side)


def moved(point: Vector, way: Vector, by: float) -> list[float]:
    """``point`` moved ``by`` along the unit vector ``way``. m."""
    return (np.asarray(point, dtype=float) + by * np.asarray(way, dtype=float)).tolist()


def tilted(tip: Vector, direction: Vector, side: Vector, angle: float, pivot: float) -> tuple[list[float], list[float]]:
    """Tip and direction of a needle turned by ``angle`` (rad), its tip towards ``side`` (a unit vector across it),
    about the point of its axis ``pivot`` (m) behind the tip."""
    along = unit(direction)
    turned = np.cos(angle) * along + np.sin(angle) * np.asarray(side, dtype=float)
    fixed = np.asarray(tip, dtype=float) - pivot * along
    return (fixed + pivot * turned).tolist(), turned.tolist()
