"""E7: a line source that vaporises tissue water."""

from __future__ import annotations

import numpy as np

from pennes.bioheat import BioheatEquation, Coefficients, HeatIntegrator
from pennes.verification import meshes
from pennes.verification.exact import VaporisingLineSource
from pennes.verification.runs.operators import Discretisation, march, uniform_enthalpy

SOURCE_RADIUS = 0.3e-3
"""The line is a cylinder of this radius: thin beside the front."""


def front_radius(comm, power_per_length: float, resolution: int, *, step: float = 2.0, end: float = 600.0) -> float:
    """Radius (m) of the circle that has lost its water at ``end`` (s), from rest at 37 C.

    ``power_per_length`` in W/m; the radius is that of a circle with the area of the vaporised water.
    """
    line = VaporisingLineSource(power_per_length)
    on = Discretisation.of(meshes.quarter_annulus(SOURCE_RADIUS, 60e-3, resolution), comm)
    elements = on.elements
    enthalpy = uniform_enthalpy(elements, line.heat_capacity_volumetric, line.latent_heat)
    held = np.full(elements.n_local, line.initial)
    equation = BioheatEquation(elements, enthalpy, line.initial, on.nowhere(), held)
    flux = power_per_length / (2.0 * np.pi * SOURCE_RADIUS)
    heated = on.surface_load("inner", lambda x, _: np.full(len(x), flux))
    # The chords are shorter than the circle; all of the power has to enter.
    heated *= 0.25 * power_per_length / elements.total(heated)
    none = np.zeros(elements.n_local)
    stiffness = elements.stiffness(np.full(elements.n_cells, line.conductivity))
    # Short steps first, while the source is everything that has been heated.
    early = np.geomspace(0.01, 10.0 * step, 80)
    times = np.concatenate([[0.0], early, np.arange(early[-1] + step, end - 0.5 * step, step), [end]])
    temperature = march(
        HeatIntegrator(equation), held, times, lambda _: Coefficients(stiffness, none, heated, none, none)
    )
    vaporised = elements.total(elements.mass(enthalpy.dryness(temperature)))
    return float(np.sqrt(4.0 * vaporised / np.pi + SOURCE_RADIUS**2))
