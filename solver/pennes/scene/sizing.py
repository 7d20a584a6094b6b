"""How large the edges of the mesh should be, where.

A source is a cloud of points: within ``hold`` of the nearest the edge length is ``size``; beyond, it grows by
``GROWTH`` m per m up to the size at the outer surface. The smallest of all sources counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from pennes.case.models import Case
from pennes.scene import shapes
from pennes.scene.placement import Wire
from pennes.scene.solids import numbers
from pennes.scene.vascular import VesselTree

GROWTH = 0.25
REACH_PER_LENGTH = 0.6
"""The lesion is expected within this share of a shaft's bare length ..."""
SHORTEST_REACH, LONGEST_REACH = 8e-3, 18e-3
"""... but within these bounds, of the metal (17 mm for 3 cm: lesions are 3 to 4 cm across)."""
BEYOND_MARGIN = 3e-3
"""The fine mesh goes this far beyond a target's margin."""
NEAR = 10e-3
"""Vessels further than this from target and lesion may have edges ``COARSER`` times as long."""
COARSER = 2.0
AROUND_BARE, AROUND_INSULATED, AROUND_VESSEL = 6, 5, 10
"""At least so many edges around bare metal, insulated metal and vessels."""


def size_sources(case: Case, wires: tuple[Wire, ...], vessels: tuple[VesselTree, ...]) -> list[dict[str, Any]]:
    """The sources of a parametric case, as plain data for the recipe. Lengths in m."""
    sizes = case.accuracy.mesh
    fine = _lesion(case, wires)
    sources = [_source(points, hold, sizes.lesion) for points, hold in fine]
    for wire in wires:
        around = 2 * math.pi * wire.radius
        for stretch in wire.stretches:
            wanted, count = (sizes.applicator, AROUND_BARE) if stretch.pole else (sizes.shaft, AROUND_INSULATED)
            size = min(wanted, around / count)
            points = wire.path.part(stretch.first, stretch.last).sample(max(size, 0.7 * wire.radius) / 2)
            sources.append(_source(points, wire.radius, size))
    for tree in vessels:
        for tube in tree.tubes:
            around = 2 * math.pi * tube.radius
            points = tube.path.sample(min(sizes.vessel, tube.radius) / 2)
            near = np.zeros(len(points), dtype=bool)
            for centres, hold in fine:
                near |= cKDTree(centres).query(points)[0] <= hold + tube.radius + NEAR
            for chosen, size in ((near, sizes.vessel), (~near, COARSER * sizes.vessel)):
                if chosen.any():
                    sources.append(_source(points[chosen], tube.radius, min(size, around / AROUND_VESSEL)))
    return _merged(source for source in sources if source["size"] < sizes.far)


def _lesion(case: Case, wires: tuple[Wire, ...]) -> list[tuple[np.ndarray, float]]:
    """Clouds of points (n, 3), each with the distance within which the mesh must be fine."""
    clouds = []
    for wire in wires:
        for stretch in wire.stretches:
            if stretch.pole is None:
                continue
            length = stretch.last - stretch.first
            reach = float(np.clip(REACH_PER_LENGTH * length, SHORTEST_REACH, LONGEST_REACH))
            if wire.shaft is None:
                reach = SHORTEST_REACH
            clouds.append((wire.path.part(stretch.first, stretch.last).sample(reach / 8), reach))
    for target in case.targets:
        step = shapes.size(target.geometry) / 6
        surface = shapes.triangulate(target.geometry, step).points
        low, high = surface.min(axis=0), surface.max(axis=0)
        axes = [np.linspace(a, b, max(2, math.ceil((b - a) / step) + 1)) for a, b in zip(low, high, strict=True)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
        inside = grid[shapes.contains(target.geometry, grid)]
        clouds.append((np.concatenate([surface, inside]), target.margin + BEYOND_MARGIN))
    return clouds


def _merged(sources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One source for all of equal hold and size (the copies of a tine): the mesher asks each for every point."""
    clouds: dict[tuple[float, float], list] = {}
    for source in sources:
        clouds.setdefault((source["hold"], source["size"]), []).extend(source["points"])
    return [{"points": points, "hold": hold, "size": size} for (hold, size), points in clouds.items()]


def _source(points: np.ndarray, hold: float, size: float) -> dict[str, Any]:
    return {"points": numbers(points), "hold": numbers(hold), "size": numbers(size)}
