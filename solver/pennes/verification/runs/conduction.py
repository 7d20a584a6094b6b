"""E1, E2, E3: sphere, point source and half-space, in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.bioheat import BioheatEquation, Coefficients, HeatIntegrator
from pennes.verification import meshes
from pennes.verification.exact import Medium, halfspace_flux, point_source, sphere_surface_held, stored_energy
from pennes.verification.runs.operators import Discretisation, march, uniform_enthalpy

MEDIUM = Medium()
SPHERE_RADIUS, SURFACE_RISE = 5e-3, 50.0
POWER = 5.0
FLUX = 5000.0
#: Solver tolerance: far below the errors that are measured.
TOLERANCE = 1e-11


@dataclass(frozen=True)
class Run:
    """A result: rise (n_local,) in K, its relative error in L2, and what it was computed on."""

    on: Discretisation
    rise: np.ndarray
    error: float


def solve(on: Discretisation, fixed, fixed_values, start, times, source) -> np.ndarray:
    """March the linear problem in ``MEDIUM``; ``source(t)`` (n_local,) in W."""
    elements = on.elements
    stiffness = elements.stiffness(np.full(elements.n_cells, MEDIUM.conductivity))
    perfusion, none = np.full(elements.n_local, MEDIUM.perfusion), np.zeros(elements.n_local)
    enthalpy = uniform_enthalpy(elements, MEDIUM.density * MEDIUM.heat_capacity)
    equation = BioheatEquation(elements, enthalpy, 0.0, fixed, fixed_values)
    integrator = HeatIntegrator(equation, TOLERANCE)
    return march(integrator, start, times, lambda t: Coefficients(stiffness, perfusion, source(t), none, none))


def _radius(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points, axis=1)


def _radial_flux(solution, spacing: float = 1e-6):
    """Outward heat flux -k d/dn of a radial ``solution(r)`` through a surface, by central differences of 4th order."""

    def density(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        r = _radius(points)
        values = [solution(r + k * spacing) for k in (-2, -1, 1, 2)]
        slope = (values[0] - 8.0 * values[1] + 8.0 * values[2] - values[3]) / (12.0 * spacing)
        return MEDIUM.conductivity * slope * np.einsum("nd,nd->n", points, normals) / r

    return density


def sphere(comm, resolution: int, degree: int = 1, *, step: float = 1.0, start: float = 20.0, end: float = 60.0) -> Run:
    """E1 from the exact state at ``start`` to ``end`` (s).

    Linear elements hold the sphere's surface at its temperature. Quadratic ones take the exact heat flux through the
    straight facets instead: held on them, the solution would belong to a polyhedron, which is of second order.
    """
    on = Discretisation.of(meshes.spherical_shell(SPHERE_RADIUS, 30e-3, resolution), comm, degree)
    elements = on.elements

    def exact(r: np.ndarray, t: float) -> np.ndarray:
        return sphere_surface_held(r, t, SPHERE_RADIUS, SURFACE_RISE, MEDIUM)

    none, r = np.zeros(elements.n_local), _radius(elements.points)
    if degree == 1:
        fixed = on.nodes("inner")

        def source(_: float) -> np.ndarray:
            return none
    else:
        fixed = on.nowhere()

        def source(t: float) -> np.ndarray:
            return on.surface_load("inner", _radial_flux(lambda x: exact(x, t)))

    times = np.linspace(start, end, round((end - start) / step) + 1)
    rise = solve(on, fixed, np.full(elements.n_local, SURFACE_RISE), exact(r, start), times, source)
    return Run(on, rise, on.error(rise, lambda x: exact(_radius(x), end)))


def point(comm, resolution: int, degree: int = 1, *, step: float = 1.0, end: float = 60.0) -> tuple[Run, float]:
    """E2 from rest to ``end`` (s); also the energy stored (J), of the whole space.

    Linear elements: all of the power enters at the vertex in the centre, and the error is measured beyond 4 mm.
    Quadratic ones: the exact flux through a sphere of 3 mm, from the exact state at 20 s.
    """
    radius = 3e-3
    if degree == 1:
        arrays = meshes.ball(4e-3 / resolution, 30e-3, resolution)
        start, measured = 0.0, 4e-3
    else:
        arrays = meshes.spherical_shell(radius, 30e-3, resolution)
        start, measured = 20.0, 0.0
    on = Discretisation.of(arrays, comm, degree)
    elements = on.elements
    r = _radius(elements.points)
    begin = np.zeros(elements.n_local) if start == 0.0 else point_source(r, start, POWER, MEDIUM)
    centre = np.where(r < 1e-12, POWER / 8.0, 0.0)

    def source(t: float) -> np.ndarray:
        if degree == 1:
            return centre
        return on.surface_load("inner", _radial_flux(lambda x: point_source(x, t, POWER, MEDIUM)))

    times = np.linspace(start, end, round((end - start) / step) + 1)
    rise = solve(on, on.nowhere(), np.zeros(elements.n_local), begin, times, source)
    error = on.error(rise, lambda x: point_source(_radius(x), end, POWER, MEDIUM), lambda x: _radius(x) - measured)
    energy = 8.0 * MEDIUM.density * MEDIUM.heat_capacity * elements.total(elements.mass(rise))
    return Run(on, rise, error), energy


def exact_energy(time: float) -> float:
    """E2: what ``point`` should find stored (J)."""
    return float(stored_energy(time, POWER, MEDIUM))


def halfspace(
    comm, resolution: int, degree: int = 1, *, step: float = 1.0, start: float = 20.0, end: float = 60.0
) -> Run:
    """E3 from the exact state at ``start`` to ``end`` (s), in a column 50 mm deep."""
    on = Discretisation.of(meshes.column(50e-3, 2e-3, resolution), comm, degree)
    elements = on.elements

    def exact(points: np.ndarray, t: float) -> np.ndarray:
        return halfspace_flux(np.maximum(-points[:, 2], 0.0), t, FLUX, MEDIUM)

    heated = on.surface_load("surface", lambda x, _: np.full(len(x), FLUX))
    times = np.linspace(start, end, round((end - start) / step) + 1)
    none = np.zeros(elements.n_local)
    rise = solve(on, on.nowhere(), none, exact(elements.points, start), times, lambda _: heated)
    return Run(on, rise, on.error(rise, lambda x: exact(x, end)))
