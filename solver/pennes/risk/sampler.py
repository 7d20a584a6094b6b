"""Simulated zones for the chain from tumours to recurrence: the atlas as a ``pennes.outcome.zones.ZoneSampler``.

What lies outside of what was simulated is handled so, and counted by ``outside``:

- A tumour larger or smaller than those of the atlas, or farther from the needle, shapes the zone as the largest,
  smallest, farthest one does; where it lies and how large it is stays as it is.
- A vessel farther from the needle than any that was simulated does nothing to the zone.
- A needle nearer to a vessel than any that was simulated has the zone of the nearest such; the vessel stays in place.
- A device larger than the atlas' own is a zone scaled in all directions, and what a vessel keeps alive scales with it.
- What one application has warmed is not known to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from pennes.outcome.description import SeriesDescription
from pennes.outcome.surface import Array, Tumours
from pennes.outcome.union import Front, nearest
from pennes.outcome.zones import ALONG, joined, tube_front
from pennes.risk.atlas import Atlas
from pennes.risk.directions import AZIMUTH, POLAR, VECTORS, radii_of
from pennes.risk.distributions import SHARES
from pennes.risk.emulator import Zones
from pennes.risk.query import FAR
from pennes.risk.zone import DISC, rim_at, tube_distance

TYPICAL = 10.0
"""mm, radius of the tumour at which a device's width is told."""
EVERY = 2
"""Of the directions' azimuths, how many are kept for the front of a union: one in two."""


@dataclass(frozen=True)
class Electrode:
    """A device that an operator may take."""

    counted_on: float
    """mm: the width of its zone by which he plans."""
    width: float | None = None
    """mm: median width of its zone in the liver; None: that of the atlas."""


