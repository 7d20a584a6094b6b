"""Dielectric properties of tissue at microwave frequencies: how they fall as it heats and dries."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pennes.errors import InputError
from pennes.library.records import Dielectric, TissueRecord
from pennes.tissue.laws import law_factor

VACUUM_PERMITTIVITY = 8.8541878128e-12
"""F/m."""


def dielectric_at(tissue: TissueRecord, frequency: float, key: str | None = None) -> Dielectric:
    """The tissue's entry for a ``frequency`` in Hz. Raises InputError, for ``key``, where no band holds it."""
    for entry in tissue.dielectric:
        if entry.band[0] <= frequency <= entry.band[1]:
            return entry
    bands = ", ".join(f"{low / 1e6:g} to {high / 1e6:g} MHz" for low, high in (e.band for e in tissue.dielectric))
    if not bands:
        problem = f"the tissue '{tissue.name}' has no dielectric properties at microwave frequencies"
        raise InputError(problem, key=key, expected="a block 'dielectric' in the tissue's record")
    problem = f"the tissue '{tissue.name}' has no dielectric properties at {frequency / 1e6:g} MHz"
    raise InputError(problem, key=key, expected=f"a frequency within {bands}, or another entry of 'dielectric'")


def complex_permittivity(
    entry: Dielectric, frequency: float, temperature: ArrayLike, dryness: ArrayLike
) -> NDArray[np.complex128]:
    """Relative permittivity eps - j sigma / (omega eps0) for the time factor exp(j omega t).

    ``temperature`` (C) and ``dryness`` (share of the water that has vaporised, 0 to 1) broadcast; ``frequency`` in Hz.
    The laws hold for wet tissue; drying goes linearly from them to the record's dry values.
    """
    dryness = np.asarray(dryness, dtype=np.float64)
    wet, dry = 1.0 - dryness, dryness
    permittivity = entry.permittivity.value * law_factor(entry.permittivity.law, temperature)
    conductivity = entry.conductivity.value * law_factor(entry.conductivity.law, temperature)
    permittivity = np.maximum(permittivity * wet + entry.dry_permittivity * dry, 1.0)
    conductivity = conductivity * wet + entry.dry_conductivity * dry
    return permittivity - 1j * conductivity / (2.0 * math.pi * frequency * VACUUM_PERMITTIVITY)
