"""Shapes of targets and organs: what lies inside, how far, how large, and their surfaces. No mesh needed.

Lengths in m; points are arrays (n, 3). A ``Region`` of a user's mesh has no shape of its own: the domain knows it.
"""

from __future__ import annotations

import math

import numpy as np

from pennes.case.models import Ball, BoxShape, Ellipsoid, Lobulated, Shape, Tube
from pennes.margin import DistanceField, Surface
from pennes.scene import lobulated
from pennes.scene.frames import frame
from pennes.scene.paths import Centreline, point_distance, through
from pennes.scene.sphere import geodesic_sphere

TOUCH = 1e-9
"""Points this close to a surface lie on it: which side rounding puts a vertex on must not depend on who computes it."""


def centre(geometry: Shape) -> np.ndarray:
    """Centre (3,) of a shape; of a tube, the middle of its path."""
    if isinstance(geometry, Tube):
        path = tube_path(geometry)
        return path.point_at(path.length / 2)
    return np.array(_solid(geometry).centre)


def contains(geometry: Shape, points: np.ndarray) -> np.ndarray:
    """Which of ``points`` (n, 3) lie in the shape or on its surface: (n,) bool."""
    points = np.asarray(points, dtype=float).reshape(-1, 3)
    match _solid(geometry):
        case Ball() as ball:
            return np.linalg.norm(points - ball.centre, axis=1) <= ball.diameter / 2 + TOUCH
        case Ellipsoid() as ellipsoid:
            local = (points - ellipsoid.centre) @ ellipsoid_frame(ellipsoid)
            return np.linalg.norm(local / (np.array(ellipsoid.diameters) / 2 + TOUCH), axis=1) <= 1.0
        case Lobulated() as lobe:
            offset = points - lobe.centre
            return np.linalg.norm(offset, axis=1) <= lobulated.radius(lobe, offset) + TOUCH
        case BoxShape() as box:
            return (np.abs(points - box.centre) <= np.array(box.size) / 2 + TOUCH).all(axis=1)
        case Tube() as tube:
            return _in_tube(tube, points)


def signed_distance(geometry: Shape, points: np.ndarray) -> np.ndarray:
    """Distance (n,) of ``points`` (n, 3) from the surface, negative inside.

    Exact for balls and boxes; for others to the triangulated surface (0.1 % of the size).
    """
    points = np.asarray(points, dtype=float).reshape(-1, 3)
    match geometry:
        case Ball():
            return np.linalg.norm(points - geometry.centre, axis=1) - geometry.diameter / 2
        case BoxShape():
            beyond = np.abs(points - geometry.centre) - np.array(geometry.size) / 2
            return np.linalg.norm(np.maximum(beyond, 0.0), axis=1) + np.minimum(beyond.max(axis=1), 0.0)
        case _:
            surface = triangulate(geometry, size(geometry) / 25)
            distance, _ = DistanceField(surface.points, surface.triangles)(points)
            return np.where(contains(geometry, points), -distance, distance)


def volume(geometry: Shape) -> float:
    """Volume in m3."""
    match _solid(geometry):
        case Ball() | Lobulated() as ball:
            return math.pi / 6 * ball.diameter**3
        case Ellipsoid() as ellipsoid:
            return math.pi / 6 * math.prod(ellipsoid.diameters)
        case BoxShape() as box:
            return math.prod(box.size)
        case Tube() as tube:
            return math.pi / 4 * tube.diameter**2 * tube_path(tube).length


def size(geometry: Shape) -> float:
    """Smallest width that matters for meshing, in m: a diameter or an edge."""
    match _solid(geometry):
        case Ball() | Tube() as round_shape:
            return round_shape.diameter
        case Lobulated() as lobe:
            return lobe.diameter * (1.0 - lobe.amplitude)
        case Ellipsoid() as ellipsoid:
            return min(ellipsoid.diameters)
        case BoxShape() as box:
            return min(box.size)


def triangulate(geometry: Shape, edge_length: float) -> Surface:
    """Closed surface with outward triangles whose edges are about ``edge_length`` m or shorter.

    All points lie on the surface, so the enclosed volume is a little small. The same on every call.
    """
    match _solid(geometry):
        case Ball() as ball:
            sphere = geodesic_sphere(ball.diameter / 2, edge_length)
            return Surface(ball.centre + ball.diameter / 2 * sphere.points, sphere.triangles)
        case Ellipsoid() as ellipsoid:
            radii = np.array(ellipsoid.diameters) / 2
            sphere = geodesic_sphere(float(radii.max()), edge_length)
            return Surface(ellipsoid.centre + sphere.points * radii @ ellipsoid_frame(ellipsoid).T, sphere.triangles)
        case Lobulated() as lobe:
            sphere = geodesic_sphere(lobe.diameter / 2 * (1 + lobe.amplitude), edge_length)
            return Surface(
                lobe.centre + lobulated.radius(lobe, sphere.points)[:, None] * sphere.points, sphere.triangles
            )
        case BoxShape() as box:
            return _box_surface(box, edge_length)
        case Tube() as tube:
            return _tube_surface(tube_path(tube), tube.diameter / 2, edge_length)


