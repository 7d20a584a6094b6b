"""How easily heat passes from tissue to blood, by the way the vessel touches the tissue."""

from __future__ import annotations

import numpy as np

from pennes.case.vessels import VesselBase
from pennes.vessel.contact import Contact
from pennes.vessel.correlations import wall_coefficient
from pennes.vessel.pieces import Pieces

DEVELOPED = 3.66
"""Nusselt number of developed laminar flow."""


def coefficients(vessel: VesselBase, pieces: Pieces, flows: np.ndarray) -> np.ndarray:
    """Wall coefficient (p,) in W/m2/K of each piece for flows (lines,) in m3/s."""
    if vessel.coefficient is not None:
        return np.full(len(pieces), vessel.coefficient)
    blood = vessel.blood
    speeds = flows[pieces.line] / (np.pi * pieces.radius**2)
    return wall_coefficient(
        2.0 * pieces.radius,
        speeds,
        vessel.heated_length,
        conductivity=blood.thermal_conductivity.value,
        density=blood.density.value,
        heat_capacity=blood.heat_capacity.value,
        kinematic_viscosity=vessel.kinematic_viscosity,
        correlation=vessel.correlation,
    )


def mean_conductance(contact: Contact, coefficient: np.ndarray, radius: np.ndarray, conductivity: float) -> np.ndarray:
    """W/K from the mean temperature of the contact to the blood, for coefficients (k,) and radii (k,) of its pieces.

    Where the temperature is read further out than the wall, the tissue between conducts in series: ln(distance /
    radius) / (2 pi k) per length, the steady temperature around a line.
    """
    between = radius * np.log(contact.distance / radius) / conductivity
    return contact.area / (1.0 / np.maximum(coefficient, 1e-12) + between)


def uneven_conductance(
    contact: Contact, vessel: VesselBase, coefficient: np.ndarray, radius: np.ndarray, conductivity: float
) -> np.ndarray:
    """W/K of a sheet that evens out the first wave around the circumference, for coefficients (k,) and radii (k,).

    A tube whose blood keeps one temperature pulls its hot side down more than its cold side; on the mesh the lumen is
    tissue, through which heat passes from side to side. A sheet of conductance s per area at the ``ring`` D makes
    the same dipole as the real tube of radius a in a uniform gradient if  s D / k = 2 a^2 f / (D^2 - a^2 f),
    f = (b - 1) / (b + 1), b = h1 a / k, where h1 is the coefficient for differences around the tube: conduction alone
    in developed flow, and above that what development adds.
    """
    h1 = coefficient
    if vessel.coefficient is None:
        blood = vessel.blood.thermal_conductivity.value
        h1 = blood / radius + np.maximum(coefficient - DEVELOPED * blood / (2.0 * radius), 0.0)
    biot = h1 * radius / conductivity
    factor = np.clip((biot - 1.0) / (biot + 1.0), 0.0, None)
    ratio = 2.0 * radius**2 * factor / (contact.ring**2 - radius**2 * factor)
    # Per area of the sheet k ratio / D; its area is that of the wall times D / a.
    return conductivity * ratio * contact.area / radius
