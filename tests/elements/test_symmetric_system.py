"""The linear system of the elements: fixed values, kept preconditioners, tolerances, failures."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from pennes.elements import LinearElements, QuadraticElements
from pennes.errors import SolverError
from small_meshes import jittered_block, varied

TOLERANCE = 1e-11


@pytest.fixture(params=[LinearElements, QuadraticElements])
def elements(request):
    return request.param(jittered_block(MPI.COMM_SELF, 3, 4, 0.02))


@pytest.fixture
def fixed(elements):
    return np.isclose(elements.points[:, 0], 0.0) | np.isclose(elements.points[:, 0], 0.02)


def held(elements):
    return np.where(elements.points[:, 0] > 0.01, 3.0, 1.0) + 20.0 * elements.points[:, 1]


def dense(elements, edge_values, diagonal):
    first, second = elements.edges.T
    result = np.diag(diagonal)
    result[first, second] = result[second, first] = edge_values
    return result


def expected_solution(elements, fixed, stiffness, values, right, added=0.0):
    matrix = dense(elements, stiffness, elements.stiffness_diagonal(stiffness) + added)
    free = ~fixed
    solution = values.copy()
    solution[free] = np.linalg.solve(
        matrix[np.ix_(free, free)], right[free] - matrix[np.ix_(free, fixed)] @ values[fixed]
    )
    return solution


@pytest.mark.parametrize("preconditioner", ["jacobi", "gamg"])
def test_solution_with_fixed_values_and_sources(elements, fixed, preconditioner):
    system = elements.system(
        fixed, name=f"test_{preconditioner}", preconditioner=preconditioner, relative_tolerance=TOLERANCE
    )
    stiffness, values = elements.stiffness(varied(elements)), held(elements)
    right = elements.mass(1e4 * np.cos(200.0 * elements.points[:, 2]))
    conductance = np.where(elements.points[:, 1] > 0.015, 0.01, 0.0)
    system.set(stiffness, conductance=conductance)
    found = system.solve_fixed(stiffness, values, np.zeros(elements.n_local), right.copy())
    expected = expected_solution(elements, fixed, stiffness, values, right, conductance)
    assert found == pytest.approx(expected, abs=1e-8 * np.abs(expected).max())
    assert found[fixed] == pytest.approx(values[fixed], rel=1e-14)


def test_set_diagonal_is_set_with_another_reaction(elements, fixed):
    stiffness = elements.stiffness(varied(elements))
    reaction, conductance = np.full(elements.n_local, 4e4), np.full(elements.n_local, 1e-4)
    right = np.where(fixed, 0.0, elements.mass(1e5 * elements.points[:, 1]))
    solutions = []
    for name in ("whole", "changed"):
        system = elements.system(fixed, name=f"test_{name}", relative_tolerance=TOLERANCE)
        if name == "whole":
            system.set(stiffness, reaction, conductance)
        else:
            system.set(stiffness)
            system.set_diagonal(reaction, conductance)
        solutions.append(system.solve(right, np.zeros_like(right)))
    assert solutions[0] == pytest.approx(solutions[1], abs=1e-9 * np.abs(solutions[0]).max())
    assert np.abs(solutions[0]).max() > 0.0


def test_product_by_the_matrix_is_the_product_over_edges():
    elements = LinearElements(jittered_block(MPI.COMM_SELF, 3, 4, 0.02))
    fixed = np.isclose(elements.points[:, 0], 0.0)
    stiffness, values = elements.stiffness(varied(elements)), held(elements)
    system = elements.system(fixed, name="test_product")
    system.set(stiffness)
    for reaction in (1e6, 3e7):
        system.set_diagonal(np.full(elements.n_local, reaction), np.full(elements.n_local, 2e-3))
        found = system.apply_stiffness(values, system.fixed_coupling(stiffness, values))
        expected = elements.apply(stiffness, values)
        assert found[~fixed] == pytest.approx(expected[~fixed], abs=1e-11 * np.abs(expected).max())


def test_a_kept_preconditioner_solves_a_changed_matrix_as_a_new_one_does(elements, fixed):
    values, guess = held(elements), np.zeros(elements.n_local)
    kept = elements.system(fixed, name="kept", preconditioner="gamg", keep=True, relative_tolerance=TOLERANCE)
    first = varied(elements)
    kept.set(elements.stiffness(first))
    kept.solve_fixed(elements.stiffness(first), values, guess)
    centres = elements.points[elements.cells].mean(axis=1)
    # As tissue that has warmed: three times as conductive on one side.
    second = first * np.where(centres[:, 1] > 0.01, 3.0, 1.0)
    stiffness = elements.stiffness(second)
    kept.set(stiffness)
    found = kept.solve_fixed(stiffness, values, guess)
    new = elements.system(fixed, name="new", preconditioner="gamg", relative_tolerance=TOLERANCE)
    new.set(stiffness)
    expected = new.solve_fixed(stiffness, values, guess)
    assert kept.builds == 1
    assert found == pytest.approx(expected, abs=1e-8)
    assert found == pytest.approx(expected_solution(elements, fixed, stiffness, values, 0.0 * values), abs=1e-8)


def test_a_preconditioner_whose_iterations_have_doubled_is_made_anew():
    elements = LinearElements(jittered_block(MPI.COMM_SELF, 3, 10, 0.02))
    fixed = np.isclose(elements.points[:, 0], 0.0) | np.isclose(elements.points[:, 0], 0.02)
    values, nothing = held(elements), np.zeros(elements.n_local)
    system = elements.system(fixed, name="stale", preconditioner="gamg", keep=True, relative_tolerance=TOLERANCE)
    centres = elements.points[elements.cells].mean(axis=1)
    wet = np.ones(elements.n_cells)
    dried = np.where(np.abs(centres[:, 0] - 0.007) < 0.002, 1e-3, 1.0)
    close = expected_solution(elements, fixed, elements.stiffness(wet), values, nothing) + 1e-9
    builds, counts = [], []
    for conductivity, guess in ((wet, close), (dried, nothing), (dried, nothing)):
        before = system.iterations
        stiffness = elements.stiffness(conductivity)
        system.set(stiffness)
        found = system.solve_fixed(stiffness, values, guess)
        counts.append(system.iterations - before)
        builds.append(system.builds)
    assert counts[0] <= 6 and counts[1] > 12
    assert builds == [1, 1, 2]
    assert found == pytest.approx(expected_solution(elements, fixed, stiffness, values, nothing), abs=1e-7)


def test_the_stopping_test_is_on_the_true_residual_and_each_call_has_its_own(elements, fixed):
    stiffness = elements.stiffness(varied(elements))
    matrix = dense(elements, stiffness, elements.stiffness_diagonal(stiffness))
    right = np.where(fixed, 0.0, elements.mass(1e5 * elements.points[:, 1]))
    system = elements.system(fixed, name="stopping", relative_tolerance=1e-10)
    system.set(stiffness)
    size = np.linalg.norm(right)

    def residual(solution):
        return np.linalg.norm(np.where(fixed, 0.0, right - matrix @ solution))

    loose = residual(system.solve(right, np.zeros_like(right), absolute=1e-2 * size))
    assert 1e-5 * size < loose <= 1e-2 * size
    assert residual(system.solve(right, np.zeros_like(right))) <= 1e-10 * size


def test_a_solve_that_does_not_converge_raises_and_drops_the_preconditioner(elements, fixed):
    stiffness, values, guess = elements.stiffness(varied(elements)), held(elements), np.zeros(elements.n_local)
    system = elements.system(
        fixed, name="short", preconditioner="gamg", keep=True, relative_tolerance=1e-12, max_iterations=1
    )
    system.set(stiffness)
    with pytest.raises(SolverError, match="the short system did not converge in 1 iterations"):
        system.solve_fixed(stiffness, values, guess)
    system.solver.setTolerances(max_it=200)
    system.set(stiffness)
    system.solve_fixed(stiffness, values, guess)
    assert system.builds == 2


def test_the_size_of_fixed_rows_does_not_loosen_the_solve(elements, fixed):
    """Metal of a meshed electrode: its rows are 1e8 times as large as those of the tissue."""
    centres = elements.points[elements.cells].mean(axis=1)
    inside = centres[:, 0] < 0.006
    metal = fixed.copy()
    metal[elements.unknowns[inside].ravel()] = True
    conductivity = np.where(inside, 1e8, varied(elements))
    stiffness, values = elements.stiffness(conductivity), np.where(elements.points[:, 0] > 0.015, 0.0, 1.0)
    system = elements.system(metal, name="metal", preconditioner="gamg", keep=True, relative_tolerance=1e-8)
    for _ in range(2):
        system.set(stiffness)
        found = system.solve_fixed(stiffness, values, np.where(metal, values, 0.0))
        expected = expected_solution(elements, metal, stiffness, values, 0.0 * values)
        assert found == pytest.approx(expected, abs=1e-6)


def test_nothing_in_gives_nothing_out(elements, fixed):
    system = elements.system(fixed, name="nothing", relative_tolerance=1e-8)
    stiffness = elements.stiffness(varied(elements))
    system.set(stiffness)
    guess = np.where(fixed, 0.0, np.cos(300.0 * elements.points[:, 1]))
    found = system.solve_fixed(stiffness, np.zeros(elements.n_local), guess)
    assert np.abs(found).max() < 1e-6 * np.abs(guess).max()