def ellipsoid_frame(ellipsoid: Ellipsoid) -> np.ndarray:
    """Columns: directions (3, 3) of the three diameters."""
    return frame(ellipsoid.axis, ellipsoid.roll)


def tube_path(tube: Tube) -> Centreline:
    """Centreline of a tube, its corners rounded. Raises ValueError for an impossible path."""
    return through(tube.path, tube.diameter / 2)


def _solid(geometry: Shape) -> Ball | Ellipsoid | Lobulated | Tube | BoxShape:
    if not isinstance(geometry, (Ball, Ellipsoid, Lobulated, Tube, BoxShape)):
        raise TypeError("a region of a given mesh has no shape of its own; ask the domain")
    return geometry


def _in_tube(tube: Tube, points: np.ndarray) -> np.ndarray:
    path = tube_path(tube)
    line = path.sample(tube.diameter / 40)
    inside = point_distance(points, line) <= tube.diameter / 2 + TOUCH
    first, last = path.pieces[0], path.pieces[-1]
    start, end = first.direction(0.0), last.direction(last.length)
    near_start = np.linalg.norm(points - line[0], axis=1) <= tube.diameter
    near_end = np.linalg.norm(points - line[-1], axis=1) <= tube.diameter
    inside &= ~(near_start & ((points - line[0]) @ start < -TOUCH))
    return inside & ~(near_end & ((points - line[-1]) @ end > TOUCH))


def _box_surface(box: BoxShape, edge_length: float) -> Surface:
    """A grid on each face; the faces share their edges' points."""
    counts = [max(1, math.ceil(length / edge_length)) for length in box.size]
    points, triangles, start = [], [], 0
    for across in range(3):
        u, v = (across + 1) % 3, (across + 2) % 3
        a, b = np.meshgrid(np.linspace(-0.5, 0.5, counts[u] + 1), np.linspace(-0.5, 0.5, counts[v] + 1), indexing="ij")
        index = np.arange(a.size).reshape(a.shape)
        corner, right, up, far = index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]
        faces = np.concatenate(
            [np.stack([corner, right, far], -1).reshape(-1, 3), np.stack([corner, far, up], -1).reshape(-1, 3)]
        )
        for side in (-0.5, 0.5):
            grid = np.empty((a.size, 3))
            grid[:, across], grid[:, u], grid[:, v] = side, a.ravel(), b.ravel()
            points.append(grid)
            triangles.append(start + (faces if side > 0 else faces[:, ::-1]))
            start += a.size
    unique, inverse = np.unique(np.round(np.concatenate(points), 12), axis=0, return_inverse=True)
    return Surface(np.array(box.centre) + unique * box.size, inverse.ravel()[np.concatenate(triangles)])


def _tube_surface(path: Centreline, radius: float, edge_length: float) -> Surface:
    """Rings along the path, with a flat cap at each end. The rings' frames are carried along without twist."""
    around = max(12, math.ceil(2 * math.pi * radius / edge_length))
    angles = np.arange(around) * (2 * math.pi / around)
    stations = [
        (piece.at(np.array([s]))[0], piece.direction(s))
        for number, piece in enumerate(path.pieces)
        for s in np.linspace(0.0, piece.length, max(1, math.ceil(piece.length / edge_length)) + 1)[min(number, 1) :]
    ]
    across = frame(stations[0][1])[:, 0]
    rings = []
    for centre_point, along in stations:
        across = across - (across @ along) * along
        across /= np.linalg.norm(across)
        side = np.cross(along, across)
        rings.append(centre_point + radius * (np.outer(np.cos(angles), across) + np.outer(np.sin(angles), side)))
    ring = np.arange(around)
    after = (ring + 1) % around
    triangles = []
    for number in range(len(rings) - 1):
        low, high = number * around, (number + 1) * around
        triangles += [np.stack([low + ring, low + after, high + after], -1)]
        triangles += [np.stack([low + ring, high + after, high + ring], -1)]
    first, last = len(rings) * around, len(rings) * around + 1
    end = (len(rings) - 1) * around
    triangles += [np.stack([np.full(around, first), after, ring], -1)]
    triangles += [np.stack([np.full(around, last), end + ring, end + after], -1)]
    points = np.concatenate([*rings, stations[0][0][None], stations[-1][0][None]])
    return Surface(points, np.concatenate(triangles))
