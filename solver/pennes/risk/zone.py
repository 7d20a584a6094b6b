"""A zone in the frame of its needle, and signed distances to its surface: NumPy only."""

from __future__ import annotations

import numpy as np

from pennes.risk.directions import FINE_AZIMUTH, POLAR, to_fine, unit_vectors

STATIONS = np.array([0.0, 4.0, 8.0])
"""Distances along the vessel, in mm, from the point that is nearest to the needle, at which the rim of living tissue in
front of it is kept."""


def outer_distance(radii: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Signed distances (n,) in mm, positive inside, of ``points`` (n, 3) from the star-shaped surfaces with ``radii``
    (n, 120), one surface a point.

    The foot is sought among the fine directions; there the surface is replaced by its tangent plane.
    """
    values, by_polar, by_azimuth, vectors = to_fine()
    # The surface is its own mirror image in x and y, and so has its nearest point in the quarter that a point is in.
    folded = points * [1.0, 1.0, 1.0]
    folded[:, 0], folded[:, 1] = -np.abs(points[:, 0]), np.abs(points[:, 1])
    fine = radii @ values.T
    squared = fine * (fine - 2.0 * (folded @ vectors.T))
    nearest = np.argmin(squared, axis=1)
    rows = np.arange(len(points))
    radius, direction = fine[rows, nearest], vectors[nearest]
    slope_polar = np.einsum("ij,ij->i", radii, by_polar[nearest])
    slope_azimuth = np.einsum("ij,ij->i", radii, by_azimuth[nearest])
    to_polar, to_azimuth, sine = _tangents()
    normal = (
        radius[:, None] * direction
        - slope_polar[:, None] * to_polar[nearest]
        - (slope_azimuth / sine[nearest])[:, None] * to_azimuth[nearest]
    )
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return np.einsum("ij,ij->i", normal, radius[:, None] * direction - folded)


def _tangents() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors (216, 3) along growing polar angle and azimuth at the fine directions, and the polar angles' sines."""
    polar, azimuth = (x.ravel() for x in np.meshgrid(POLAR, FINE_AZIMUTH, indexing="ij"))
    to_polar = unit_vectors(POLAR + np.pi / 2, FINE_AZIMUTH).reshape(-1, 3)
    to_azimuth = np.stack([np.sin(azimuth), np.cos(azimuth), np.zeros_like(azimuth)], axis=-1)
    return to_polar, to_azimuth, np.sin(polar)


def back_reach(radii: np.ndarray, height: np.ndarray) -> np.ndarray:
    """How far (n, 3 stations), in mm, the surfaces ``radii`` (n, 120) reach across the needle, away from the vessel, in
    the planes z = ``height`` (n,) and y = ``STATIONS``; 0 where a line does not meet the surface."""
    values, _, _, vectors = to_fine()
    fine = (radii @ values.T).reshape(-1, len(POLAR), len(FINE_AZIMUTH))
    grid = vectors.reshape(len(POLAR), len(FINE_AZIMUTH), 3)
    across = fine * np.hypot(grid[..., 0], grid[..., 1])
    heights = fine * grid[..., 2]
    profile = np.empty((len(radii), len(FINE_AZIMUTH)))
    for number in range(len(radii)):
        for azimuth in range(len(FINE_AZIMUTH)):
            profile[number, azimuth] = np.interp(
                height[number], heights[number, ::-1, azimuth], across[number, ::-1, azimuth], left=0.0, right=0.0
            )
    found = np.zeros((len(radii), len(STATIONS)))
    for station, y in enumerate(STATIONS):
        # In the plane across the needle: the azimuth at which the outline has this y.
        outline_y = profile * np.sin(FINE_AZIMUTH)
        outline_x = profile * np.cos(FINE_AZIMUTH)
        for number in range(len(radii)):
            if outline_y[number, -1] > y:
                found[number, station] = np.interp(y, outline_y[number], outline_x[number])
    return found


def tube_distance(points: np.ndarray, axis: np.ndarray, radius: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Signed distances (n,) in mm, positive on the dead side, of ``points`` (n, 3) from the living tissue around a vessel
    that runs along y.

    Parameters: ``axis`` (n, 2) x and z of the vessel; ``radius`` (n,) of its lumen; ``rim`` (n, 3) thickness of the living
    tissue in front of it at ``STATIONS``; between them and beyond the last, linear.
    """
    along = np.abs(points[:, 1])
    step = STATIONS[1] - STATIONS[0]
    left = np.minimum((along / step).astype(int), len(STATIONS) - 2)
    rows = np.arange(len(points))
    share = np.minimum(along, STATIONS[-1] + step) / step - left
    thickness = rim[rows, left] + share * (rim[rows, left + 1] - rim[rows, left])
    return np.hypot(points[:, 0] - axis[:, 0], points[:, 2] - axis[:, 1]) - radius - np.maximum(thickness, 0.0)
