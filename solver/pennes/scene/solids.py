"""Solids as plain data: the language in which a mesh recipe says what is to be meshed.

Each is a dictionary of numbers in m, rounded to 1e-12 m, so that equal scenes give equal recipes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pennes.case.models import Ball, BoxShape, Ellipsoid, Lobulated, Shape, Tube
from pennes.scene import lobulated, shapes
from pennes.scene.frames import frame, rotation_about
from pennes.scene.paths import Centreline, Line

Solid = dict[str, Any]


def numbers(values: Any) -> Any:
    """Plain floats (nested lists of them), rounded to 1e-12, without negative zeros."""
    return (np.round(np.asarray(values, dtype=float), 12) + 0.0).tolist()


def cylinder(start: np.ndarray, end: np.ndarray, radius: float) -> Solid:
    return {"kind": "cylinder", "start": numbers(start), "end": numbers(end), "radius": numbers(radius)}


def cone(start: np.ndarray, end: np.ndarray, radius: float, end_radius: float) -> Solid:
    """A truncated cone."""
    return {
        "kind": "cone",
        "start": numbers(start),
        "end": numbers(end),
        "radius": numbers(radius),
        "end_radius": numbers(end_radius),
    }


def hemisphere(centre: np.ndarray, direction: np.ndarray, radius: float) -> Solid:
    """The half of a ball on the side that ``direction`` (unit, 3) points to."""
    return {
        "kind": "hemisphere",
        "centre": numbers(centre),
        "direction": numbers(direction),
        "radius": numbers(radius),
    }


def ball(centre: np.ndarray, radius: float) -> Solid:
    return {"kind": "ball", "centre": numbers(centre), "radius": numbers(radius)}


def box(centre: np.ndarray, size: np.ndarray) -> Solid:
    return {"kind": "box", "centre": numbers(centre), "size": numbers(size)}


def tube(path: Centreline, radius: float) -> list[Solid]:
    """Cylinders and pieces of tori that meet in flat discs.

    ``across`` is where the seam of each piece starts. It is carried along without twist, so that the seams of
    neighbours meet: two that nearly met would leave an edge of nearly no length.
    """
    pieces = []
    across = frame(path.pieces[0].direction(0.0))[:, 0]
    for piece in path.pieces:
        if isinstance(piece, Line):
            pieces.append(cylinder(piece.start, piece.end, radius) | {"across": numbers(across)})
            continue
        pieces.append(
            {
                "kind": "bend",
                "start": numbers(piece.start),
                "centre": numbers(piece.centre),
                "axis": numbers(piece.axis),
                "angle": numbers(piece.angle),
                "radius": numbers(radius),
                "across": numbers(across),
            }
        )
        across = rotation_about(piece.axis, piece.angle) @ across
    return pieces


def of_shape(geometry: Shape) -> list[Solid]:
    """Solids of a target's or organ's shape."""
    match geometry:
        case Ball():
            return [ball(np.array(geometry.centre), geometry.diameter / 2)]
        case Ellipsoid():
            return [
                {
                    "kind": "ellipsoid",
                    "centre": numbers(geometry.centre),
                    "radii": numbers(np.array(geometry.diameters) / 2),
                    "frame": numbers(shapes.ellipsoid_frame(geometry)),
                }
            ]
        case BoxShape():
            return [box(np.array(geometry.centre), np.array(geometry.size))]
        case Tube():
            return tube(shapes.tube_path(geometry), geometry.diameter / 2)
        case Lobulated():
            poles, knots = lobulated.patches(geometry)
            return [{"kind": "patches", "poles": numbers(poles), "knots": numbers(knots)}]
        case _:
            raise TypeError(f"a {geometry.shape} has no solid")
