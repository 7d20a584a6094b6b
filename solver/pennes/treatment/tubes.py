"""Vessels as surfaces: the meshed walls, and tubes around the centrelines of those that have none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.vasculature import MESHED
from pennes.vessel import LabelWall, VesselModel

SIDES = 10


@dataclass(frozen=True)
class Drawing:
    """``points`` (n, 3) in m, ``triangles`` (m, 3), and values of the points: number of the vessel and of its branch
    (-1 on meshed walls), heat in J that the branch, or the vessel behind a wall, removed."""

    points: np.ndarray
    triangles: np.ndarray
    data: dict[str, np.ndarray]


def drawing(vessels: list[VesselModel], walls: list[tuple[np.ndarray, np.ndarray]], heats: list[float]) -> Drawing:
    """The wall of every vessel, points (n, 3) and triangles (m, 3), with the heat in J that it took, and the tubes of
    all its branches that cool without one. At least one vessel."""
    parts, count = [], 0
    for number, (vessel, (points, triangles), heat) in enumerate(zip(vessels, walls, heats, strict=True)):
        pieces = [(points, triangles, -1, heat)]
        if not isinstance(vessel, LabelWall):
            for branch, line in enumerate(vessel.tree.lines):
                if vessel.models[branch] not in (*MESHED, "none"):
                    pieces.append((*tube(line.points, line.radii), branch, vessel.line_heat[branch]))
        for corners, faces, branch, taken in pieces:
            parts.append((corners, faces + count, number, branch, taken))
            count += len(corners)
    sizes = [len(part[0]) for part in parts]
    data = {
        name: np.repeat(np.array([part[k] for part in parts], dtype=float), sizes)
        for name, k in (("vessel", 2), ("branch", 3), ("heat_removed_j", 4))
    }
    return Drawing(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]), data)


def tube(points: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and triangles of the closed mantle around a polyline (n, 3) with ``radii`` (n - 1,) of its steps, in m."""
    import pyvista

    line = pyvista.PolyData(points)
    line.lines = np.concatenate([[len(points)], np.arange(len(points))])
    ends = np.concatenate([radii[:1], radii, radii[-1:]])
    line["radius"] = (ends[1:] + ends[:-1]) / 2
    surface = line.tube(scalars="radius", absolute=True, n_sides=SIDES, capping=True).triangulate()
    return np.asarray(surface.points, float), surface.faces.reshape(-1, 4)[:, 1:]
