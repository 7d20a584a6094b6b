"""Centrelines of vessels and tines: straight pieces and circular bends, and distances between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BEND = 2.0
"""Wanted radius of a rounded corner, in radii of the tube; less where the neighbouring segments are short."""
TIGHTEST_BEND = 1.1
"""A tube cannot be swept round a bend tighter than its own radius."""
SIMPLIFY = 0.1
"""Points of a path are left out where the path then moves by less than this many radii."""


@dataclass(frozen=True)
class Line:
    """A straight piece from ``start`` (3,) to ``end`` (3,), in m."""

    start: np.ndarray
    end: np.ndarray

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.end - self.start))

    def at(self, distance: np.ndarray) -> np.ndarray:
        """Points (n, 3) at ``distance`` (n,) from the start."""
        return self.start + np.multiply.outer(np.asarray(distance) / self.length, self.end - self.start)

    def direction(self, distance: float) -> np.ndarray:
        """Unit tangent (3,); the same at every ``distance``."""
        return (self.end - self.start) / self.length

    def part(self, first: float, last: float) -> Line:
        """The piece between two distances from the start."""
        return Line(*self.at(np.array([first, last])))


@dataclass(frozen=True)
class Bend:
    """A circular piece: ``start`` (3,) turned about ``axis`` (unit, 3) through ``centre`` (3,) by ``angle`` > 0."""

    start: np.ndarray
    centre: np.ndarray
    axis: np.ndarray
    angle: float

    @property
    def radius(self) -> float:
        return float(np.linalg.norm(self.start - self.centre))

    @property
    def length(self) -> float:
        return self.radius * self.angle

    def at(self, distance: np.ndarray) -> np.ndarray:
        """Points (n, 3) at ``distance`` (n,) from the start."""
        angle = np.asarray(distance)[..., None] / self.radius
        arm = self.start - self.centre
        return self.centre + np.cos(angle) * arm + np.sin(angle) * np.cross(self.axis, arm)

    def direction(self, distance: float) -> np.ndarray:
        """Unit tangent (3,) at ``distance`` from the start."""
        arm = self.at(np.array([distance]))[0] - self.centre
        return np.cross(self.axis, arm) / self.radius

    def part(self, first: float, last: float) -> Bend:
        """The piece between two distances from the start."""
        return Bend(self.at(np.array([first]))[0], self.centre, self.axis, (last - first) / self.radius)


@dataclass(frozen=True)
class Centreline:
    """Pieces that follow each other without a corner."""

    pieces: tuple[Line | Bend, ...]

    @property
    def length(self) -> float:
        return sum(piece.length for piece in self.pieces)

    def part(self, first: float, last: float) -> Centreline:
        """What lies between two distances from the start. Raises ValueError where nothing does."""
        found, offset = [], 0.0
        for piece in self.pieces:
            low, high = max(first - offset, 0.0), min(last - offset, piece.length)
            if high - low > 1e-9:
                found.append(piece.part(low, high))
            offset += piece.length
        if not found:
            raise ValueError("nothing of the path lies there")
        return Centreline(tuple(found))

    def point_at(self, distance: float) -> np.ndarray:
        """Point (3,) at ``distance`` from the start."""
        offset = 0.0
        for piece in self.pieces[:-1]:
            if distance <= offset + piece.length:
                return piece.at(np.array([distance - offset]))[0]
            offset += piece.length
        return self.pieces[-1].at(np.array([distance - offset]))[0]

    def sample(self, step: float) -> np.ndarray:
        """Points (n, 3) from start to end, at most ``step`` apart."""
        parts = []
        for piece in self.pieces:
            count = max(1, math.ceil(piece.length / step))
            parts.append(piece.at(np.linspace(0.0, piece.length, count + 1)[(1 if parts else 0) :]))
        return np.concatenate(parts)

    def reversed(self) -> Centreline:
        """The same path from its end to its start."""
        turned: list[Line | Bend] = []
        for piece in reversed(self.pieces):
            if isinstance(piece, Line):
                turned.append(Line(piece.end, piece.start))
            else:
                end = piece.at(np.array([piece.length]))[0]
                turned.append(Bend(end, piece.centre, -piece.axis, piece.angle))
        return Centreline(tuple(turned))

    def moved(self, rotation: np.ndarray, shift: np.ndarray) -> Centreline:
        """Rotated by a matrix (3, 3), then shifted (3,)."""
        return Centreline(
            tuple(
                Line(rotation @ p.start + shift, rotation @ p.end + shift)
                if isinstance(p, Line)
                else Bend(rotation @ p.start + shift, rotation @ p.centre + shift, rotation @ p.axis, p.angle)
                for p in self.pieces
            )
        )


def through(points: Sequence[Sequence[float]] | np.ndarray, radius: float) -> Centreline:
    """The polyline through ``points`` (n, 3) with its corners rounded, so that a tube of ``radius`` follows it.

    Points closer to the simplified path than a tenth of the radius are left out. Raises ValueError, in words, for a
    segment without length and for a kink tighter than the radius.
    """
    given = np.asarray(points, dtype=float)
    lengths = np.linalg.norm(np.diff(given, axis=0), axis=1)
    if (short := np.flatnonzero(lengths < 1e-6)).size:
        raise ValueError(f"points {short[0]} and {short[0] + 1} are the same: a segment without length")
    corners = _simplified(given, SIMPLIFY * radius)
    steps = np.diff(corners, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    units = steps / lengths[:, None]
    room = lengths / 2
    room[[0, -1]] = 0.9 * lengths[[0, -1]] if len(lengths) > 1 else 0.0
    if len(lengths) == 2:
        room = 0.9 * lengths
    pieces: list[Line | Bend] = []
    last = corners[0]
    for number, corner in enumerate(corners[1:-1], start=1):
        before, after = units[number - 1], units[number]
        turn = math.atan2(np.linalg.norm(np.cross(before, after)), before @ after)
        slope = math.tan(turn / 2) if turn < math.pi - 1e-6 else math.inf
        tangent = min(room[number - 1], room[number], max(BEND * radius * slope, radius / 2))
        if tangent < TIGHTEST_BEND * radius * slope:
            raise ValueError(
                f"at point {_index(given, corner)} the path turns by {math.degrees(turn):.0f} degrees in "
                f"{2e3 * tangent:.3g} mm: a kink tighter than the radius of {1e3 * radius:.3g} mm"
            )
        normal = np.cross(before, after)
        normal /= np.linalg.norm(normal)
        start = corner - tangent * before
        centre = start + tangent / slope * np.cross(normal, before)
        if np.linalg.norm(start - last) > 1e-3 * radius:
            pieces.append(Line(last, start))
        pieces.append(Bend(start, centre, normal, turn))
        last = corner + tangent * after
    if np.linalg.norm(corners[-1] - last) > 1e-9:
        pieces.append(Line(last, corners[-1]))
    return Centreline(tuple(pieces))


def arc(points: Sequence[Sequence[float]] | np.ndarray, radius: float) -> Centreline:
    """The circular arc from the first through the second to the third of ``points`` (3, 3), for a tube of ``radius``.

    Points in a line give a straight path. Raises ValueError for coinciding points and for an arc too tight.
    """
    a, b, c = np.asarray(points, dtype=float)
    if min(np.linalg.norm(b - a), np.linalg.norm(c - b), np.linalg.norm(c - a)) < 1e-6:
        raise ValueError("two of the three points of the arc are the same")
    normal = np.cross(b - a, c - a)
    size = np.linalg.norm(normal)
    if size < 1e-6 * np.linalg.norm(c - a) ** 2:
        if (b - a) @ (c - b) < 0:
            raise ValueError("the three points of the arc lie in a line, the second not between the others")
        return Centreline((Line(a, c),))
    u, v = b - a, c - a
    centre = a + np.cross((u @ u) * v - (v @ v) * u, normal) / (2 * size**2)
    axis = normal / size
    arm = a - centre
    angle = math.atan2(axis @ np.cross(arm, c - centre), arm @ (c - centre)) % (2 * math.pi)
    bend = Bend(a, centre, axis, angle)
    if bend.radius < TIGHTEST_BEND * radius:
        raise ValueError(f"the arc's radius of {1e3 * bend.radius:.3g} mm is less than the radius of the wire")
    return Centreline((bend,))


def segment_distance(first: np.ndarray, second: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Smallest distance between two polylines (n, 3) and (m, 3), and the nearest points (3,) on each, in m.

    Pairwise closest points of segments, after Ericson, Real-Time Collision Detection (2005), 5.1.9.
    """
    if len(first) == 1:
        first = np.repeat(first, 2, axis=0)
    if len(second) == 1:
        second = np.repeat(second, 2, axis=0)
    p, q = first[:-1, None, :], second[None, :-1, :]
    d, e = np.diff(first, axis=0)[:, None, :], np.diff(second, axis=0)[None, :, :]
    r = p - q
    a, b, f = (d * d).sum(-1), (e * e).sum(-1), (e * r).sum(-1)
    c, g = (d * r).sum(-1), (d * e).sum(-1)
    tiny = 1e-30
    parallel = a * b - g * g
    s = np.where(parallel > 1e-12 * a * b, np.clip((g * f - c * b) / np.maximum(parallel, tiny), 0, 1), 0.0)
    t = np.clip((g * s + f) / np.maximum(b, tiny), 0, 1)
    s = np.clip((g * t - c) / np.maximum(a, tiny), 0, 1)
    x, y = p + s[..., None] * d, q + t[..., None] * e
    distance = np.linalg.norm(x - y, axis=-1)
    i, j = np.unravel_index(np.argmin(distance), distance.shape)
    return float(distance[i, j]), x[i, j], y[i, j]


def point_distance(points: np.ndarray, polyline: np.ndarray) -> np.ndarray:
    """Distance (n,) of ``points`` (n, 3) to a polyline (m, 3), in m."""
    result = np.full(len(points), np.inf)
    for start, step in zip(polyline[:-1], np.diff(polyline, axis=0), strict=True):
        along = np.clip((points - start) @ step / max(step @ step, 1e-30), 0.0, 1.0)
        np.minimum(result, np.linalg.norm(points - start - along[:, None] * step, axis=1), out=result)
    return result


def _simplified(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Fewest of ``points`` whose polyline stays within ``tolerance`` of all (Douglas and Peucker 1973)."""
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    open_parts = [(0, len(points) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        if last - first < 2:
            continue
        away = point_distance(points[first + 1 : last], points[[first, last]])
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            keep[first + 1 + worst] = True
            open_parts += [(first, first + 1 + worst), (first + 1 + worst, last)]
    return points[keep]


def _index(points: np.ndarray, point: np.ndarray) -> int:
    return int(np.argmin(np.linalg.norm(points - point, axis=1)))
