"""The emulator: from inputs to the zone, the margin of a ball-shaped target and its error. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from pennes.risk.directions import POLAR, radii_of
from pennes.risk.features import front_features, outer_features, outer_pull
from pennes.risk.posterior import Posterior
from pennes.risk.zone import STATIONS, Foot, outer_distance, outer_reach, rim_at, tube_distance

SHAFT_ROWS = 2
"""Polar angles, counted from the shaft's end, in which the narrow dip along a cooled shaft lies."""


@dataclass(frozen=True)
class Zones:
    """Zones in their needles' frames, one a sample."""

    shapes: np.ndarray
    """(n, 24, 4), see ``pennes.risk.directions``."""
    radii: np.ndarray
    """(n, 24, 32) mm."""
    rim: np.ndarray
    """(n, 3) thickness of living tissue in front of the vessel, at ``STATIONS``; mm. 0 without a vessel."""
    axis: np.ndarray
    """(n, 2) x and z of the vessel, mm; infinite x without one."""
    vessel_radius: np.ndarray
    """(n,) mm."""
    shape_variance: np.ndarray | None = None
    """(n, components) of the scores; None: not asked for."""
    front_variance: np.ndarray | None = None
    """(n, 3) mm^2."""

    def signed_distance(self, points: np.ndarray) -> np.ndarray:
        """Signed distances (n, p) in mm, positive inside, of ``points`` (n, p, 3) in the needle's frame (or (p, 3), the
        same for all zones) from each zone's surface: what a map of margins consists of."""
        points = np.broadcast_to(points, (len(self.shapes), *np.shape(points)[-2:]))
        many = points.shape[1]
        flat = points.reshape(-1, 3)
        rows = np.repeat(np.arange(len(self.shapes)), many)
        outer = outer_distance(self.radii[rows], np.exp(self.shapes[rows, :, 0]), flat).distance
        return np.minimum(outer, self._tube(flat, rows)).reshape(-1, many)

    def _tube(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        thickness, _ = rim_at(self.rim[rows], points[:, 1])
        distance = tube_distance(points, self.axis[rows], self.vessel_radius[rows], thickness)
        return np.where(self.vessel_radius[rows] > 0, distance, np.inf)


@dataclass(frozen=True)
class Margins:
    """Minimal margins of samples."""

    mean: np.ndarray
    """(n,) mm."""
    sd: np.ndarray
    """(n,) of the emulator's error, mm; zeros where it was not asked for."""
    at_vessel: np.ndarray
    """(n,) bool: the smallest margin is at the vessel."""


@dataclass(frozen=True)
class Emulator:
    """What was learnt from the runs of one cohort."""

    inputs: tuple[str, ...]
    """Names of the tissue's inputs, factors on the base case's values."""
    mean_shape: np.ndarray
    """(96,)"""
    basis: np.ndarray
    """(components, 96), orthonormal in the shapes' ``WEIGHTS``."""
    outer: Posterior
    """Scores of the components."""
    front: Posterior
    """Front less the nearer of the star-shaped zone's reach and the wall, at ``STATIONS``; mm."""
    rest_sd: float = 0.0
    """Error that is no Gaussian process's: truncation, roughness of the surface; mm."""
    rest_sd_at_vessel: float = 0.0
    """The same where the smallest margin is at the vessel, whose wall is known."""
    inflation: float = 1.0
    """Of all errors, so that intervals hold what they say on runs left out."""
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Smallest and largest value that was simulated, by name. Beyond them the zone is that of the limit."""

    def zones(self, values: Mapping[str, np.ndarray], *, with_error: bool = True) -> Zones:
        """Zones of ``values``, each (n,): ``pennes.risk.features.GEOMETRY`` and ``inputs``."""
        learnt = self._within(values)
        features = np.hstack([outer_features(learnt, self.inputs), outer_pull(learnt, self.inputs)])
        scores, variance = self.outer.predict(features) if with_error else (self.outer.mean(features), None)
        shapes = (self.mean_shape + scores @ self.basis).reshape(-1, len(POLAR), 4)
        radii = radii_of(shapes)
        count, present = len(shapes), values["vessel_radius"] > 0
        rim, front_variance = np.zeros((count, len(STATIONS))), np.zeros((count, len(STATIONS)))
        if present.any():
            some = {name: np.broadcast_to(column, count)[present] for name, column in learnt.items()}
            reach = outer_reach(radii[present], values["z"][present])
            beside = front_features(some, self.inputs, reach[:, 0])
            change, spread = self.front.predict(beside) if with_error else (self.front.mean(beside), 0.0)
            gap = values["gap"][present][:, None]
            rim[present] = gap - np.minimum(np.minimum(reach, gap) + change, gap)
            front_variance[present] = spread
        axis = np.column_stack([values["gap"] + values["vessel_radius"], values["z"]])
        return Zones(
            shapes, radii, rim, axis, values["vessel_radius"], variance, front_variance if with_error else None
        )

    def margins(self, values: Mapping[str, np.ndarray], *, with_error: bool = True) -> Margins:
        """Minimal margins of the ball-shaped targets of ``values``, as ``zones``."""
        zones = self.zones(values, with_error=with_error)
        centre = np.column_stack([values["x"], np.abs(values["y"]), values["z"]])
        radius = values["target_radius"]
        outer, foot = ball_margin(zones.shapes, zones.radii, centre, radius)
        thickness, weights = rim_at(zones.rim, centre[:, 1])
        tube = tube_distance(centre, zones.axis, zones.vessel_radius, thickness) - radius
        tube = np.where(zones.vessel_radius > 0, tube, np.inf)
        at_vessel = tube < outer
        mean = np.where(at_vessel, tube, outer)
        if not with_error:
            return Margins(mean, np.zeros_like(mean), at_vessel)
        assert zones.shape_variance is not None and zones.front_variance is not None
        # Where the nearest point is, the margin moves with the surface: first order in the scores.
        local = self.basis.reshape(-1, len(POLAR), 4)[:, foot.polar]
        slopes = np.einsum("kns,ns->nk", local, foot.slopes)
        of_outer = (slopes**2 * zones.shape_variance).sum(axis=1)
        of_front = (weights**2 * zones.front_variance).sum(axis=1)
        variance = np.where(at_vessel, of_front + self.rest_sd_at_vessel**2, of_outer + self.rest_sd**2)
        return Margins(mean, self.inflation * np.sqrt(variance), at_vessel)

    def _within(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        inside = dict(values)
        for name, (low, high) in self.limits.items():
            inside[name] = np.clip(values[name], low, high)
        if "vessel_radius" in self.limits:
            inside["vessel_radius"] = np.where(values["vessel_radius"] > 0, inside["vessel_radius"], 0.0)
        return inside

    def without(self, outer_rows: np.ndarray, front_rows: np.ndarray) -> Emulator:
        """The same, trained without some rows of its two training sets."""
        return replace(self, outer=self.outer.without(outer_rows), front=self.front.without(front_rows))


def ball_margin(
    shapes: np.ndarray, radii: np.ndarray, centre: np.ndarray, radius: np.ndarray
) -> tuple[np.ndarray, Foot]:
    """Minimal margins (n,) of balls in the star-shaped zones ``shapes`` (n, 24, 4) with ``radii`` (n, 24, 32), and
    where.

    Where the surface nearest to the centre is nearer than the ball's radius it counts from the ball's surface: in the
    narrow dip along a cooled shaft living tissue is never far from dead tissue, however far the ball reaches into it.
    Returns the margins and ``pennes.risk.zone.Foot`` of the centres.
    """
    amplitudes = np.exp(shapes[:, :, 0])
    foot = outer_distance(radii, amplitudes, centre)
    margin = foot.distance - radius
    dip = np.flatnonzero((margin < 0) & (foot.polar >= len(POLAR) - SHAFT_ROWS))
    if len(dip):
        side = outer_distance(radii[dip], amplitudes[dip], centre[dip], rows=len(POLAR) - SHAFT_ROWS)
        # The ball's surface on the needle's axis, behind the centre.
        across = np.hypot(centre[dip, 0], centre[dip, 1])
        back = np.sqrt(np.maximum(radius[dip] ** 2 - across**2, 0.0))
        deepest = (centre[dip, 2] - back)[:, None] * np.array([0.0, 0.0, 1.0])
        inside = outer_distance(radii[dip], amplitudes[dip], deepest).distance
        margin[dip] = np.minimum(side.distance - radius[dip], np.maximum(inside, margin[dip]))
    return margin, foot
