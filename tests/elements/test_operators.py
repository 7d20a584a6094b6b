"""Operators of linear and quadratic elements, against forms that DOLFINx assembles."""

from __future__ import annotations

import numpy as np
import pytest
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI

from pennes.elements import LinearElements, QuadraticElements
from small_meshes import facets_where, jittered_block, varied

KINDS = {1: LinearElements, 2: QuadraticElements}


@pytest.fixture(params=[(2, 1), (2, 2), (3, 1), (3, 2)], ids=lambda p: f"{p[0]}d-p{p[1]}")
def elements(request):
    dimension, degree = request.param
    return KINDS[degree](jittered_block(MPI.COMM_SELF, dimension, {2: 5, 3: 3}[dimension], 0.02))


@pytest.fixture
def values(elements):
    return np.sin(elements.points @ np.array([110.0, 70.0, 150.0])) + 300.0 * elements.points[:, 0]


def matrix(form) -> np.ndarray:
    return fem.assemble_matrix(fem.form(form)).to_dense()


def vector(form) -> np.ndarray:
    return fem.assemble_vector(fem.form(form)).array


def cell_function(elements, numbers) -> fem.Function:
    function = fem.Function(fem.functionspace(elements.mesh, ("DG", 0)))
    function.x.array[:] = numbers
    return function


def dense(elements, edge_values, diagonal) -> np.ndarray:
    first, second = elements.edges.T
    result = np.diag(diagonal)
    result[first, second] = result[second, first] = edge_values
    return result


def stiffness_form(elements, conductivity):
    u, v = ufl.TrialFunction(elements.space), ufl.TestFunction(elements.space)
    return cell_function(elements, conductivity) * ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx


def test_stiffness(elements, values):
    conductivity = varied(elements)
    stiffness = elements.stiffness(conductivity)
    expected = matrix(stiffness_form(elements, conductivity))
    found = dense(elements, stiffness, elements.stiffness_diagonal(stiffness))
    assert found == pytest.approx(expected, abs=1e-12 * np.abs(expected).max())
    assert elements.apply(stiffness, values) == pytest.approx(expected @ values, abs=1e-11 * np.abs(expected).max())


def test_dissipation_of_each_cell_adds_up_to_the_power(elements, values):
    conductivity = varied(elements)
    u = fem.Function(elements.space)
    u.x.array[:] = values
    test = ufl.TestFunction(fem.functionspace(elements.mesh, ("DG", 0)))
    expected = vector(ufl.inner(ufl.grad(u), ufl.grad(u)) * test * ufl.dx)
    difference = elements.difference(values)
    found = elements.cell_dissipation(difference)
    assert found == pytest.approx(expected, rel=1e-10)
    power = elements.energy(elements.stiffness(conductivity), difference, difference)
    assert power == pytest.approx(conductivity @ expected, rel=1e-12)
    other = elements.points[:, 1] ** 2
    mixed = elements.energy(elements.stiffness(conductivity), difference, elements.difference(other))
    assert mixed == pytest.approx(values @ matrix(stiffness_form(elements, conductivity)) @ other, rel=1e-10)


def test_mass(elements, values):
    u, v = ufl.TrialFunction(elements.space), ufl.TestFunction(elements.space)
    expected = matrix(u * v * ufl.dx)
    if elements.lumped:
        expected = np.diag(expected.sum(axis=1))
    assert elements.mass(values) == pytest.approx(expected @ values, abs=1e-12 * np.abs(expected @ values).max())
    diagonal = elements.mass_diagonal(np.full(elements.n_local, 7.0))
    edges = elements.mass_edges(np.full(elements.n_local, 7.0))
    found = np.diag(diagonal) if edges is None else dense(elements, edges, diagonal)
    assert found == pytest.approx(7.0 * expected, abs=1e-12 * np.abs(expected).max())


def test_loads_of_cells(elements):
    totals = varied(elements) * elements.volumes
    expected = vector(cell_function(elements, varied(elements)) * ufl.TestFunction(elements.space) * ufl.dx)
    assert elements.lump(totals) == pytest.approx(expected, abs=1e-13 * np.abs(expected).max())
    assert elements.volumes.sum() == pytest.approx(0.02**elements.dimension, rel=1e-12)


def test_density_lies_between_those_of_the_cells(elements):
    constant = elements.density(5.0 * elements.volumes)
    assert constant == pytest.approx(np.full(elements.n_local, 5.0), rel=1e-12)
    found = elements.density(varied(elements, 2.0, 4.0) * elements.volumes)
    assert found.min() > 2.0 and found.max() < 4.0 and np.ptp(found) > 0.1
    assert elements.total(found * elements.node_volumes) == pytest.approx(varied(elements, 2.0, 4.0) @ elements.volumes)


def test_facet_shares_are_the_loads_of_a_surface(elements):
    facets = facets_where(elements.mesh, lambda x: np.isclose(x[0], 0.02))
    areas, unknowns, shares, centres = elements.facet_shares(facets)
    tags = mesh.meshtags(elements.mesh, elements.dimension - 1, np.sort(facets), np.ones(len(facets), np.int32))
    surface = ufl.Measure("ds", elements.mesh, subdomain_data=tags)(1)
    assert areas.sum() == pytest.approx(0.02 ** (elements.dimension - 1), rel=1e-12)
    assert centres[:, 0] == pytest.approx(np.full(len(facets), 0.02))
    found = np.bincount(unknowns.ravel(), np.outer(areas, shares).ravel(), minlength=elements.n_local)
    expected = vector(ufl.TestFunction(elements.space) * surface)
    assert found == pytest.approx(expected, abs=1e-13 * np.abs(expected).max())
    assert elements.points[elements.facet_corners(facets)].mean(axis=1) == pytest.approx(centres)
    mask = elements.nodes_of(elements.dimension - 1, facets)
    assert np.array_equal(mask, np.isclose(elements.points[:, 0], 0.02))


def test_values_of_cell_tags(elements):
    chosen = np.arange(1, elements.n_cells, 3, dtype=np.int32)
    tags = mesh.meshtags(elements.mesh, elements.dimension, chosen, np.arange(5, 5 + len(chosen), dtype=np.int32))
    expected = np.zeros(elements.n_cells)
    expected[chosen] = tags.values
    assert np.array_equal(elements.cell_values(tags), expected)


def test_vertex_values_stand_at_the_vertices(elements):
    x = elements.vertex_values(elements.points[:, 0])
    assert x == pytest.approx(elements.mesh.geometry.x[:, 0], abs=1e-15)
