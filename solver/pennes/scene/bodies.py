"""The body around everything, for the parametric scenes."""

from __future__ import annotations

import numpy as np

from pennes.case.bodies import BallBody, Box, CylinderBody, HalfSpace
from pennes.scene import solids
from pennes.scene.frames import unit

ParametricBody = Box | BallBody | CylinderBody | HalfSpace


def _box(body: Box | HalfSpace) -> tuple[np.ndarray, np.ndarray]:
    """Centre and size."""
    if isinstance(body, Box):
        return np.array(body.centre), np.array(body.size)
    return np.array([0.0, 0.0, -body.extent / 2]), np.array([2 * body.extent, 2 * body.extent, body.extent])


def depth(body: ParametricBody, points: np.ndarray) -> np.ndarray:
    """Depth (n,) of ``points`` (n, 3) below the body's surface in m; negative outside, where it is a lower bound."""
    points = np.asarray(points, dtype=float).reshape(-1, 3)
    match body:
        case BallBody():
            return body.diameter / 2 - np.linalg.norm(points - body.centre, axis=1)
        case CylinderBody():
            axis = unit(body.axis)
            along = (points - body.centre) @ axis
            across = np.linalg.norm(points - body.centre - along[:, None] * axis, axis=1)
            return np.minimum(body.height / 2 - np.abs(along), body.diameter / 2 - across)
        case _:
            centre, size = _box(body)
            return (size / 2 - np.abs(points - centre)).min(axis=1)


def enclosing_ball(body: ParametricBody) -> tuple[np.ndarray, float]:
    """Centre (3,) and radius of a ball that holds the body."""
    match body:
        case BallBody():
            return np.array(body.centre), body.diameter / 2
        case CylinderBody():
            return np.array(body.centre), float(np.hypot(body.diameter, body.height)) / 2
        case _:
            centre, size = _box(body)
            return centre, float(np.linalg.norm(size)) / 2


def solid(body: ParametricBody) -> solids.Solid:
    """The body as a solid. Raises ValueError for a cylinder without an axis."""
    match body:
        case BallBody():
            return solids.ball(np.array(body.centre), body.diameter / 2)
        case CylinderBody():
            half = unit(body.axis) * body.height / 2
            return solids.cylinder(np.array(body.centre) - half, np.array(body.centre) + half, body.diameter / 2)
        case _:
            return solids.box(*_box(body))
