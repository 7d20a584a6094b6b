"""Models of progression to be fitted to the same strata: the two-length hazard, and what it has to beat.

Each gives the probability of every stratum for given parameters and effects of the centre. Parameters are kept as
``standard`` numbers: (value - prior mean) / prior deviation.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import expit, logit

from pennes.outcome.cohort import VirtualSeries
from pennes.outcome.description import SeriesDescription
from pennes.outcome.hazard import PARAMETERS, Hazard, Onset, log_surface_integral, progression
from pennes.outcome.published import Stratum
from pennes.outcome.surface import Array

FEWEST = 5
"""Virtual patients without which a stratum has no probability."""
LENGTHS = np.geomspace(0.4, 60.0, 48)
"""mm: lengths at which surface integrals are kept, to be interpolated between."""


@dataclass(frozen=True)
class Prior:
    """Independent normal priors of the parameters (which are logarithms where the field's quantity is positive)."""

    names: tuple[str, ...]
    means: Array
    deviations: Array

    def log_density(self, values: Array) -> float:
        """Without its constant."""
        return float(-0.5 * np.sum(((values - self.means) / self.deviations) ** 2))


class Group:
    """The virtual patients of one stratum: surface integrals by length, share seen by the end, RAS, size."""

    def __init__(self, stratum: Stratum, patients: VirtualSeries, series: SeriesDescription, onset: Onset):
        self.stratum = stratum
        mask = stratum.members(patients, series)
        if mask.sum() < FEWEST:
            raise ValueError(f"{stratum.name}: only {mask.sum()} of {len(mask)} virtual patients are in it")
        part = patients.part(mask)
        self.log_integral = integral_table(part.margins, part.areas)
        months = part.follow_up if stratum.horizon is None else np.full(mask.sum(), stratum.horizon)
        self.seen = onset.seen_by(months)
        self.mutant = (
            part.tumours.mutant.astype(float) if stratum.mutant is None else np.full(mask.sum(), float(stratum.mutant))
        )
        self.diameter = 2.0 * part.tumours.radius

    def with_row(self, stratum: Stratum) -> Group:
        """The same virtual patients with another published row of the same limits."""
        other = copy.copy(self)
        other.stratum = stratum
        return other


def integral_table(margins: Array, areas: Array) -> CubicSpline:
    """log of the surface integrals (n,) as a function of log length, within ``LENGTHS``."""
    table = np.array([log_surface_integral(margins, areas, length) for length in LENGTHS])
    return CubicSpline(np.log(LENGTHS), table, axis=0)


class Model(Protocol):
    """What a fit needs."""

    name: str
    prior: Prior
    """The last parameter is the logarithm of tau, the scatter between centres."""

    def probability(self, group: Group, values: Array, centre: Array) -> Array:
        """P (k,) of a stratum for the parameters ``values`` and the effects ``centre`` (k,) of the centre."""

    def log_extra(self, groups: Sequence[Group], values: Array) -> float:
        """Logarithm of what else is known, beside prior and strata."""


LOG_TAU = (np.log(0.45), 0.35)
"""Scatter between centres 0.3 to 0.6 (clinical note), on the log of the hazard or of the odds."""


class TwoLengths:
    """The hazard of ``pennes.outcome.hazard`` on the virtual patients' margins."""

    prior = Prior(
        PARAMETERS,
        np.array([np.log(1e-3), np.log(7e-5), np.log(1.7), np.log(7.5), np.log(2.7), LOG_TAU[0]]),
        np.array([1.0, 1.0, 0.2, 0.3, 0.15, LOG_TAU[1]]),
    )
    """Densities (mm^-2): a sixth of 20 mm tumours with 4 mm of margin progress, within a factor of e. Lengths (mm):
    contiguous 1.6 to 2.0, satellites 7.5. RAS: hazard ratio 2.4 to 3.0."""
    contiguous = (logit(0.7), 0.4)
    """Share of progressions that are contiguous: 70 % (Berber 2008), on the logit scale."""

    def __init__(self, name: str = "two-length hazard"):
        self.name = name

    @staticmethod
    def hazard(values: Array) -> Hazard:
        return Hazard.of_parameters(values)

    def log_parts(self, group: Group, values: Array) -> Array:
        """Logarithms (2, n) of both parts of the burden, without the centre."""
        low, high = np.log(LENGTHS[[0, -1]])
        parts = [group.log_integral(np.clip(length, low, high)) for length in values[2:4]]
        return np.array(parts) + values[:2, None] + values[4] * group.mutant

    def probability(self, group: Group, values: Array, centre: Array) -> Array:
        burden = np.logaddexp(*self.log_parts(group, values))
        return progression(burden[:, None] + centre, group.seen[:, None]).mean(axis=0)

    def contiguous_share(self, groups: Sequence[Group], values: Array) -> float:
        """Share of the first part in all progressions, over the virtual patients of ``groups``."""
        shares, weights = [], []
        for group in groups:
            near, far = self.log_parts(group, values)
            shares.append(expit(near - far))
            weights.append(progression(np.logaddexp(near, far), group.seen) / len(near))
        return float(np.average(np.concatenate(shares), weights=np.concatenate(weights)))

    def log_extra(self, groups: Sequence[Group], values: Array) -> float:
        mean, deviation = self.contiguous
        share = np.clip(self.contiguous_share(groups, values), 1e-12, 1.0 - 1e-12)
        return float(-0.5 * ((logit(share) - mean) / deviation) ** 2)


class PooledConstant:
    """One probability for all tumours of all series."""

    name = "pooled constant"
    prior = Prior(("logit", "log tau"), np.array([logit(0.25), LOG_TAU[0]]), np.array([1.5, LOG_TAU[1]]))

    def probability(self, group: Group, values: Array, centre: Array) -> Array:
        return expit(values[0] + centre)

    def log_extra(self, groups: Sequence[Group], values: Array) -> float:
        return 0.0


class SizeLogistic:
    """Log odds linear in the diameter, per 10 mm from 20 mm on."""

    name = "size-only logistic"
    prior = Prior(
        ("logit at 20 mm", "slope per 10 mm", "log tau"),
        np.array([logit(0.25), 0.5, LOG_TAU[0]]),
        np.array([1.5, 1.0, LOG_TAU[1]]),
    )

    def probability(self, group: Group, values: Array, centre: Array) -> Array:
        odds = values[0] + values[1] * (group.diameter - 20.0) / 10.0
        return expit(odds[:, None] + centre).mean(axis=0)

    def log_extra(self, groups: Sequence[Group], values: Array) -> float:
        return 0.0
