"""Each term of the Pennes equation, against a form that DOLFINx assembles by itself."""

from __future__ import annotations

import numpy as np
import pytest
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI

from pennes.bioheat import BioheatEquation, Coefficients
from pennes.elements import LinearElements, QuadraticElements
from pennes.tissue.enthalpy import Enthalpy
from small_meshes import facets_where, jittered_block, varied

BLOOD, SIZE = 37.0, 0.02
#: The rule that lumps: values at the vertices, each with its share of the volume.
VERTICES = {"quadrature_rule": "vertex", "quadrature_degree": 1}


class Problem:
    """The same data for the program and for forms."""

    def __init__(self, kind, dimension: int):
        self.elements = kind(jittered_block(MPI.COMM_SELF, dimension, 4, SIZE))
        space, x = self.elements.space, self.elements.points
        self.test = ufl.TestFunction(space)
        rule = VERTICES if self.elements.lumped else {"quadrature_degree": 6}
        self.inside, self.through = ufl.dx(metadata=rule), ufl.ds(metadata=rule)
        self.temperature = 55.0 + 15.0 * np.sin(170.0 * x[:, 0]) + 900.0 * x[:, 1]
        self.perfusion = 2e4 + 1e6 * x[:, 1]
        self.conductivity = varied(self.elements, 0.3, 0.6)
        self.heat = varied(self.elements, 1e5, 6e5)

    def function(self, values) -> fem.Function:
        function = fem.Function(self.elements.space)
        function.x.array[:] = values
        return function

    def cell_function(self, values) -> fem.Function:
        function = fem.Function(fem.functionspace(self.elements.mesh, ("DG", 0)))
        function.x.array[:] = values
        return function

    def assembled(self, form) -> np.ndarray:
        return fem.assemble_vector(fem.form(form)).array

    def equation(self) -> BioheatEquation:
        elements, one = self.elements, np.ones(self.elements.n_local)
        enthalpy = Enthalpy(3.8e6 * one, 1.7e9 * one, 1e6 * one)
        fixed = np.isclose(elements.points[:, 0], 0.0)
        return BioheatEquation(elements, enthalpy, BLOOD, fixed, np.full(elements.n_local, BLOOD))

    def coefficients(self) -> Coefficients:
        elements = self.elements
        wall = facets_where(elements.mesh, lambda x: np.isclose(x[1], SIZE))
        areas, unknowns, shares, _ = elements.facet_shares(wall)
        weights = np.outer(750.0 * areas, shares)
        conductance = np.bincount(unknowns.ravel(), weights.ravel(), minlength=elements.n_local)
        source = elements.lump(self.heat * elements.volumes)
        stiffness = elements.stiffness(self.conductivity)
        return Coefficients(stiffness, self.perfusion, source, conductance, 20.0 * conductance)

    def wall_form(self):
        """750 W/m2/K to 20 C on the side y = SIZE."""
        elements = self.elements
        facets = np.sort(facets_where(elements.mesh, lambda x: np.isclose(x[1], SIZE)))
        tags = mesh.meshtags(elements.mesh, elements.dimension - 1, facets, np.ones(len(facets), np.int32))
        surface = ufl.Measure("ds", elements.mesh, subdomain_data=tags, metadata=VERTICES)(1)
        return 750.0 * (20.0 - self.function(self.temperature)) * self.test * surface


@pytest.fixture(params=[(LinearElements, 2), (LinearElements, 3), (QuadraticElements, 2), (QuadraticElements, 3)])
def problem(request):
    return Problem(*request.param)


def close(found, expected):
    assert np.abs(expected).max() > 0.0
    assert found == pytest.approx(expected, abs=1e-11 * np.abs(expected).max())


def test_storage(problem):
    temperature = np.where(problem.elements.points[:, 0] > 0.01, problem.temperature, problem.temperature + 40.0)
    assert temperature.max() > 101.0 and temperature.min() < 99.0
    equation = problem.equation()
    content = problem.function(equation.enthalpy.value(temperature))
    close(equation.storage(temperature), problem.assembled(content * problem.test * problem.inside))


def test_diffusion(problem):
    k, u = problem.cell_function(problem.conductivity), problem.function(problem.temperature)
    expected = problem.assembled(-k * ufl.inner(ufl.grad(u), ufl.grad(problem.test)) * ufl.dx)
    close(problem.equation().diffusion(problem.coefficients(), problem.temperature), expected)


def test_perfusion(problem):
    sink = problem.function(problem.perfusion * (BLOOD - problem.temperature))
    expected = problem.assembled(sink * problem.test * problem.inside)
    close(problem.equation().perfusion(problem.coefficients(), problem.temperature), expected)


def test_source(problem):
    expected = problem.assembled(problem.cell_function(problem.heat) * problem.test * ufl.dx)
    close(problem.equation().source(problem.coefficients()), expected)


def test_wall():
    problem = Problem(LinearElements, 3)
    expected = problem.assembled(problem.wall_form())
    close(problem.equation().wall(problem.coefficients(), problem.temperature), expected)


def test_wall_of_quadratic_elements():
    """Their rule of the facet is exact for polynomials of degree 2: all of the wall's heat for a linear temperature."""
    problem = Problem(QuadraticElements, 3)
    problem.temperature = 40.0 + 500.0 * problem.elements.points[:, 0]
    found = problem.equation().wall(problem.coefficients(), problem.temperature)
    assert found.sum() == pytest.approx(750.0 * SIZE**2 * (20.0 - 40.0 - 250.0 * SIZE), rel=1e-12)
    moment = found @ problem.elements.points[:, 0]
    assert moment == pytest.approx(750.0 * (-10.0 * SIZE**3 - 500.0 * SIZE**4 / 3), rel=1e-12)


def test_heating_is_the_sum_of_the_terms_and_what_is_held_lets_it_out(problem):
    equation, at, temperature = problem.equation(), problem.coefficients(), problem.temperature
    terms = [
        equation.diffusion(at, temperature),
        equation.perfusion(at, temperature),
        equation.source(at),
        equation.wall(at, temperature),
    ]
    close(equation.heating(at, temperature), sum(terms))
    assert equation.surface_power(at, temperature) == pytest.approx(sum(terms)[equation.fixed].sum(), rel=1e-12)
