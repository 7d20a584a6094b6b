"""TR-BDF2 in time: its order, its conservation of heat, its damping, its error estimate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bioheat_block import BLOOD, CAPACITY, make_block
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from pennes.bioheat.integrator import GAMMA
from pennes.errors import SolverError
from pennes.tissue.enthalpy import BOIL_END, BOIL_START


def orders(errors):
    errors = np.array(errors)
    return np.log2(errors[:-1] / errors[1:])


def exact_linear(block, start, end):
    """By the matrix exponential of the free nodes."""
    free = ~block.equation.fixed
    capacity = CAPACITY * block.elements.node_volumes[free]
    load = block.load[free] - block.matrix[np.ix_(free, ~free)] @ start[~free]
    matrix = block.matrix[np.ix_(free, free)]
    rest = np.linalg.solve(matrix, load)
    result = start.copy()
    result[free] = rest + expm(-end * matrix / capacity[:, None]) @ (start[free] - rest)
    return result


def exact_boiling(block, start, end):
    """By SciPy's stiff solver in the nodes' heat content."""
    equation, volumes = block.equation, block.elements.node_volumes
    free = ~equation.fixed

    def rate(_, content):
        temperature = equation.enthalpy.temperature(content / volumes)
        return np.where(free, block.load - block.matrix @ temperature, 0.0)

    content = volumes * equation.enthalpy.value(start)
    found = solve_ivp(rate, (0.0, end), content, method="LSODA", rtol=1e-10, atol=1e-10 * content.max(), max_step=0.05)
    return equation.enthalpy.temperature(found.y[:, -1] / volumes)


def test_second_order_in_time(warmed):
    exact = exact_linear(warmed, warmed.start, 20.0)
    errors = [np.abs(warmed.march(warmed.start, 20.0, steps) - exact).max() for steps in (4, 8, 16, 32)]
    assert errors[-1] < 0.01
    assert orders(errors)[1:] == pytest.approx(2.0, abs=0.15)


def test_second_order_through_boiling(boiled):
    end = 12.0
    exact = exact_boiling(boiled, boiled.start, end)
    assert 0.1 < np.mean(exact > BOIL_START) < 0.6 and exact.max() > BOIL_END
    heat = boiled.equation.enthalpy.value(exact)
    steps = np.array([12, 24, 48, 96, 192])
    errors = []
    for count in steps:
        found = boiled.equation.enthalpy.value(boiled.march(boiled.start, end, count))
        errors.append(np.sqrt(np.mean((found - heat) ** 2)) / np.ptp(heat))
    assert errors[-1] < 1e-4
    # Nodes that start to boil somewhere within a step scatter the errors: the order is that of the line through them.
    assert -np.polyfit(np.log(steps), np.log(errors), 1)[0] > 1.9


def test_heat_is_conserved(boiled):
    """Stored heat is what the terms gave at the mean of the stages, node by node, in every step."""
    equation, at, integrator = boiled.equation, boiled.at, boiled.integrator(1e-9)
    free, temperature, moved = ~equation.fixed, boiled.start, 0.0
    for dt in (0.5, 3.0, 3.0, 5.0, 0.1, 8.0):
        step = integrator.step(temperature, dt, at, (temperature, temperature))
        stored = equation.storage(step.temperature) - equation.storage(temperature)
        given = dt * equation.heating(at, step.mean)
        moved += np.abs(stored).sum()
        assert np.abs(stored - given)[free].max() < 1e-7 * np.abs(stored).sum()
        held = dt * equation.surface_power(at, step.mean)
        total = dt * (equation.perfusion(at, step.mean) + at.source + equation.wall(at, step.mean)).sum()
        assert stored.sum() == pytest.approx(total - held, abs=1e-7 * np.abs(stored).sum())
        temperature = step.temperature
    assert temperature.max() > BOIL_END and moved > 0.0


def test_all_heat_stays_in_an_insulated_body():
    block = make_block(power_density=4e7, perfusion=0.0, held=False, coefficient=0.0)
    start, equation, integrator = block.start, block.equation, block.integrator(1e-10)
    temperature = start
    for _ in range(5):
        temperature = integrator.step(temperature, 2.0, block.at, (temperature, temperature)).temperature
    assert temperature.max() > BOIL_START
    gained = (equation.storage(temperature) - equation.storage(start)).sum()
    assert gained == pytest.approx(10.0 * block.at.source.sum(), rel=1e-8)


def test_a_large_step_damps_rough_temperatures(warmed):
    """L-stable: of what oscillates from node to node nothing is left; the trapezoidal rule would keep all of it."""
    quiet = replace(warmed.at, source=np.zeros_like(warmed.at.source))
    checkered = np.where(np.arange(warmed.elements.n_local) % 2 == 0, 30.0, -30.0)
    start = np.where(warmed.equation.fixed, BLOOD, BLOOD + checkered)
    steady = np.linalg.solve(*_free_system(warmed, quiet))
    step = warmed.integrator(1e-8).step(start, 1e5, quiet, (start, start))
    found = step.temperature[~warmed.equation.fixed]
    assert np.abs(found - steady).max() < 0.1
    inner = step.inner[~warmed.equation.fixed]
    assert np.abs(inner - steady).max() > 10.0, "the inner stage is the trapezoidal rule"


def _free_system(block, at):
    free = ~block.equation.fixed
    load = block.load - block.at.source + at.source - block.matrix[:, ~free] @ np.full((~free).sum(), BLOOD)
    return block.matrix[np.ix_(free, free)], load[free]


def test_the_error_estimate_is_of_third_order_and_about_right(warmed):
    estimates, errors = [], []
    start = exact_linear(warmed, warmed.start, 10.0)
    for dt in (4.0, 2.0, 1.0):
        step = warmed.integrator().step(start, dt, warmed.at, (start, start))
        exact = exact_linear(warmed, start, dt)
        estimates.append(np.linalg.norm(step.error))
        errors.append(np.linalg.norm(step.temperature - exact))
    assert orders(estimates)[-1] > 2.6 and orders(errors)[-1] > 2.6
    assert 0.3 < estimates[-1] / errors[-1] < 5.0


def test_stages_are_where_they_are_said_to_be(warmed):
    start, dt = exact_linear(warmed, warmed.start, 10.0), 0.5
    step = warmed.integrator().step(start, dt, warmed.at, (start, start))
    rise = np.abs(step.temperature - start).max()
    assert np.abs(step.inner - exact_linear(warmed, start, GAMMA * dt)).max() < 2e-3 * rise
    late = exact_linear(warmed, start, 0.9 * GAMMA * dt)
    assert np.abs(step.inner - late).max() > 5e-2 * rise
    middle = exact_linear(warmed, start, 0.5 * dt)
    assert np.abs(step.mean - middle).max() < 2e-2 * rise


def test_fixed_nodes_stay(warmed):
    fixed = warmed.equation.fixed
    step = warmed.integrator().step(warmed.start, 3.0, warmed.at, (warmed.start + 5.0, warmed.start - 5.0))
    assert np.array_equal(step.temperature[fixed], np.full(fixed.sum(), BLOOD))
    assert not step.error[fixed].any()
    assert np.abs(step.temperature - warmed.start)[~fixed].max() > 0.1


def test_a_body_at_rest_stays_at_rest():
    """Nothing to solve: no iteration, no error, whatever the matrix of the step before was."""
    block = make_block(power_density=0.0, perfusion=0.0, held=False, coefficient=0.0)
    rest = np.full(block.elements.n_local, BLOOD + 0.1)
    step = block.integrator(1e-7).step(rest, 5.0, block.at, (rest, rest))
    assert step.newton == 0
    assert np.abs(step.temperature - rest).max() < 1e-9 and np.abs(step.error).max() < 1e-9


def test_what_cannot_be_solved_raises(warmed):
    nothing = np.full_like(warmed.start, np.nan)
    with pytest.raises(SolverError):
        warmed.integrator().step(warmed.start, 1.0, replace(warmed.at, source=nothing), (warmed.start, warmed.start))
