"""Temperature laws of conductivities and of perfusion, as factors on the value that a tissue record holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pennes.library.records import Drying, Hyperaemia, Law, LinearLaw, SigmoidLaw

FREEZING = 0.0
"""C; below it a linear law is held constant: it says nothing of frozen tissue."""


def law_factor(law: Law | None, temperature: ArrayLike) -> NDArray[np.float64]:
    """Factor of a temperature law.

    ``temperature`` any shape, C. A linear law is 1 + rate (T - reference), held constant below 0 C and above its
    ``until``; a table is interpolated linearly and held constant beyond its ends; a sigmoid is as its record says. None
    is 1 everywhere. The records refuse laws that would reach zero, so the factor is positive. Same shape as
    ``temperature``.
    """
    temperature = np.asarray(temperature, dtype=np.float64)
    if law is None:
        return np.ones_like(temperature)
    if isinstance(law, LinearLaw):
        return 1.0 + law.rate * (np.clip(temperature, FREEZING, law.until) - law.reference)
    if isinstance(law, SigmoidLaw):
        return _sigmoid(law, temperature) / _sigmoid(law, np.float64(law.reference))
    return np.interp(temperature, law.temperatures, law.factors)


def _sigmoid(law: SigmoidLaw, temperature: NDArray[np.float64]) -> NDArray[np.float64]:
    return law.span * (1.0 - 1.0 / (1.0 + np.exp(law.centre - law.rate * temperature))) + law.floor


def drying_factor(drying: Drying, dryness: ArrayLike) -> NDArray[np.float64]:
    """What drying leaves of the electric conductivity: 1 - (1 - residual) dryness.

    ``dryness`` any shape, in [0, 1], the share of the tissue's water that has vaporised (``Enthalpy.dryness``). The
    loss of two orders of magnitude on drying is that of Trujillo and Berjano 2013. Same shape as ``dryness``.
    """
    return 1.0 - (1.0 - drying.residual) * np.asarray(dryness, dtype=np.float64)


def perfusion_factor(
    hyperaemia: Hyperaemia | None, temperature: ArrayLike, viability: ArrayLike
) -> NDArray[np.float64]:
    """Perfusion as a factor on the record's value: hyperaemia(T) x viability.

    ``temperature`` (C) and ``viability`` (1 alive, 0 dead) broadcast. Hyperaemia rises linearly from 1 at ``start``
    to ``peak`` at ``to`` and stays there. Healthy tissue at 37 C gives exactly 1.
    """
    temperature = np.asarray(temperature, dtype=np.float64)
    viability = np.asarray(viability, dtype=np.float64)
    if hyperaemia is None:
        return np.broadcast_to(viability, np.broadcast_shapes(temperature.shape, viability.shape)).copy()
    rise = np.clip((temperature - hyperaemia.start) / (hyperaemia.to - hyperaemia.start), 0.0, 1.0)
    return (1.0 + (hyperaemia.peak - 1.0) * rise) * viability