@dataclass(frozen=True)
class SimulatedZone:
    """Zones of an atlas, with the tissue's uncertainty and the emulator's.

    The emulator's error has the spatial correlation of its components, each with the variance of its own; the rest
    (roughness, truncation) is a shift common to the whole surface, which is not known better. Both are the same in all
    applications to one tumour.
    """

    atlas: Atlas
    electrodes: Sequence[Electrode]
    """Rising in width."""
    wanted: float
    """mm of margin: the narrowest electrode is taken that would give it in one application, else the widest."""
    duration: float | None = None
    """s; None: the atlas' own protocol."""
    power: float | None = None
    """W"""
    error: bool = True
    """Whether the emulator's error is drawn."""

    @property
    def dimensions(self) -> int:
        """The inputs, the components of the shape, the front at the vessel, the rest."""
        return len(self.atlas.inputs) + len(self.atlas.emulator.basis) + 2

    def taken(self, tumours: Tumours) -> NDArray[np.intp]:
        """Number (n,) of the electrode that is taken for each tumour."""
        reach = np.array([0.5 * one.counted_on for one in self.electrodes])
        needed = tumours.radius + self.wanted
        return np.minimum((reach < needed[:, None]).sum(axis=1), len(reach) - 1)

    def counted_on(self, tumours: Tumours) -> Array:
        return 0.5 * np.array([one.counted_on for one in self.electrodes])[self.taken(tumours)]

    @cached_property
    def width(self) -> float:
        """mm, of the atlas' own zone where all tissue is as its median, without a vessel, about the needle's middle."""
        values = self._protocol(1) | {given.name: np.ones(1) for given in self.atlas.inputs}
        values |= {name: np.zeros(1) for name in ("x", "y", "z", "vessel_radius")}
        values |= {"target_radius": np.full(1, TYPICAL), "gap": np.full(1, FAR)}
        radii = self.atlas.emulator.zones(values, with_error=False).radii[0]
        return float(2.0 * (radii.mean(axis=1) * np.sin(POLAR)).max())

    @cached_property
    def _scales(self) -> Array:
        return np.array([1.0 if one.width is None else one.width / self.width for one in self.electrodes])

    @cached_property
    def _farthest(self) -> float:
        gaps = self.atlas.runs["gap"][self.atlas.runs["vessel_radius"] > 0]
        return float(gaps.max())

    def _protocol(self, count: int) -> dict[str, Array]:
        header = self.atlas.header
        duration = header["duration_s"] if self.duration is None else self.duration
        power = header["power_w"] if self.power is None else self.power
        return {"duration": np.full(count, float(duration)), "power": np.full(count, float(power))}

    def _values(self, tumours: Tumours, needles: Array, draws: Array, scale: Array) -> dict[str, Array]:
        """What the emulator asks for, of a zone ``scale`` (n,) times as large, in its own size."""
        values = {
            given.name: np.clip(
                np.interp(draws[:, number], SHARES, self.atlas.quantiles[number]), given.low, given.high
            )
            for number, given in enumerate(self.atlas.inputs)
        }
        gap = (tumours.radius + tumours.vessel_gap - needles[:, 0]) / scale
        seen = (tumours.vessel_radius > 0.0) & (gap <= self._farthest)
        nearest_gap = self.atlas.emulator.limits["gap"][0]
        x, y, z = -needles.T / scale
        return (
            values
            | self._protocol(len(tumours))
            | {
                "target_radius": tumours.radius / scale,
                "vessel_radius": np.where(seen, tumours.vessel_radius, 0.0),
                "gap": np.where(seen, np.maximum(gap, nearest_gap), FAR),
                # As the runs without a vessel: x is the side on which the target lies.
                "x": np.where(seen, x, np.hypot(x, y)),
                "y": np.where(seen, np.abs(y), 0.0),
                "z": z,
            }
        )

    def zones(self, tumours: Tumours, needles: Array, draws: Array) -> SimulatedZones:
        """See ``pennes.outcome.zones.ZoneSampler``."""
        scale = self._scales[self.taken(tumours)]
        values = self._values(tumours, needles, draws, scale)
        found = self.atlas.emulator.zones(values, with_error=self.error)
        found = self._with_error(found, draws) if self.error else found
        gap = tumours.radius + tumours.vessel_gap - needles[:, 0]
        axis = np.column_stack([gap + tumours.vessel_radius, -needles[:, 2]])
        whole = replace(found, radii=found.radii * scale[:, None, None], rim=found.rim * scale[:, None], axis=axis)
        return SimulatedZones(whole, needles, _frames(values["vessel_radius"] > 0.0, needles))

    def _with_error(self, zones: Zones, draws: Array) -> Zones:
        emulator, first = self.atlas.emulator, len(self.atlas.inputs)
        assert zones.shape_variance is not None and zones.front_variance is not None
        normal = emulator.inflation * ndtri(draws[:, first:])
        scores = normal[:, :-2] * np.sqrt(zones.shape_variance)
        shapes = zones.shapes + (scores @ emulator.basis).reshape(zones.shapes.shape)
        rest = emulator.rest_sd * normal[:, -1, None, None]
        radii = np.maximum(radii_of(shapes) + rest, 1.0)
        at_vessel = np.sqrt(zones.front_variance + emulator.rest_sd_at_vessel**2)
        rim = np.maximum(zones.rim + normal[:, -2, None] * at_vessel, 0.0)
        return replace(zones, shapes=shapes, radii=radii, rim=np.where(zones.vessel_radius[:, None] > 0, rim, 0.0))

    def outside(self, tumours: Tumours, needles: Array) -> Mapping[str, float]:
        """Shares of applications that lie outside of what was simulated, by what."""
        scale, limits = self._scales[self.taken(tumours)], self.atlas.emulator.limits
        gap = (tumours.radius + tumours.vessel_gap - needles[:, 0]) / scale
        vessel = tumours.vessel_radius > 0.0
        low, high = limits["target_radius"]
        aside = np.hypot(needles[:, 0], needles[:, 1]) / scale
        return {
            "tumour larger": float(np.mean(tumours.radius / scale > high)),
            "tumour smaller": float(np.mean(tumours.radius / scale < low)),
            "vessel farther": float(np.mean(vessel & (gap > self._farthest))),
            "vessel nearer": float(np.mean(vessel & (gap < limits["gap"][0]))),
            "needle farther from the middle": float(
                np.mean((aside > limits["x"][1]) | (np.abs(needles[:, 2]) / scale > limits["z"][1]))
            ),
        }


@cache
def _atlas(name: str) -> Atlas:
    return Atlas.load(name)


def simulated_zone(series: SeriesDescription) -> SimulatedZone:
    """The simulated zones of a described series. Raises InputError where there is no such atlas."""
    given = series.simulated
    electrodes = tuple(Electrode(one.counted_on, one.width) for one in given.electrodes)
    return SimulatedZone(_atlas(given.atlas), electrodes, series.policy.wanted)


def _frames(vessel: NDArray[np.bool_], needles: Array) -> Array:
    """Rows (n, 3, 3) are the axes of each needle's frame in the tumour's: beside a vessel y is turned to the target's
    side, without one x is."""
    frames = np.zeros((len(needles), 3, 3))
    frames[:, 2, 2] = 1.0
    frames[:, 0, 0], frames[:, 1, 1] = 1.0, np.where(needles[:, 1] > 0.0, -1.0, 1.0)
    away = np.hypot(needles[:, 0], needles[:, 1])
    turned = ~vessel & (away > 1e-9)
    x, y = (-needles[turned, :2] / away[turned, None]).T
    frames[turned, :2, :2] = np.stack([np.stack([x, y], -1), np.stack([-y, x], -1)], axis=1)
    return frames


