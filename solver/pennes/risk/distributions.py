"""Tables of quantiles of the records' distributions, made when an atlas is built: a query needs no SciPy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

SHARES = np.linspace(0.0, 1.0, 257)
"""Probabilities of a table's entries."""
CUT = 3.0
"""Standard deviations at which normal and lognormal distributions end."""
SPEED = {"kind": "lognormal", "sd": 0.3, "low": 0.4, "high": 2.5}
"""Of the blood's speed: an assumption, no record carries one."""
CELL_DEATH = {"kind": "lognormal", "sd": 0.5, "low": 0.2, "high": 5.0}
"""Of the threshold of the damage integral: an assumption. Between 1 (63 % dead) and 4.6 (99 %) authors differ."""


def quantiles(distribution: Mapping[str, Any] | None) -> np.ndarray:
    """Factors at ``SHARES`` of a record's ``distribution`` (``pennes.library.records.Distribution``: kind, low, high,
    sd); all 1 where there is none."""
    from scipy.stats import triang, truncnorm

    if distribution is None:
        return np.ones_like(SHARES)
    kind, low, high = distribution["kind"], distribution.get("low", 0.0), distribution.get("high", 10.0)
    if kind == "uniform":
        return low + SHARES * (high - low)
    if kind == "triangular":
        return triang.ppf(SHARES, (min(max(1.0, low), high) - low) / (high - low), loc=low, scale=high - low)
    sd = distribution["sd"]
    if kind == "normal":
        return truncnorm.ppf(SHARES, max((low - 1) / sd, -CUT), min((high - 1) / sd, CUT), loc=1.0, scale=sd)
    lowest = max(math.log(low) / sd, -CUT) if low > 0 else -CUT
    return np.exp(truncnorm.ppf(SHARES, lowest, min(math.log(high) / sd, CUT), scale=sd))


def standard_normal() -> np.ndarray:
    """Quantiles at ``SHARES``, cut at ``CUT``."""
    from scipy.stats import truncnorm

    return truncnorm.ppf(SHARES, -CUT, CUT)
