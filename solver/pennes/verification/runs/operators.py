"""What the runs share: elements on a verification mesh, loads, time marching, steady solutions, errors and orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import basix
import numpy as np

from pennes.bioheat import BioheatEquation, Coefficients, HeatIntegrator
from pennes.elements import AxisymmetricElements, LinearElements, QuadraticElements
from pennes.tissue.enthalpy import Enthalpy
from pennes.verification.arrays import MeshArrays, VerificationMesh, to_dolfinx

Field = Callable[[np.ndarray], np.ndarray]
"""Values (n,) at points (n, 3)."""
QUADRATURE = 6


@dataclass(frozen=True)
class Discretisation:
    """Elements of ``degree`` 1 or 2 on a verification mesh."""

    domain: VerificationMesh
    elements: LinearElements

    @classmethod
    def of(cls, arrays: MeshArrays, comm, degree: int = 1) -> Discretisation:
        """Elements on ``arrays`` distributed over ``comm``."""
        domain = to_dolfinx(arrays, comm)
        return cls(domain, (LinearElements if degree == 1 else QuadraticElements)(domain.mesh))

    def nodes(self, name: str) -> np.ndarray:
        """Mask (n_local,) of the unknowns on a named part of the boundary."""
        return self.elements.nodes_of(self.elements.dimension - 1, self.domain.facets(name))

    def nowhere(self) -> np.ndarray:
        """A mask (n_local,) without any unknown."""
        return np.zeros(self.elements.n_local, dtype=bool)

    def volume_load(self, density: Field) -> np.ndarray:
        """Load vector (n_local,), accumulated, of a ``density`` per volume, by quadrature."""
        elements = self.elements
        points, weights, table = _rule(elements)
        x = _positions(elements, points)
        values = density(x.reshape(-1, 3)).reshape(x.shape[:2])
        loads = np.einsum("cq,q,qi,c->ci", values, weights, table, elements.volumes)
        return elements.accumulate(np.bincount(elements.unknowns.ravel(), loads.ravel(), minlength=elements.n_local))

    def surface_load(self, name: str, density: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        """Load vector (n_local,), accumulated, of ``density(points, outward normals)`` per area of a named part.

        By quadrature on the straight facets, so that it keeps the order of the elements.
        """
        elements, dimension = self.elements, self.elements.dimension
        areas, unknowns, _, _ = elements.facet_shares(self.domain.facets(name))
        kind = basix.CellType.interval if dimension == 2 else basix.CellType.triangle
        points, weights = basix.make_quadrature(kind, QUADRATURE)
        element = basix.create_element(basix.ElementFamily.P, kind, elements.degree)
        table = element.tabulate(0, points)[0, :, :, 0]
        corners = elements.points[unknowns[:, :dimension]]
        shape = np.column_stack([1.0 - points.sum(axis=1), points])
        x = np.einsum("qv,fvd->fqd", shape, corners)
        normals = self._outward(name, corners)
        every = np.broadcast_to(normals[:, None], x.shape)
        values = density(x.reshape(-1, 3), every.reshape(-1, 3)).reshape(x.shape[:2])
        loads = np.einsum("fq,q,qi,f->fi", values, weights / weights.sum(), table, areas)
        return elements.accumulate(np.bincount(unknowns.ravel(), loads.ravel(), minlength=elements.n_local))

    def _outward(self, name: str, corners: np.ndarray) -> np.ndarray:
        """Unit normals (f, 3) of facets with ``corners`` (f, d, 3), away from their cells."""
        topology, dimension = self.domain.mesh.topology, self.elements.dimension
        to_cell = topology.connectivity(dimension - 1, dimension)
        cells = to_cell.array[to_cell.offsets[self.domain.facets(name)]]
        inside = self.elements.points[self.elements.cells[cells]].mean(axis=1)
        if dimension == 2:
            along = corners[:, 1] - corners[:, 0]
            normals = np.column_stack([along[:, 1], -along[:, 0], np.zeros(len(along))])
        else:
            normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        inward = np.einsum("fd,fd->f", normals, corners.mean(axis=1) - inside) < 0.0
        normals[inward] *= -1.0
        return normals

    def error(self, values: np.ndarray, exact: Field, where: Field | None = None) -> float:
        """L2 norm of ``values`` (n_local,) minus ``exact`` over the norm of ``exact``, in cells where ``where`` > 0."""
        elements = self.elements
        points, weights, table = _rule(elements)
        x = _positions(elements, points)
        wanted = exact(x.reshape(-1, 3)).reshape(x.shape[:2])
        found = values[elements.unknowns] @ table.T
        volumes = elements.volumes
        if isinstance(elements, AxisymmetricElements):
            radius = elements.axis.coordinates(x.reshape(-1, 3))[:, 0].reshape(x.shape[:2])
            weights = weights * radius / (radius @ weights)[:, None]
        else:
            weights = np.broadcast_to(weights, wanted.shape)
        if where is not None:
            volumes = np.where(where(elements.points[elements.cells].mean(axis=1)) > 0.0, volumes, 0.0)
        sums = [np.einsum("cq,cq,c->", part**2, weights, volumes) for part in (found - wanted, wanted)]
        squared = elements.comm.allreduce(np.array(sums))
        return float(np.sqrt(squared[0] / squared[1]))

    def at(self, values: np.ndarray, distances: Sequence[float], direction: Sequence[float]) -> np.ndarray:
        """Values (m,) at ``distances`` from the origin along ``direction``, where vertices lie, linear between them."""
        elements = self.elements
        unit = np.zeros(3)
        unit[: len(direction)] = np.asarray(direction) / np.linalg.norm(direction)
        along = elements.points @ unit
        near = np.linalg.norm(elements.points - along[:, None] * unit, axis=1) < 1e-9
        near[elements.n_owned :] = False
        pairs = elements.comm.allgather(np.column_stack([along[near], values[near]]))
        line = np.concatenate(pairs)
        line = line[np.argsort(line[:, 0])]
        return np.interp(distances, line[:, 0], line[:, 1])


def _rule(elements: LinearElements) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Quadrature points, weights that add up to 1, and the shape functions there (q, k)."""
    element = elements.space.element.basix_element
    points, weights = basix.make_quadrature(element.cell_type, QUADRATURE)
    return points, weights / weights.sum(), element.tabulate(0, points)[0, :, :, 0]


