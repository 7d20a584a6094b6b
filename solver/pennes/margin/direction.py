"""Where the worst margin lies, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
TOWARDS = math.cos(math.radians(50))
"""A vessel within 50 degrees of the worst point, seen from the target's centre, is named as the direction."""
ON_AXIS = math.sin(math.radians(15))
"""Within 15 degrees of the needle's direction, a clock has nothing to say."""


def direction_words(
    worst_point: ArrayLike,
    target_centre: ArrayLike,
    applicator_tip: ArrayLike,
    applicator_direction: ArrayLike,
    vessels: Iterable[tuple[str, ArrayLike]] = (),
    *,
    around: bool = False,
) -> str:
    """The worst point as a surgeon would point to it. All points (3,) in m.

    ``applicator_direction`` points from the hub to the tip; ``vessels`` are names with the point of each vessel that
    is nearest to the worst point. The clock is seen along the needle, from the hub, with 12 o'clock towards +z, or
    towards +y where the needle runs along z; ``around``: all is the same around the needle, no clock is needed.
    Raises ValueError for a direction of length zero.
    """
    worst, centre, tip = (np.asarray(p, np.float64) for p in (worst_point, target_centre, applicator_tip))
    along = np.asarray(applicator_direction, np.float64)
    if not np.linalg.norm(along) > 0:
        raise ValueError("the applicator has no direction")
    along = along / np.linalg.norm(along)
    clock = "all around the needle" if around else None
    words = [_clock(worst - centre, along, clock), _place_by_needle(worst - tip, along)]
    if vessel := _vessel_towards(worst, centre, vessels):
        words.append(vessel)
    return ", ".join(words)


def _clock(offset: Array, along: Array, instead: str | None) -> str:
    """Hour seen along the needle, or what stands ``instead`` of it, or the end of the target on its axis."""
    across = offset - (offset @ along) * along
    if np.linalg.norm(across) <= ON_AXIS * np.linalg.norm(offset):
        return "at the deep end of the target" if offset @ along > 0 else "at the target's end towards the hub"
    if instead is not None:
        return instead
    name, up = ("+y", np.array([0.0, 1.0, 0.0])) if abs(along[2]) > 0.9 else ("+z", np.array([0.0, 0.0, 1.0]))
    right = np.cross(along, up)
    up = np.cross(right, along)
    hour = round(math.degrees(math.atan2(across @ right, across @ up)) / 30) % 12 or 12
    return f"{hour} o'clock seen along the needle (12 o'clock is {name})"


def _place_by_needle(from_tip: Array, along: Array) -> str:
    depth = from_tip @ along
    distance = np.linalg.norm(from_tip - depth * along)
    side = "beyond" if depth > 0 else "short of"
    return f"{1e3 * distance:.1f} mm from the needle's axis and {1e3 * abs(depth):.1f} mm {side} its tip"


def _vessel_towards(worst: Array, centre: Array, vessels: Iterable[tuple[str, ArrayLike]]) -> str | None:
    """The nearest vessel that lies in the worst point's direction."""
    offset = worst - centre
    found = []
    for name, nearest in vessels:
        nearest = np.asarray(nearest, np.float64)
        to_vessel = nearest - centre
        if offset @ to_vessel >= TOWARDS * np.linalg.norm(offset) * np.linalg.norm(to_vessel) > 0:
            found.append((float(np.linalg.norm(nearest - worst)), name))
    if not found:
        return None
    distance, name = min(found)
    return f"towards the {name} ({1e3 * distance:.1f} mm from it)"
