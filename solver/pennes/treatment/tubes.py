"""Vessels as surfaces: the meshed walls, and tubes around the centrelines of those that have none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.vasculature import MESHED
from pennes.vessel import VesselModel
from pennes.vessel.pieces import frames

SIDES = 10


@dataclass(frozen=True)
class Drawing:
    """``points`` (n, 3) in m, ``triangles`` (m, 3), and values of the points: number of the vessel and of its branch
    (-1 on meshed walls), heat in J that the branch, or the vessel behind a wall, removed."""

    points: np.ndarray
    triangles: np.ndarray
    data: dict[str, np.ndarray]


def with_walls(vessels: list[VesselModel], walls: list[tuple[np.ndarray, np.ndarray]]) -> Drawing:
    """The wall of every vessel, points (n, 3) and triangles (m, 3), with the tubes of all branches without one."""
    drawn = []
    for vessel, (points, triangles) in zip(vessels, walls, strict=True):
        pieces = [(points, triangles, -1, float(vessel.line_heat.sum()))]
        for branch, line in enumerate(vessel.tree.lines):
            if vessel.models[branch] not in MESHED:
                pieces.append((*tube(line.points, line.radii), branch, vessel.line_heat[branch]))
        drawn.append(pieces)
    return _together(drawn)


def of_labels(walls: list[tuple[np.ndarray, np.ndarray]], heats: list[float]) -> Drawing:
    """The walls of vessels of a label map, points (n, 3) and triangles (m, 3), and the heat in J that each took."""
    return _together([[(*wall, -1, heat)] for wall, heat in zip(walls, heats, strict=True)])


def _together(vessels: list[list[tuple[np.ndarray, np.ndarray, int, float]]]) -> Drawing:
    """One drawing of the pieces of every vessel: points, triangles, branch, heat."""
    parts, count = [], 0
    for number, pieces in enumerate(vessels):
        for corners, faces, branch, heat in pieces:
            parts.append((corners, faces + count, number, branch, heat))
            count += len(corners)
    sizes = [len(part[0]) for part in parts]
    data = {
        name: np.repeat(np.array([part[k] for part in parts], dtype=float), sizes)
        for name, k in (("vessel", 2), ("branch", 3), ("heat_removed_j", 4))
    }
    return Drawing(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]), data)


def tube(points: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and triangles of the mantle around a polyline (n, 3) with ``radii`` (n - 1,) of its steps, in m."""
    angles = 2.0 * np.pi * np.arange(SIDES) / SIDES
    corners, faces = [], []
    for count, (first, last, radius) in enumerate(zip(points[:-1], points[1:], radii, strict=True)):
        direction = (last - first) / np.linalg.norm(last - first)
        one, two = frames(direction)
        ring = radius * (np.cos(angles)[:, None] * one + np.sin(angles)[:, None] * two)
        corners += [first + ring, last + ring]
        k = np.arange(SIDES)
        near, far = 2 * SIDES * count + k, 2 * SIDES * count + (k + 1) % SIDES
        faces += [np.stack([near, far, near + SIDES], 1), np.stack([far, far + SIDES, near + SIDES], 1)]
    return np.concatenate(corners), np.concatenate(faces)
