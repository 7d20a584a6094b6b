"""Contraction of heated tissue: how much shorter every length of it becomes, by temperature, time and drying.

The strain s (the share by which lengths shrink, the same in all directions) goes towards a final value that depends on
temperature and never back:

    ds/dt = max(s_final(T, dryness) - s, 0) / time constant

A record holds strains measured after some time at constant temperatures; ``s_final`` is what reaches them then.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pennes.library.records import Contraction


def final_strain(record: Contraction, temperature: ArrayLike, dryness: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Strain after a long time at ``temperature`` (C) with ``dryness`` (share of the water that has vaporised).

    Linear between the record's temperatures, 0 below the first, constant above the last; drying goes linearly from
    there to the record's strain of dry tissue. Arguments broadcast.
    """
    reached = 1.0 - math.exp(-record.duration / record.time_constant)
    wet = np.interp(np.asarray(temperature, dtype=np.float64), record.temperatures, record.strains) / reached
    dryness = np.asarray(dryness, dtype=np.float64)
    return wet + dryness * np.maximum(record.dry_strain - wet, 0.0)


def advance_strain(
    record: Contraction,
    strain: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    dryness: NDArray[np.float64],
    dt: float,
) -> NDArray[np.float64]:
    """Strain (n,) after ``dt`` seconds in which the temperature goes from ``start`` to ``end`` (n,), C.

    Exact at constant temperature; otherwise the final strain is the mean of those at both ends. ``dryness`` (n,) is
    that of the end.
    """
    hot = np.maximum(start, end) > record.temperatures[0]
    if not hot.any():
        return strain
    final = 0.5 * (final_strain(record, start[hot], dryness[hot]) + final_strain(record, end[hot], dryness[hot]))
    result = strain.copy()
    result[hot] += np.maximum(final - strain[hot], 0.0) * -math.expm1(-dt / record.time_constant)
    return result
