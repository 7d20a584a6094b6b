"""Virtual patients of a series: steps 1 to 5 of the chain, which know nothing of recurrence.

1 sizes, vessels, RAS; 2 device; 3 zone; 4 placement and repetition; 5 what is read of the margins. Patients, needles
and readings have streams of random numbers of their own, so that a change in one leaves the others as they were.
Lengths in mm, times in months.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from pennes.outcome.description import SeriesDescription, SizeDescription
from pennes.outcome.observation import DURING_3D, WEEKS_2D
from pennes.outcome.placement import treat
from pennes.outcome.surface import Array, Tumours, directions
from pennes.outcome.zones import ZoneSampler

POINTS = 120
"""Points on a tumour's surface: shares of its surface to about 1 %."""
PERIVASCULAR = 5.0
"""mm: a large vessel nearer than this makes a tumour perivascular (Huang 2014)."""
FARTHEST = 30.0
"""mm; the others' vessels lie between this and ``PERIVASCULAR``."""
VESSEL_RADII = (1.5, 5.0)
"""mm; large vessels, uniform: 3 to 10 mm wide."""


@dataclass(frozen=True)
class VirtualSeries:
    """What became of the virtual patients of one series."""

    name: str
    tumours: Tumours
    margins: Array
    """(n, points) mm, true."""
    areas: Array
    """(n, points) mm2."""
    applications: Array
    read_2d: Array
    """(n,) mm: smallest margin in slices after weeks, not rounded; negative where tumour is seen uncovered."""
    read_3d: Array
    """(n,) mm: smallest margin on the whole surface during the intervention."""
    follow_up: Array
    """(n,) months."""

    def digest(self) -> str:
        """SHA-256 over the patients: two runs with the same steps 1 to 5 have the same."""
        total = hashlib.sha256()
        for field in (self.tumours.radius, self.margins, self.read_2d, self.read_3d, self.follow_up):
            total.update(np.ascontiguousarray(np.round(field, 6)).tobytes())
        return total.hexdigest()

    def part(self, chosen: np.ndarray) -> VirtualSeries:
        """The patients of the mask or at the numbers ``chosen``."""
        kept = (self.margins, self.areas, self.applications, self.read_2d, self.read_3d, self.follow_up)
        return VirtualSeries(self.name, self.tumours.part(chosen), *(values[chosen] for values in kept))


def simulate(
    series: SeriesDescription,
    count: int,
    seed: int,
    zones: ZoneSampler | None = None,
    points: int = POINTS,
) -> VirtualSeries:
    """``count`` virtual patients of ``series``, the same for the same seed. Without ``zones`` the described ellipsoid.

    Where only tumours seen to be covered were counted, others are drawn until there are enough of these.
    """
    done, missing, kept = [], count, 0
    for attempt in range(40):
        found = _draw(series, count, (seed, attempt), series.zone_of() if zones is None else zones, points)
        if series.covered_only:
            found = found.part(_seen_covered(series, found))
        done.append(found)
        kept += len(found.tumours)
        missing = count - kept
        if missing <= 0:
            break
    if missing > 0:
        raise ValueError(f"{series.name}: of {40 * count} virtual tumours only {kept} are seen to be covered")
    return _joined(done).part(np.arange(count))


def _seen_covered(series: SeriesDescription, found: VirtualSeries) -> np.ndarray:
    return (found.read_2d if series.margin == "2D" else found.read_3d) >= -0.5


def _joined(pieces: list[VirtualSeries]) -> VirtualSeries:
    def all_of(pick: Callable[[VirtualSeries], Array]) -> Array:
        return np.concatenate([pick(piece) for piece in pieces])

    tumours = Tumours(
        all_of(lambda s: s.tumours.radius),
        all_of(lambda s: s.tumours.vessel_radius),
        all_of(lambda s: s.tumours.vessel_gap),
        all_of(lambda s: s.tumours.mutant),
    )
    names = ("margins", "areas", "applications", "read_2d", "read_3d", "follow_up")
    return VirtualSeries(pieces[0].name, tumours, *(all_of(lambda s, name=name: getattr(s, name)) for name in names))


def _draw(
    series: SeriesDescription, count: int, seed: tuple[int, int], zones: ZoneSampler, points: int
) -> VirtualSeries:
    names = np.frombuffer(hashlib.sha256(series.name.encode()).digest()[:4], dtype=np.uint32)
    streams = np.random.SeedSequence([*seed, int(names[0])]).spawn(6)
    patients, needles, weeks, during, times, slices = (np.random.default_rng(stream) for stream in streams)
    around = directions(points)
    tumours = draw_tumours(series, count, patients)
    treated = treat(tumours, zones, series.guidance_of(), series.policy_of(), around, needles)
    seen_2d = WEEKS_2D.observe(treated.margins, tumours.radius, around, weeks)
    seen_3d = DURING_3D.observe(treated.margins, tumours.radius, around, during)
    ratio = np.log1p((series.follow_up.deviation / series.follow_up.mean) ** 2)
    follow_up = series.follow_up.mean * np.exp(np.sqrt(ratio) * times.normal(size=count) - ratio / 2.0)
    return VirtualSeries(
        name=series.name,
        tumours=tumours,
        margins=treated.margins,
        areas=tumours.areas(points),
        applications=treated.applications,
        read_2d=WEEKS_2D.smallest(seen_2d, around, slices),
        read_3d=DURING_3D.smallest(seen_3d, around, slices),
        follow_up=follow_up,
    )


def draw_tumours(series: SeriesDescription, count: int, rng: np.random.Generator) -> Tumours:
    """Sizes, vessels and RAS status of ``count`` tumours."""
    size = size_distribution(series.size, series.tumours)
    near = rng.random(count) < series.perivascular
    where = rng.random(count)
    return Tumours(
        radius=np.asarray(size.ppf(rng.random(count))) / 2.0,
        vessel_radius=rng.uniform(*VESSEL_RADII, size=count),
        vessel_gap=np.where(near, where * PERIVASCULAR, PERIVASCULAR + where * (FARTHEST - PERIVASCULAR)),
        mutant=rng.random(count) < series.ras_mutant,
    )


class TruncatedLogNormal:
    """A log-normal distribution between two limits."""

    def __init__(self, mu: float, sigma: float, low: float, high: float):
        self.mu, self.sigma = mu, sigma
        ends = (np.log([low, high]) - mu) / sigma
        self._log = stats.truncnorm(*ends, loc=mu, scale=sigma)

    def ppf(self, share: Array) -> Array:
        """Quantiles of the shape of ``share``."""
        return np.exp(self._log.ppf(share))

    def mean(self) -> float:
        return float(self._log.expect(np.exp))


def size_distribution(size: SizeDescription, tumours: int | None) -> TruncatedLogNormal:
    """The log-normal truncated to the range whose mean is the published one.

    Its width before truncation is that at which the range is the expected one of so many tumours (100 where the number
    is not published): low and high at the shares 1 / 2n and 1 - 1 / 2n. Raises ValueError where there is no such mean.
    """
    reach = stats.norm.ppf(1.0 - 0.5 / (tumours or 100))
    sigma = np.log(size.high / size.low) / (2.0 * reach)

    def missed(mu: float) -> float:
        return TruncatedLogNormal(mu, sigma, size.low, size.high).mean() - size.mean

    low, high = np.log([size.low, size.high])
    mu = optimize.brentq(missed, low - 2.0 * sigma, high + 2.0 * sigma)
    return TruncatedLogNormal(mu, sigma, size.low, size.high)
