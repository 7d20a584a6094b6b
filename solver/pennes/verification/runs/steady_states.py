"""E4, E5, E6: steady states around a vessel, between spheres, around a needle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.bioheat import BioheatEquation, Coefficients
from pennes.energy import Radiofrequency
from pennes.library.records import LinearLaw
from pennes.tissue.laws import law_factor
from pennes.treatment.sinks import fixed_sink
from pennes.verification import meshes
from pennes.verification.exact import ConcentricSpheres, Kohlrausch, vessel_in_heated_tissue
from pennes.verification.needle import needle_in_ball
from pennes.verification.runs.operators import Discretisation, steady, uniform_enthalpy

CONDUCTIVITY, PERFUSION = 0.52, 26752.0
LINEAR_TOLERANCE = 1e-10
BODY = 37.0
VESSEL_RADIUS, HEATING = 2.5e-3, 3e5
RADII = (2.5e-3, 3.5e-3, 5e-3)


def _equation(on: Discretisation, fixed: np.ndarray) -> BioheatEquation:
    held = np.full(on.elements.n_local, BODY)
    return BioheatEquation(on.elements, uniform_enthalpy(on.elements, 1.0), BODY, fixed, held)


def vessel(comm, resolution: int, coefficient: float) -> tuple[np.ndarray, np.ndarray]:
    """E4 for a wall ``coefficient`` (W/m2/K): computed and exact rises (K) at the ``RADII``."""
    on = Discretisation.of(meshes.quarter_annulus(VESSEL_RADIUS, 60e-3, resolution), comm)
    elements = on.elements
    sink = fixed_sink(elements, "vessel", "vessel", on.domain.facets("inner"), coefficient, BODY)
    at = Coefficients(
        elements.stiffness(np.full(elements.n_cells, 0.512)),
        np.full(elements.n_local, PERFUSION),
        on.volume_load(lambda x: np.full(len(x), HEATING)),
        sink.conductance,
        sink.update(np.full(elements.n_local, BODY)),
    )
    rise = steady(_equation(on, on.nowhere()), at, np.full(elements.n_local, BODY)) - BODY
    return on.at(rise, RADII, (1.0, 0.0)), vessel_in_heated_tissue(np.array(RADII), VESSEL_RADIUS, coefficient, HEATING)


@dataclass(frozen=True)
class Spheres:
    """E5: power (W), impedance (ohm) of the whole sphere, and rises (K) at ``radii`` (m), computed."""

    power: float
    impedance: float
    radii: np.ndarray
    rise: np.ndarray
    exact: ConcentricSpheres
    exact_rise: np.ndarray


def spheres(comm, resolution: int) -> Spheres:
    """E5 with a cooled electrode (its surface at body temperature) and perfusion, on one eighth of the spheres."""
    exact = ConcentricSpheres()
    on = Discretisation.of(meshes.spherical_shell(exact.inner, exact.outer, resolution), comm)
    return between_spheres(on, exact, 8.0, (0.0, 0.0, 1.0))


def between_spheres(
    on: Discretisation, exact: ConcentricSpheres, parts: float, direction: tuple[float, ...]
) -> Spheres:
    """E5 on a mesh of one of so many ``parts`` of the spheres; temperatures are read along ``direction``."""
    elements = on.elements
    source = Radiofrequency(elements, {"electrode": on.nodes("inner")}, on.nodes("outer"), LINEAR_TOLERANCE)
    conductivity = np.full(elements.n_cells, exact.conductivity)
    source.update(conductivity)
    pattern = source.pattern({}, conductivity)
    heat = source.cell_power(pattern, conductivity) * exact.voltage**2
    none = np.zeros(elements.n_local)
    at = Coefficients(
        elements.stiffness(np.full(elements.n_cells, CONDUCTIVITY)),
        np.full(elements.n_local, PERFUSION),
        elements.accumulate(elements.lump(heat)),
        none,
        none,
    )
    fixed = on.nodes("inner") | on.nodes("outer")
    rise = steady(_equation(on, fixed), at, np.full(elements.n_local, BODY)) - BODY
    radii = np.array([2, 3, 4, 5, 7, 10]) * 1e-3
    return Spheres(
        parts * exact.voltage**2 * pattern.conductance,
        1.0 / (parts * pattern.conductance),
        radii,
        on.at(rise, radii, direction),
        exact,
        exact.steady_rise(radii, CONDUCTIVITY, PERFUSION),
    )


@dataclass(frozen=True)
class NeedleHeat:
    """E6: largest rise (K), computed and exact, the largest pointwise deviation (K), and the iterations taken."""

    largest: float
    exact: float
    deviation: float
    iterations: int


def kohlrausch_needle(
    comm,
    rate: float,
    *,
    size: float,
    growth: float = 1.0 / 7.0,
    degree: int = 1,
    voltage: float = 22.0,
    conductivity: float = 0.333,
    iterations: int = 60,
) -> NeedleHeat:
    """E6 on a needle mesh with sigma = ``conductivity`` (1 + ``rate`` (T - 37)); ``size`` of edges (m) at the needle.

    Fixed-point iteration between heat and potential. Raises RuntimeError if it does not settle.
    """
    arrays = needle_in_ball(size_at_needle=size, growth=growth) if comm.rank == 0 else None
    on = Discretisation.of(comm.bcast(arrays), comm, degree)
    elements = on.elements
    needle, ground = on.nodes("electrode"), on.nodes("outer")
    source = Radiofrequency(elements, {"needle": needle}, ground, LINEAR_TOLERANCE)
    law = LinearLaw(rate=f"{rate:.12g} 1/K", reference=f"{BODY} degC", until="2000 degC")
    stiffness = elements.stiffness(np.full(elements.n_cells, CONDUCTIVITY))
    none = np.zeros(elements.n_local)
    equation, temperature = _equation(on, needle | ground), np.full(elements.n_local, BODY)
    count = 0
    while count < iterations:
        count += 1
        sigma = conductivity * elements.cell_mean(law_factor(law, temperature))
        source.update(sigma)
        pattern = source.pattern({}, sigma)
        heat = source.cell_power(pattern, sigma) * voltage**2
        at = Coefficients(stiffness, none, elements.accumulate(elements.lump(heat)), none, none)
        new = steady(equation, at, temperature)
        change = _largest(comm, np.abs(new - temperature))
        temperature = new
        if change < 1e-6 * voltage:
            break
    else:
        raise RuntimeError(f"temperature and potential did not settle in {iterations} iterations")
    exact = Kohlrausch(voltage, lambda d: conductivity * (1.0 + rate * d), lambda d: CONDUCTIVITY)
    potential = np.clip(voltage * source.unit_potentials[0], 0.0, voltage)
    deviation = _largest(comm, np.abs(temperature - BODY - exact.rise(potential)))
    return NeedleHeat(_largest(comm, temperature - BODY), exact.maximum_rise(), deviation, count)


def _largest(comm, values: np.ndarray) -> float:
    return max(comm.allgather(float(values.max(initial=-np.inf))))
