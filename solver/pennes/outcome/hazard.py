"""Local tumour progression from the signed margin map: a hazard with two lengths.

Cumulative hazard of one tumour, in the field's own units (mm, months):

    H(t) = F(t) u exp(b RAS) integral over the tumour's surface of [a1 exp(-m / l1) + a2 exp(-m / l2)] dS

m is the local signed margin (negative where tumour is left uncovered), l1 the length over which contiguous
microinvasion fades (pathology: 1.6 to 2.0 mm), l2 that of satellites (7.5 mm; Surg Today 1998), u what a centre does to
all its tumours, F the distribution of the time at which cells left behind are seen. P(progression by t) is
1 - exp(-H(t)): the promotion-time model, in which tumours without progression are cured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, ndtr, ndtri

Array = NDArray[np.float64]
PARAMETERS = ("log near", "log far", "log near length", "log far length", "mutant", "log tau")
"""Of a fit: logarithms of a1, a2 (mm^-2), l1, l2 (mm), the log hazard ratio of RAS mutants, and the logarithm of the
scatter between centres."""


@dataclass(frozen=True)
class Hazard:
    """Parameters of the hazard; the centre's factor is given where it is used."""

    near: float
    """a1, mm^-2: contiguous microinvasion."""
    far: float
    """a2, mm^-2: satellites."""
    near_length: float
    """l1, mm."""
    far_length: float
    """l2, mm."""
    mutant: float
    """b, log hazard ratio of RAS mutant over wild type."""

    def __post_init__(self) -> None:
        if min(self.near, self.far) < 0.0 or min(self.near_length, self.far_length) <= 0.0:
            raise ValueError(f"densities must not be negative and lengths must be positive, not {self}")

    @classmethod
    def of_parameters(cls, values: ArrayLike) -> Hazard:
        """From ``PARAMETERS``; the last is not used."""
        near, far, near_length, far_length, mutant = np.asarray(values, dtype=float)[:5]
        return cls(*np.exp([near, far, near_length, far_length]), float(mutant))

    def log_parts(self, margins: ArrayLike, areas: ArrayLike, mutant: ArrayLike) -> Array:
        """Logarithms (2, n) of the near and the far part of H at t = infinity, u = 1.

        ``margins`` (n, points) mm; ``areas`` (n, points) or (points,) mm2; ``mutant`` (n,) share of RAS mutants in
        [0, 1], 0 or 1 where the status is known.
        """
        with np.errstate(divide="ignore"):
            densities = np.log([self.near, self.far])
        lengths = (self.near_length, self.far_length)
        integrals = [log_surface_integral(margins, areas, length) for length in lengths]
        return densities[:, None] + np.array(integrals) + log_ras_factor(self.mutant, mutant)

    def log_burden(self, margins: ArrayLike, areas: ArrayLike, mutant: ArrayLike) -> Array:
        """Logarithm (n,) of H at t = infinity, u = 1; arguments as of ``log_parts``."""
        return np.logaddexp(*self.log_parts(margins, areas, mutant))


def log_surface_integral(margins: ArrayLike, areas: ArrayLike, length: float) -> Array:
    """log (n,) of the integral of exp(-m / length) dS in mm2, of ``margins`` (n, points) in mm and ``areas`` in mm2.

    Margins of +inf add nothing; a tumour with a margin of -inf (no zone at all) has +inf. Raises ValueError for NaN.
    """
    margins = np.asarray(margins, dtype=np.float64)
    if np.isnan(margins).any():
        raise ValueError("a margin is not a number")
    with np.errstate(divide="ignore"):
        return logsumexp(-margins / length + np.log(areas), axis=-1)


def log_ras_factor(log_ratio: ArrayLike, mutant: ArrayLike) -> Array:
    """log of the mean hazard factor where the share ``mutant`` has ``exp(log_ratio)`` and the others 1."""
    return np.log1p(np.asarray(mutant, dtype=np.float64) * np.expm1(log_ratio))


@dataclass(frozen=True)
class Onset:
    """F: the time in months from treatment to the progression that is seen, where there is one.

    ``mean`` and ``deviation`` in months are those of the stereotactic series (18.3 +- 11.9 months). Log-normal: cells
    left behind have to grow by some number of doublings before they are seen, and doubling times of metastases are
    log-normal; so next to nothing is seen in the first months. The gamma distribution of the same mean and deviation is
    kept for comparison.
    """

    mean: float = 18.3
    deviation: float = 11.9
    form: Literal["lognormal", "gamma"] = "lognormal"

    @property
    def _sigma(self) -> float:
        return float(np.sqrt(np.log1p((self.deviation / self.mean) ** 2)))

    @property
    def _median(self) -> float:
        return float(self.mean * np.exp(-0.5 * self._sigma**2))

    def _gamma(self):
        # Half a second to import, which a question to an atlas need not wait for.
        from scipy import stats

        ratio = (self.deviation / self.mean) ** 2
        return stats.gamma(1.0 / ratio, scale=self.mean * ratio)

    def seen_by(self, months: ArrayLike) -> Array:
        """F, of the shape of ``months``."""
        if self.form == "gamma":
            return self._gamma().cdf(months)
        with np.errstate(divide="ignore"):
            return ndtr(np.log(np.asarray(months, dtype=float) / self._median) / self._sigma)

    def months_at(self, share: ArrayLike) -> Array:
        """Months at which F is ``share``."""
        if self.form == "gamma":
            return self._gamma().ppf(share)
        return self._median * np.exp(self._sigma * ndtri(share))


def progression(log_burden: ArrayLike, seen: ArrayLike) -> Array:
    """P(progression) where H(infinity) is exp(``log_burden``) and F is ``seen``; arrays broadcast."""
    with np.errstate(over="ignore"):
        return -np.expm1(-np.asarray(seen) * np.exp(log_burden))


def times_to_progression(log_burden: ArrayLike, onset: Onset, rng: np.random.Generator) -> Array:
    """Random times (n,) in months from the hazard; inf where the tumour never progresses."""
    log_burden = np.asarray(log_burden, dtype=np.float64)
    with np.errstate(over="ignore"):
        share = rng.exponential(size=log_burden.shape) / np.exp(log_burden)
    return np.where(share < 1.0, onset.months_at(np.minimum(share, 1.0)), np.inf)