@dataclass(frozen=True)
class SimulatedZones:
    """See ``pennes.outcome.union.Zones``."""

    found: Zones
    needles: Array
    frames: Array

    def _seen(self, points: Array, rows: NDArray[np.intp] | slice) -> Array:
        """``points`` (m, p, 3) of the tumours' frames in the needles'."""
        return (points - self.needles[rows, None]) @ self.frames[rows].transpose(0, 2, 1)

    def _outer(self, every: int) -> Front:
        """The star-shaped surfaces as discs in the needles' frames; one azimuth of ``every``."""
        radii = np.asarray(self.found.radii, dtype=float)
        step = POLAR[1] - POLAR[0]
        last, opposite = len(POLAR) - 1, np.roll(radii, len(AZIMUTH) // 2, axis=2)
        # Beyond either end of the polar angles comes the same angle on the opposite side.
        above = np.concatenate([radii[:, 1:], opposite[:, last:]], axis=1)
        below = np.concatenate([opposite[:, :1], radii[:, :-1]], axis=1)
        by_polar = (above - below) / (2.0 * step)
        by_azimuth = (np.roll(radii, -1, axis=2) - np.roll(radii, 1, axis=2)) / (2.0 * AZIMUTH[1])
        polar, turn = POLAR[:, None], AZIMUTH[None, :]
        to_polar = np.stack(
            [np.cos(polar) * np.cos(turn), np.cos(polar) * np.sin(turn), -np.sin(polar) * np.ones_like(turn)], axis=-1
        )
        to_azimuth = np.stack([-np.sin(turn) + 0 * polar, np.cos(turn) + 0 * polar, 0 * polar * turn], axis=-1)
        normals = radii[..., None] * VECTORS - by_polar[..., None] * to_polar
        normals -= (by_azimuth / np.sin(polar))[..., None] * to_azimuth
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        points = radii[..., None] * VECTORS
        count, kept = len(radii), (slice(None), slice(None), slice(None, None, every))
        discs = np.sqrt(every) * DISC * radii[kept].reshape(count, -1)
        flat = points[kept].reshape(count, -1, 3)
        return Front(flat, normals[kept].reshape(count, -1, 3), discs, np.ones(discs.shape, dtype=bool))

    def depth(self, points: Array) -> Array:
        seen = self._seen(points, slice(None))
        outer = self._outer(1)
        return np.minimum(nearest(seen, outer, outer.real), self._tube(seen, np.arange(len(seen))))

    def _tube(self, seen: Array, rows: NDArray[np.intp]) -> Array:
        """Signed distances (m, p) from the living tissue around the vessels."""
        flat, numbers = seen.reshape(-1, 3), np.repeat(rows, seen.shape[1])
        thickness, _ = rim_at(self.found.rim[numbers], flat[:, 1])
        distance = tube_distance(flat, self.found.axis[numbers], self.found.vessel_radius[numbers], thickness)
        return np.where(self.found.vessel_radius[numbers] > 0.0, distance, np.inf).reshape(seen.shape[:2])

    def holds(self, points: Array, rows: NDArray[np.intp], deeper: float) -> NDArray[np.bool_]:
        """Depth is along the ray from the needle's middle, which is enough for so small a one."""
        seen = self._seen(points, rows)
        distance = np.linalg.norm(seen, axis=-1)
        return (distance < self._radius(seen, distance, rows) - deeper) & (self._tube(seen, rows) > deeper)

    def _radius(self, seen: Array, distance: Array, rows: NDArray[np.intp]) -> Array:
        """Radii (m, p) of the star-shaped surfaces in the directions of ``seen``, linear between the fixed ones."""
        polar = np.arccos(np.clip(seen[..., 2] / np.maximum(distance, 1e-9), -1.0, 1.0))
        height = np.clip((polar - POLAR[0]) / (POLAR[1] - POLAR[0]), 0.0, len(POLAR) - 1.000001)
        turn = (np.arctan2(seen[..., 1], seen[..., 0]) % (2.0 * np.pi)) / AZIMUTH[1]
        up, round_ = height.astype(int), turn.astype(int) % len(AZIMUTH)
        a, b = height - up, turn - np.floor(turn)
        after, number = (round_ + 1) % len(AZIMUTH), rows[:, None]
        radii = self.found.radii
        lower = (1.0 - b) * radii[number, up, round_] + b * radii[number, up, after]
        upper = (1.0 - b) * radii[number, up + 1, round_] + b * radii[number, up + 1, after]
        return (1.0 - a) * lower + a * upper

    def front(self) -> Front:
        outer = self._outer(EVERY)
        vessel, rows = self.found.vessel_radius, np.arange(len(self.needles))
        along = np.broadcast_to(ALONG, (len(rows), len(ALONG)))
        thickness, _ = rim_at(np.repeat(self.found.rim, len(ALONG), axis=0), along.reshape(-1))
        alive = vessel[:, None] + np.maximum(thickness, 0.0).reshape(along.shape)
        tube, towards = tube_front(self.found.axis[:, 0], alive)
        tube[..., 2] += self.found.axis[:, 1, None]
        away = np.linalg.norm(tube, axis=-1)
        within = (away < self._radius(tube, away, rows)) & (vessel > 0.0)[:, None]
        front = joined(outer, tube, towards, within)
        back = front.points @ self.frames + self.needles[:, None]
        return Front(back, front.normals @ self.frames, front.radii, front.real)
