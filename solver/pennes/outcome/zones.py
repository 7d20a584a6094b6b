"""Where the zone of a device ends: what the chain asks of an emulator, and an analytic zone that answers it.

Frame of the tumour, in mm: origin at its centre, z along the needle, x towards the vessel, which runs along y and
passes at the height of the tumour's centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from pennes.outcome.surface import Array, Tumours, directions
from pennes.outcome.union import Front, Zones

LATTICE = directions(400)
"""Directions of the discs of an ellipsoid's front."""
ALONG = np.linspace(-18.0, 18.0, 13)
"""mm along a vessel at which the front towards it is kept."""
AROUND = 2.0 * np.pi * np.arange(12) / 12.0
TUBE_DISC = 1.7
"""mm, radius of the discs of a front towards a vessel."""


class ZoneSampler(Protocol):
    """Zones of a device, as tissue and vessels make them."""

    @property
    def dimensions(self) -> int:
        """How many uniform numbers say which tissue a tumour lies in."""

    def counted_on(self, tumours: Tumours) -> Array:
        """(n,) mm that the operator counts on across the needle: half the width of one zone."""

    def zones(self, tumours: Tumours, needles: Array, draws: Array) -> Zones:
        """A zone for each tumour around ``needles`` (n, 3) mm, where the middle of what heats lies in its frame.

        ``draws`` (n, dimensions) in (0, 1).
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

    def counted_on(self, tumours: Tumours) -> Array:
        """As of ``ZoneSampler``."""
        return np.full(len(tumours), self.half_width)

    def zones(self, tumours: Tumours, needles: Array, draws: Array) -> EllipsoidZones:
        """As of ``ZoneSampler``; distances to the ellipsoid are of first order in them, exact for a ball."""
        normal = ndtri(draws)
        factor = np.exp(self.spread * normal[:, 0])
        semi = factor[:, None] * np.array([self.half_width, self.half_width, self.half_length])
        vessel = tumours.vessel_radius if self.sinks else np.zeros(len(tumours))
        rim = self.rim * vessel / (vessel + 2.0) * np.exp(self.rim_spread * normal[:, 1])
        axis = tumours.radius + tumours.vessel_gap + tumours.vessel_radius
        return EllipsoidZones(needles, semi, axis, np.where(vessel > 0.0, vessel + rim, 0.0))


@dataclass(frozen=True)
class EllipsoidZones:
    """See ``pennes.outcome.union.Zones``."""

    needles: Array
    semi: Array
    """(n, 3) mm."""
    axis: Array
    """(n,) mm: x of the vessel's axis."""
    alive: Array
    """(n,) mm: around the axis tissue within this stays alive; 0: there is no vessel."""

    def depth(self, points: Array) -> Array:
        margins = ellipsoid_depth(points - self.needles[:, None], self.semi)
        away = np.hypot(points[..., 0] - self.axis[:, None], points[..., 2])
        return np.minimum(margins, np.where(self.alive[:, None] > 0.0, away - self.alive[:, None], np.inf))

    def holds(self, points: Array, rows: NDArray[np.intp], deeper: float) -> NDArray[np.bool_]:
        some = EllipsoidZones(self.needles[rows], self.semi[rows], self.axis[rows], self.alive[rows])
        return some.depth(points) > deeper

    def front(self) -> Front:
        points = self.needles[:, None] + self.semi[:, None] * LATTICE
        normals = LATTICE / self.semi[:, None]
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        discs = np.broadcast_to(2.0 * self.semi.mean(axis=1)[:, None] / np.sqrt(len(LATTICE)), points.shape[:2])
        real = np.ones(points.shape[:2], dtype=bool)
        tube, towards = tube_front(self.axis, np.repeat(self.alive[:, None], len(ALONG), axis=1))
        within = ellipsoid_depth(tube - self.needles[:, None], self.semi) > 0.0
        within &= self.alive[:, None] > 0.0
        return joined(Front(points, normals, discs, real), tube, towards, within)


def tube_front(axis: Array, alive: Array) -> tuple[Array, Array]:
    """Points (n, 156, 3) on tubes of radius ``alive`` (n, 13) mm, at ``ALONG``, around vessels at x = ``axis`` (n,),
    and unit vectors from there to the vessel."""
    ring = np.stack([np.cos(AROUND), np.zeros_like(AROUND), np.sin(AROUND)], axis=-1)
    points = alive[:, :, None, None] * ring
    points = points + np.stack([np.zeros_like(ALONG), ALONG, np.zeros_like(ALONG)], axis=-1)[:, None]
    points[..., 0] += axis[:, None, None]
    return points.reshape(len(axis), -1, 3), np.broadcast_to(-ring, points.shape).reshape(len(axis), -1, 3)


def joined(outer: Front, tube: Array, towards: Array, within: NDArray[np.bool_]) -> Front:
    """A front with the discs ``tube`` (n, k, 3) beside the vessel, of which those ``within`` the zone are real."""
    return Front(
        np.concatenate([outer.points, tube], axis=1),
        np.concatenate([outer.normals, towards], axis=1),
        np.concatenate([outer.radii, np.full(within.shape, TUBE_DISC)], axis=1),
        np.concatenate([outer.real, within], axis=1),
    )


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
