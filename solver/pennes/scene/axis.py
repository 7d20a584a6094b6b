"""The axis of a body of revolution: where points stand in its half-plane, and what a line there sweeps out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.bodies import BallBody, CylinderBody
from pennes.case.models import Case
from pennes.margin import Surface
from pennes.scene.frames import frame

AROUND = 128
"""Flat pieces around a surface of revolution: 0.006 mm too far inside at a radius of 20 mm."""
ON_AXIS = 1e-12
"""m; a radius below this is rounding."""


@dataclass(frozen=True, eq=False)
class Axis:
    """An axis in space with the half-plane in which an axisymmetric mesh lies.

    ``origin`` (3,) in m, where the height is 0; ``frame`` (3, 3): columns across (towards the half-plane), across and
    along. Coordinates (n, 2) are the distance from the axis and the height, in m.
    """

    origin: np.ndarray
    frame: np.ndarray

    def coordinates(self, points: np.ndarray) -> np.ndarray:
        """Coordinates (n, 2) of ``points`` (n, 3) anywhere in space."""
        local = (np.asarray(points, dtype=float).reshape(-1, 3) - self.origin) @ self.frame
        radius = np.hypot(local[:, 0], local[:, 1])
        return np.stack([np.where(radius < ON_AXIS, 0.0, radius), local[:, 2]], axis=1)

    def points(self, coordinates: np.ndarray) -> np.ndarray:
        """Points (n, 3) of the half-plane."""
        return (
            self.origin + np.outer(coordinates[:, 0], self.frame[:, 0]) + np.outer(coordinates[:, 1], self.frame[:, 2])
        )

    def swept(self, segments: np.ndarray) -> Surface:
        """The surface that ``segments`` (m, 2, 2), lines between coordinates, sweep out around the axis.

        It faces to the right of each segment, seen with the axis upwards on the left.
        """
        places, number = np.unique(np.asarray(segments, dtype=float).reshape(-1, 2), axis=0, return_inverse=True)
        start, end = number.reshape(-1, 2).T
        angle = 2.0 * np.pi * np.arange(AROUND) / AROUND
        around = np.cos(angle)[:, None] * self.frame[:, 0] + np.sin(angle)[:, None] * self.frame[:, 1]
        rings = self.origin + places[:, 1, None, None] * self.frame[:, 2] + places[:, 0, None, None] * around
        # A place on the axis is one point, not a ring.
        first = np.arange(len(places))[:, None] * AROUND
        ids = first + np.where(places[:, 0, None] > 0.0, np.arange(AROUND), 0)
        after = np.roll(ids, -1, axis=1)
        a, b, next_a, next_b = ids[start], ids[end], after[start], after[end]
        triangles = np.concatenate([np.stack([a, next_a, next_b], -1), np.stack([a, next_b, b], -1)]).reshape(-1, 3)
        flat = (triangles == np.roll(triangles, -1, axis=1)).any(axis=1)
        used, compact = np.unique(triangles[~flat], return_inverse=True)
        return Surface(rings.reshape(-1, 3)[used], compact.reshape(-1, 3))


def axis_of(case: Case) -> Axis | None:
    """The axis of an axisymmetric case; None for others."""
    body = case.body
    if body.form != "axisymmetric" or not isinstance(body, (CylinderBody, BallBody)):
        return None
    along = body.axis if isinstance(body, CylinderBody) else case.applicators[0].direction
    return Axis(np.array(body.centre), frame(along))
