"""Heat transfer between a vessel's wall and its blood."""

from __future__ import annotations

import numpy as np

LAMINAR_LIMIT = 2300.0


def nusselt(reynolds: float, prandtl: float, diameter: float, heated_length: float) -> float:
    """Mean Nusselt number over a heated length, wall temperature given.

    Laminar: Hausen, Nu = 3.66 + 0.0668 Gz / (1 + 0.04 Gz^(2/3)), Gz = Re Pr d / L (developing temperature, developed
    flow). Above Re 2300: Gnielinski with the entrance factor 1 + (d / L)^(2/3).
    """
    if reynolds < LAMINAR_LIMIT:
        graetz = reynolds * prandtl * diameter / heated_length
        return 3.66 + 0.0668 * graetz / (1.0 + 0.04 * graetz ** (2.0 / 3.0))
    friction = (0.79 * np.log(reynolds) - 1.64) ** -2
    developed = (
        (friction / 8)
        * (reynolds - 1000.0)
        * prandtl
        / (1.0 + 12.7 * np.sqrt(friction / 8) * (prandtl ** (2.0 / 3.0) - 1.0))
    )
    return float(developed * (1.0 + (diameter / heated_length) ** (2.0 / 3.0)))


def wall_coefficient(
    diameter: float,
    speed: float,
    heated_length: float,
    *,
    conductivity: float,
    density: float,
    heat_capacity: float,
    kinematic_viscosity: float,
) -> float:
    """Heat transfer coefficient in W/m2/K of blood flowing at a mean speed (SI throughout).

    Still blood conducts as Nu = 3.66 does.
    """
    reynolds = speed * diameter / kinematic_viscosity
    prandtl = kinematic_viscosity * density * heat_capacity / conductivity
    return nusselt(reynolds, prandtl, diameter, heated_length) * conductivity / diameter
