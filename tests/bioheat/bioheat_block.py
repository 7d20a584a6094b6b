"""A small block of tissue, and the dense system of its heat equation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from pennes.bioheat import BioheatEquation, Coefficients, HeatIntegrator
from pennes.elements import LinearElements
from pennes.tissue.enthalpy import Enthalpy
from small_meshes import facets_where, jittered_block, varied

BLOOD, CAPACITY, WATER_HEAT, DRY = 37.0, 3.8e6, 2.0e8, 1.5e6
SIZE = 0.01


@dataclass
class Block:
    """Tissue, one side held, one side cooled by a wall, heated inside."""

    elements: LinearElements
    equation: BioheatEquation
    at: Coefficients
    matrix: np.ndarray
    """Dense; heating(T) = load - matrix @ T."""
    load: np.ndarray

    @property
    def start(self) -> np.ndarray:
        x = self.elements.points
        rise = 20.0 * np.sin(np.pi * x[:, 0] / SIZE) * np.cos(2.0 * x[:, 1] / SIZE) ** 2
        return np.where(self.equation.fixed, BLOOD, BLOOD + rise)

    def integrator(self, tolerance: float = 1e-12) -> HeatIntegrator:
        return HeatIntegrator(self.equation, tolerance)

    def march(self, start: np.ndarray, end: float, steps: int) -> np.ndarray:
        integrator, temperature, dt = self.integrator(), start, end / steps
        for _ in range(steps):
            temperature = integrator.step(temperature, dt, self.at, (temperature, temperature)).temperature
        return temperature


def make_block(
    *, power_density: float, perfusion: float = 3e4, held: bool = True, coefficient: float = 800.0, intervals: int = 4
) -> Block:
    elements = LinearElements(jittered_block(MPI.COMM_SELF, 3, intervals, SIZE))
    n = elements.n_local
    uniform = np.ones(n)
    enthalpy = Enthalpy(CAPACITY * uniform, WATER_HEAT * uniform, DRY * uniform)
    fixed = np.isclose(elements.points[:, 0], 0.0) if held else np.zeros(n, dtype=bool)
    equation = BioheatEquation(elements, enthalpy, BLOOD, fixed, np.full(n, BLOOD))
    wall = facets_where(elements.mesh, lambda x: np.isclose(x[1], SIZE))
    areas, unknowns, shares, _ = elements.facet_shares(wall)
    conductance = np.bincount(unknowns.ravel(), np.outer(coefficient * areas, shares).ravel(), minlength=n)
    centres = elements.points[elements.cells].mean(axis=1)
    source = power_density * elements.volumes * (centres[:, 0] > 0.4 * SIZE) * (centres[:, 2] < 0.6 * SIZE)
    stiffness = elements.stiffness(varied(elements, 0.3, 0.7))
    at = Coefficients(stiffness, np.full(n, perfusion), elements.lump(source), conductance, conductance * 30.0)
    first, second = elements.edges.T
    matrix = np.diag(elements.stiffness_diagonal(stiffness) + elements.node_volumes * perfusion + conductance)
    matrix[first, second] = matrix[second, first] = stiffness
    load = at.source + at.wall_heat + elements.node_volumes * perfusion * BLOOD
    return Block(elements, equation, at, matrix, load)
