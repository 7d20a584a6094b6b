"""The fixed directions in which a zone's radii are kept, and the surface that they span.

Frame of a needle: origin on its axis, z along it (towards the tip), x towards the vessel, all in mm. A zone is kept by
its radii away from the vessel (x <= 0), averaged over the sign of y; towards the vessel it is the mirror image of that,
cut by the tube of living tissue around the vessel (``pennes.risk.zone``). So a quarter of a sphere of directions holds
all of it: radii (24 polar angles, 5 azimuths). The azimuth counts from -x (0) to the y axis (90 degrees).
"""

from __future__ import annotations

from functools import cache

import numpy as np

POLAR = np.deg2rad(np.arange(24) * 7.5 + 3.75)
"""From +z (the tip). None lies on the axis, where metal is."""
AZIMUTH = np.deg2rad(np.arange(5) * 22.5)
FINE_AZIMUTH = np.deg2rad(np.arange(9) * 11.25)
"""Where distances are measured."""
SIZE = len(POLAR) * len(AZIMUTH)


def unit_vectors(polar: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Directions (n polar, m azimuths, 3) in the quarter x <= 0, y >= 0."""
    polar, azimuth = np.meshgrid(polar, azimuth, indexing="ij")
    return np.stack([-np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], axis=-1)


@cache
def to_fine() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Linear maps from radii (120,) to radii, their derivatives by polar angle and by azimuth at the fine directions
    (216,), and those directions (216, 3).

    In azimuth the radii are the cosine series that is even about both planes of symmetry, exact at the five azimuths.
    """
    orders = 2 * np.arange(len(AZIMUTH))
    coefficients = np.linalg.inv(np.cos(np.outer(AZIMUTH, orders)))
    series = np.cos(np.outer(FINE_AZIMUTH, orders)) @ coefficients
    slopes = (-np.sin(np.outer(FINE_AZIMUTH, orders)) * orders) @ coefficients
    same = np.eye(len(POLAR))
    along = np.gradient(same, POLAR, axis=0)
    vectors = unit_vectors(POLAR, FINE_AZIMUTH).reshape(-1, 3)
    return np.kron(same, series), np.kron(along, series), np.kron(same, slopes), vectors
