"""Sizes of zones at the saved times of a result folder, for comparison with measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pennes.case import load
from pennes.margin import marching_tetrahedra, marching_triangles, zone_diameters
from pennes.report.fields import open_fields
from pennes.scene.axis import axis_of

SMALLEST_DAMAGE = 1e-6
"""Below it the logarithm of the damage is held."""


def boundary(folder: Path, field: str, threshold: float, time: float) -> np.ndarray:
    """Points (n, 3) in m of the surface on which a saved field has the value ``threshold``."""
    fields = open_fields(folder)
    points, cells = fields.mesh()
    values = fields.values(field, time)
    axis = axis_of(load(folder / "case.yaml"))
    if field == "damage":  # it grows exponentially from vertex to vertex
        values, threshold = np.log(np.maximum(values, SMALLEST_DAMAGE)), np.log(threshold)
    if axis is not None:
        lines = marching_triangles(axis.coordinates(1e-3 * points), cells, values - threshold)
        return axis.swept(lines).points
    return marching_tetrahedra(1e-3 * points, cells, values - threshold).points


def diameters(folder: Path, field: str, threshold: float, time: float, axis: np.ndarray) -> np.ndarray:
    """Extents (3,) in m of {field > threshold} along ``axis``, then the larger and the smaller across it."""
    return zone_diameters(boundary(folder, field, threshold, time), axis)


def largest_radius(folder: Path, field: str, threshold: float, time: float, tip: np.ndarray, axis: np.ndarray) -> float:
    """Largest distance in m of {field > threshold} from the line through ``tip`` along ``axis``, mean over twelve
    sectors around it."""
    points = boundary(folder, field, threshold, time) - tip
    axis = np.asarray(axis, dtype=float) / np.linalg.norm(axis)
    across = points - np.outer(points @ axis, axis)
    frame = np.linalg.svd(axis[None, :])[2][1:]
    angle = np.arctan2(*(across @ frame.T).T)
    sector = np.floor((angle + np.pi) / (2 * np.pi) * 12).astype(int) % 12
    radius = np.linalg.norm(across, axis=1)
    return float(np.mean([radius[sector == number].max() for number in np.unique(sector)]))
