"""E1, E2, E5 on triangles in the half-plane of the axis: half a ball, swept out by a quarter of an annulus or disc."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.elements import AxisymmetricElements
from pennes.scene.axis import Axis
from pennes.treatment.sinks import fixed_sink
from pennes.verification import meshes
from pennes.verification.arrays import MeshArrays, to_dolfinx
from pennes.verification.exact import ConcentricSpheres, point_source, sphere_surface_held
from pennes.verification.runs.conduction import MEDIUM, POWER, SPHERE_RADIUS, SURFACE_RISE, Run, solve
from pennes.verification.runs.operators import Discretisation
from pennes.verification.runs.steady_states import BODY, Spheres, between_spheres

AXIS = Axis(np.zeros(3), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]).T)
"""The verification meshes lie in x, y: distance from the axis and height."""


def discretisation(arrays: MeshArrays, comm) -> Discretisation:
    """Axisymmetric elements on triangles in x >= 0, distributed over ``comm``."""
    domain = to_dolfinx(arrays, comm)
    return Discretisation(domain, AxisymmetricElements(domain.mesh, AXIS))


def _radius(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points, axis=1)


def sphere(comm, resolution: int, *, step: float = 1.0, start: float = 20.0, end: float = 60.0) -> Run:
    """E1 from the exact state at ``start`` to ``end`` (s); the sphere's surface is held at its temperature."""
    on = discretisation(meshes.quarter_annulus(SPHERE_RADIUS, 30e-3, resolution), comm)
    elements = on.elements

    def exact(r: np.ndarray, t: float) -> np.ndarray:
        return sphere_surface_held(r, t, SPHERE_RADIUS, SURFACE_RISE, MEDIUM)

    none, held = np.zeros(elements.n_local), np.full(elements.n_local, SURFACE_RISE)
    times = np.linspace(start, end, round((end - start) / step) + 1)
    rise = solve(on, on.nodes("inner"), held, exact(_radius(elements.points), start), times, lambda _: none)
    return Run(on, rise, on.error(rise, lambda x: exact(_radius(x), end)))


def point(comm, resolution: int, *, step: float = 1.0, end: float = 60.0) -> tuple[Run, float]:
    """E2 from rest to ``end`` (s), all power at the vertex in the centre, on the axis; also the energy stored (J), of
    the whole space. The error is measured beyond 4 mm."""
    on = discretisation(meshes.quarter_disc(4e-3 / resolution, 30e-3, resolution), comm)
    elements, measured = on.elements, 4e-3
    r = _radius(elements.points)
    centre = np.where(r < 1e-12, POWER / 2.0, 0.0)
    none = np.zeros(elements.n_local)
    rise = solve(on, on.nowhere(), none, none, np.linspace(0.0, end, round(end / step) + 1), lambda _: centre)
    error = on.error(rise, lambda x: point_source(_radius(x), end, POWER, MEDIUM), lambda x: _radius(x) - measured)
    energy = 2.0 * MEDIUM.density * MEDIUM.heat_capacity * elements.total(elements.mass(rise))
    return Run(on, rise, error), energy


def spheres(comm, resolution: int) -> Spheres:
    """E5 with a cooled electrode (its surface at body temperature) and perfusion."""
    exact = ConcentricSpheres()
    on = discretisation(meshes.quarter_annulus(exact.inner, exact.outer, resolution), comm)
    return between_spheres(on, exact, 2.0, (1.0, 0.0))


@dataclass(frozen=True)
class CooledBall:
    """Heat flow (W) from a ball at a uniform temperature through its surface, computed and exact."""

    flow: float
    exact: float


def cooled_ball(comm, resolution: int, coefficient: float = 500.0, rise: float = 10.0) -> CooledBall:
    """Uniformly warm tissue around a cooled ball: the flow is coefficient x area x ``rise``, from lumped shares."""
    on = discretisation(meshes.quarter_annulus(SPHERE_RADIUS, 30e-3, resolution), comm)
    sink = fixed_sink(on.elements, "ball", "cooling", on.domain.facets("inner"), coefficient, BODY)
    flow = 2.0 * rise * on.elements.total(sink.conductance)
    return CooledBall(flow, coefficient * 4.0 * np.pi * SPHERE_RADIUS**2 * rise)
