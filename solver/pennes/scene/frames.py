"""Directions and rotations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def unit(direction: Sequence[float] | np.ndarray) -> np.ndarray:
    """``direction`` (3,) with length 1. Raises ValueError where it has none."""
    vector = np.asarray(direction, dtype=float)
    length = np.linalg.norm(vector)
    if not (np.isfinite(length) and length > 0):
        raise ValueError(f"{tuple(vector.tolist())} is not a direction: its length is {length:g}")
    return vector / length


def frame(axis: Sequence[float] | np.ndarray, roll: float = 0.0) -> np.ndarray:
    """Right-handed orthonormal frame: columns (3, 3) with the third along ``axis``, turned about it by ``roll`` rad.

    Without roll the first column is as close to x as it can be (to y, where the axis runs along x), so that the frame
    of the z axis is the identity.
    """
    third = unit(axis)
    start = np.array([1.0, 0.0, 0.0]) if abs(third[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    first = unit(start - (start @ third) * third)
    second = np.cross(third, first)
    cosine, sine = math.cos(roll), math.sin(roll)
    return np.stack([cosine * first + sine * second, cosine * second - sine * first, third], axis=1)


def rotation_about(axis: np.ndarray, angle: float) -> np.ndarray:
    """Matrix (3, 3) that turns by ``angle`` rad about ``axis`` (unit, 3) through the origin (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * cross @ cross
