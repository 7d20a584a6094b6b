"""Where the zone of a device ends: what the chain asks of an emulator, and an analytic zone that answers it.

Frame of the needle, in mm: origin in the middle of the zone, z along the needle, x from the needle towards the vessel,
which runs along y.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtri

from pennes.outcome.surface import Array, Tumours


class ZoneSampler(Protocol):
    """Signed margins of tumours under one application of a device."""

    @property
    def dimensions(self) -> int:
        """How many uniform numbers say which tissue a tumour lies in."""

    @property
    def half_width(self) -> float:
        """mm that the operator counts on, across the needle."""

    def margins(self, tumours: Tumours, centres: Array, draws: Array, directions: Array) -> Array:
        """(n, points) mm, positive where the surface is inside the zone.

        ``centres`` (n, 3) mm: the tumours' centres in the needle's frame; the vessel stays with the tumour.
        ``draws`` (n, dimensions) in (0, 1). ``directions`` (points, 3): the surface is centre + radius direction.
        """


@dataclass(frozen=True)
class EllipsoidZone:
    """An ellipsoid around the needle, less living tissue around the vessel.

    The size varies between patients by the factor exp(``spread`` N(0, 1)). Around a vessel of radius r a rim of
    ``rim`` r / (r + 2 mm) exp(``rim_spread`` N(0, 1)) is kept alive. With ``spread`` and ``rim`` 0 and ``sinks`` False
    it is a manufacturer's zone.
    """

    half_width: float
    half_length: float
    spread: float = 0.0
    rim: float = 0.0
    rim_spread: float = 0.0
    sinks: bool = True
    dimensions: int = 2

    def margins(self, tumours: Tumours, centres: Array, draws: Array, directions: Array) -> Array:
        """As of ``ZoneSampler``; distances to the ellipsoid are of first order in them, exact for a ball."""
        normal = ndtri(draws)
        points = centres[:, None, :] + tumours.radius[:, None, None] * directions
        factor = np.exp(self.spread * normal[:, 0])
        semi = factor[:, None] * np.array([self.half_width, self.half_width, self.half_length])
        margins = ellipsoid_depth(points, semi)
        if not self.sinks:
            return margins
        vessel = tumours.vessel_radius
        rim = self.rim * vessel / (vessel + 2.0) * np.exp(self.rim_spread * normal[:, 1])
        axis = centres[:, 0] + tumours.radius + tumours.vessel_gap + vessel
        away = np.hypot(points[..., 0] - axis[:, None], points[..., 2] - centres[:, 2, None])
        alive = np.where(vessel[:, None] > 0.0, away - (vessel + rim)[:, None], np.inf)
        return np.minimum(margins, alive)


def ellipsoid_depth(points: Array, semi: Array) -> Array:
    """Signed distance (n, points), positive inside, of ``points`` (n, points, 3) from ellipsoids ``semi`` (n, 3).

    k0 (1 - k0) / k1 with k0 = |p / a| and k1 = |p / a^2|: exact for balls, of first order beside the surface of others.
    """
    scaled = points / semi[:, None, :]
    k0 = np.linalg.norm(scaled, axis=-1)
    k1 = np.linalg.norm(scaled / semi[:, None, :], axis=-1)
    middle = k1 < 1e-12
    depth = k0 * (1.0 - k0) / np.where(middle, 1.0, k1)
    return np.where(middle, semi.min(axis=-1)[:, None], depth)