def _positions(elements: LinearElements, points: np.ndarray) -> np.ndarray:
    """Quadrature points (cells, q, 3) of the straight cells."""
    shape = np.column_stack([1.0 - points.sum(axis=1), points])
    return np.einsum("qv,cvd->cqd", shape, elements.points[elements.cells])


def uniform_enthalpy(elements: LinearElements, capacity: float, latent: float = 0.0) -> Enthalpy:
    """The same capacity (J/m3/K), wet and dry, and latent heat (J/m3) everywhere."""
    one = np.ones(elements.n_local)
    return Enthalpy(capacity=capacity * one, latent=latent * one, dry_capacity=capacity * one)


def march(
    integrator: HeatIntegrator,
    start: np.ndarray,
    times: np.ndarray,
    coefficients: Callable[[float], Coefficients],
) -> np.ndarray:
    """Temperature (n_local,) at the end of ``times``, stepping from one to the next.

    ``coefficients`` at the middle of each step.
    """
    temperature, before = start, start
    for begin, end in pairwise(times):
        ahead = 2.0 * temperature - before
        step = integrator.step(temperature, end - begin, coefficients(0.5 * (begin + end)), (temperature, ahead))
        temperature, before = step.temperature, temperature
    return temperature


def steady(equation: BioheatEquation, at: Coefficients, guess: np.ndarray) -> np.ndarray:
    """Temperature (n_local,) at which the terms of the equation cancel."""
    elements = equation.elements
    system = elements.system(equation.fixed, name="steady", preconditioner="gamg", relative_tolerance=1e-10)
    system.set(at.stiffness, at.perfusion, at.conductance)
    held = np.where(equation.fixed, equation.fixed_values, guess)
    residual = equation.heating(at, held)
    residual[equation.fixed] = 0.0
    change = system.solve(residual, np.zeros_like(residual))
    system.destroy()
    return held + change


def observed_orders(errors: Sequence[float], ratio: float = 2.0) -> list[float]:
    """Orders between one error and the next, for sizes that fall by ``ratio``."""
    e = np.asarray(errors)
    return [float(order) for order in np.log(e[:-1] / e[1:]) / np.log(ratio)]


def orders_by_halving(results: Sequence[np.ndarray], norm: Callable[[np.ndarray], float]) -> list[float]:
    """Orders from three or more results with steps halved from one to the next, without an exact solution."""
    return observed_orders([norm(after - before) for before, after in pairwise(results)])
