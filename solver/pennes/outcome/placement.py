"""Where needles come to lie: errors of placement, and an operator who treats again until what he sees is adequate.

Lengths in mm, in the tumour's frame: origin at its centre, z along the needle, x towards the vessel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.outcome.observation import Reader
from pennes.outcome.overlap import plan
from pennes.outcome.surface import Array, Tumours
from pennes.outcome.union import Union
from pennes.outcome.zones import ZoneSampler

RAYLEIGH = np.sqrt(np.pi / 2.0)
"""Mean of a Rayleigh distribution of scale 1."""


@dataclass(frozen=True)
class Guidance:
    """How needles are led."""

    lateral: float
    """Mean distance of the needle from where it should be, across it, mm (Rayleigh)."""
    axial: float
    """Standard deviation along the needle, mm."""
    tolerated: float | None = None
    """A needle seen further off than this, mm, is placed again; None: it stays."""
    attempts: int = 8
    """Placements of one needle at most (Heerink 2019: up to seven repositionings)."""

    def errors(self, count: int, rng: np.random.Generator) -> Array:
        """Errors (count, 3) of needles that were left where they lie; the best of ``attempts`` where none was good."""
        best = self._placed(count, rng)
        if self.tolerated is None:
            return best
        for _ in range(self.attempts - 1):
            again = self._placed(count, rng)
            distance, other = np.hypot(*best[:, :2].T), np.hypot(*again[:, :2].T)
            better = (distance > self.tolerated) & (other < distance)
            best = np.where(better[:, None], again, best)
        return best

    def _placed(self, count: int, rng: np.random.Generator) -> Array:
        lateral = rng.normal(size=(count, 2)) * (self.lateral / RAYLEIGH)
        return np.column_stack([lateral, rng.normal(size=count) * self.axial])


@dataclass(frozen=True)
class Policy:
    """When an operator treats again."""

    wanted: float
    """Smallest margin, mm, that has to be seen everywhere."""
    applications: int
    """At most."""
    reader: Reader
    """How he sees it, during the intervention."""
    planned: bool = True
    """Whether overlapping applications are planned ahead where one would not do."""


@dataclass(frozen=True)
class Treatment:
    """What was done to tumours and what it left."""

    margins: Array
    """(n, points) mm, true; those of the union of all applications."""
    applications: Array
    """(n,) how many each tumour had."""
    adequate: Array
    """(n,) whether the operator saw what he wanted at the end."""


def treat(
    tumours: Tumours,
    zones: ZoneSampler,
    guidance: Guidance,
    policy: Policy,
    directions: Array,
    rng: np.random.Generator,
) -> Treatment:
    """Treat each tumour as planned (``pennes.outcome.overlap``), then again towards the place where too little is seen.

    A further application is aimed so far off the middle that a zone of the width counted on would just cover that place
    with the margin wanted. All random numbers are drawn for all tumours in every round, so that another policy meets
    the same patients.
    """
    count = len(tumours)
    tissue = np.clip(rng.random((count, zones.dimensions)), 1e-9, 1.0 - 1e-9)
    counted_on = zones.counted_on(tumours)
    places, planned = plan(tumours.radius + policy.wanted, counted_on, policy.applications if policy.planned else 1)
    union = Union(tumours.radius[:, None, None] * directions)
    margins = np.full((count, len(directions)), -np.inf)
    applications, adequate = np.zeros(count, dtype=int), np.zeros(count, dtype=bool)
    aim = np.zeros((count, 3))
    for number in range(policy.applications):
        error = guidance.errors(count, rng)
        (open_,) = np.nonzero(~adequate)
        if len(open_):
            by_plan = (number < planned)[:, None]
            needles = np.where(by_plan, places[:, min(number, places.shape[1] - 1)], aim) + error
            union.add(open_, zones.zones(tumours.part(open_), needles[open_], tissue[open_]))
            applications[open_] += 1
            (done,) = np.nonzero(~adequate & (number + 1 >= planned))
            margins[done] = union.depth(done)
        seen = policy.reader.observe(margins, tumours.radius, directions, rng)
        adequate |= policy.reader.smallest(seen, directions, rng) >= policy.wanted
        worst = directions[np.argmin(seen, axis=1)]
        step = np.clip(tumours.radius + policy.wanted - counted_on, 0.0, tumours.radius)
        aim = worst * step[:, None]
    return Treatment(margins, applications, adequate)
