"""Heat transfer between a vessel's wall and its blood."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

LAMINAR_LIMIT, TURBULENT_LIMIT = 2300.0, 4000.0
"""Reynolds numbers between which flow is neither laminar nor turbulent all the time."""


def hausen(graetz: np.ndarray) -> np.ndarray:
    """Nu = 3.66 + 0.0668 Gz / (1 + 0.04 Gz^(2/3)): 11 to 12 % above Graetz' exact solution from Gz 1000 on."""
    return 3.66 + 0.0668 * graetz / (1.0 + 0.04 * graetz ** (2.0 / 3.0))


def gnielinski(graetz: np.ndarray) -> np.ndarray:
    """Nu^3 = 3.66^3 + 0.7^3 + (1.615 Gz^(1/3) - 0.7)^3 (VDI Heat Atlas, G1): within 1 % of Graetz' exact solution."""
    return np.cbrt(3.66**3 + 0.7**3 + (1.615 * np.cbrt(graetz) - 0.7) ** 3)


LAMINAR = {"gnielinski": gnielinski, "hausen": hausen}
"""Mean Nusselt number where temperature develops in developed flow, by Gz = Re Pr d / L."""


def nusselt(
    reynolds: ArrayLike, prandtl: float, diameter: ArrayLike, heated_length: float, correlation: str = "gnielinski"
) -> np.ndarray:
    """Mean Nusselt number over a heated length (``diameter`` in the same unit), wall temperature given.

    Laminar up to Re 2300, turbulent from Re 4000, linear in Re between the two (Gnielinski 2013), so that no speed
    makes it jump.
    """
    reynolds, ratio = np.asarray(reynolds, dtype=float), np.asarray(diameter, dtype=float) / heated_length
    share = np.clip((reynolds - LAMINAR_LIMIT) / (TURBULENT_LIMIT - LAMINAR_LIMIT), 0.0, 1.0)
    laminar = LAMINAR[correlation](np.minimum(reynolds, LAMINAR_LIMIT) * prandtl * ratio)
    turbulent = turbulent_nusselt(np.maximum(reynolds, TURBULENT_LIMIT), prandtl, ratio)
    return (1.0 - share) * laminar + share * turbulent


def turbulent_nusselt(reynolds: np.ndarray, prandtl: float, ratio: np.ndarray) -> np.ndarray:
    """Gnielinski, with the friction of smooth pipes and the entrance factor 1 + (d / L)^(2/3); ``ratio`` is d / L."""
    eighth = (0.79 * np.log(reynolds) - 1.64) ** -2 / 8.0
    resistance = 1.0 + 12.7 * np.sqrt(eighth) * (prandtl ** (2.0 / 3.0) - 1.0)
    return eighth * (reynolds - 1000.0) * prandtl / resistance * (1.0 + ratio ** (2.0 / 3.0))


def wall_coefficient(
    diameter: ArrayLike,
    speed: ArrayLike,
    heated_length: float,
    *,
    conductivity: float,
    density: float,
    heat_capacity: float,
    kinematic_viscosity: float,
    correlation: str = "gnielinski",
) -> np.ndarray:
    """Heat transfer coefficient in W/m2/K of blood flowing at a mean speed (SI throughout).

    Still blood conducts as Nu = 3.66 does.
    """
    diameter = np.asarray(diameter, dtype=float)
    reynolds = speed * diameter / kinematic_viscosity
    prandtl = kinematic_viscosity * density * heat_capacity / conductivity
    return nusselt(reynolds, prandtl, diameter, heated_length, correlation) * conductivity / diameter
