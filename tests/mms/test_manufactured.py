"""The manufactured sources, against finite differences of the fields themselves."""

import numpy as np
import pytest
from scipy.integrate import quad

from pennes.verification.manufactured import ManufacturedProblem

STEP = 2e-6


def divergence(flux, points, dimension):
    """Central differences of a flux (n, d) given as a function of points."""
    total = np.zeros(len(points))
    for axis in range(dimension):
        shift = np.zeros(points.shape[1])
        shift[axis] = STEP
        total += (flux(points + shift)[:, axis] - flux(points - shift)[:, axis]) / (2 * STEP)
    return total


def gradient(value, points, dimension):
    shifts = STEP * np.eye(points.shape[1])[:dimension]
    return np.stack([(value(points + s) - value(points - s)) / (2 * STEP) for s in shifts], axis=1)


@pytest.fixture(params=[2, 3])
def problem(request):
    return ManufacturedProblem(request.param)


@pytest.fixture
def points():
    return np.random.default_rng(3).uniform(0.0, 0.02, (50, 3))


@pytest.mark.parametrize("time", [0.0, 17.0, 60.0])
def test_heat_source(problem, points, time):
    laws, d, dt = problem.laws, problem.dimension, 1e-3
    rate = (problem.temperature(points, time + dt) - problem.temperature(points, time - dt)) / (2 * dt)

    def flux(x):
        temperature = problem.temperature(x, time)
        k = laws.thermal_conductivity * (1 + laws.thermal_rate * (temperature - 37.0))
        return -k[:, None] * gradient(lambda y: problem.temperature(y, time), x, d)

    temperature = problem.temperature(points, time)
    electric = laws.electric_conductivity * (1 + laws.electric_rate * (temperature - 37.0))
    joule = electric * np.square(gradient(problem.potential, points, d)).sum(axis=1)
    sink = problem.perfusion(points, time) * (temperature - laws.blood)
    expected = laws.heat_capacity_volumetric * rate + divergence(flux, points, d) + sink - joule
    source = problem.heat_source(points, time)
    assert source == pytest.approx(expected, abs=1e-5 * np.abs(source).max())
    # Each term matters: none may be lost in the tolerance.
    for term in (sink, joule, laws.heat_capacity_volumetric * rate, divergence(flux, points, d)):
        assert np.abs(term).max() > 1e-3 * np.abs(source).max()
    assert problem.joule_heat(points, time) == pytest.approx(joule, rel=1e-5)
    assert problem.heat_flux(points, time) == pytest.approx(flux(points), abs=1e-5 * np.abs(flux(points)).max())


def test_current_source(problem, points):
    d = problem.dimension

    def current(x):
        sigma = problem.laws.electric_conductivity * (
            1 + problem.laws.electric_rate * (problem.temperature(x, 17.0) - 37.0)
        )
        return -sigma[:, None] * gradient(problem.potential, x, d)

    source = problem.current_source(points, 17.0)
    assert source == pytest.approx(divergence(current, points, d), abs=1e-5 * np.abs(source).max())
    assert problem.current_density(points, 17.0) == pytest.approx(current(points), abs=1e-3)


def test_damage_and_perfusion(problem, points):
    laws, time = problem.laws, 75.0
    for i in (0, 7):
        point = points[i : i + 1]

        def rate(t, point=point):
            kelvin = problem.temperature(point, t)[0] + 273.15
            return laws.frequency_factor * np.exp(-laws.activation_energy / (8.314462618 * kelvin))

        omega = quad(rate, 0.0, time, epsabs=0.0, epsrel=1e-12, limit=200)[0]
        assert problem.damage(point, time)[0] == pytest.approx(omega, rel=1e-8)
        warm = 1 + laws.perfusion_rate * (problem.temperature(point, time)[0] - 37.0)
        assert problem.perfusion(point, time)[0] == pytest.approx(laws.perfusion * warm * np.exp(-omega), rel=1e-7)
    assert problem.damage(points, 0.0) == pytest.approx(np.zeros(len(points)))
    viability = problem.viability(points, 60.0)
    assert viability.min() < 0.3 and viability.max() > 0.7, "damage must matter and not be complete everywhere"


def test_temperatures_stay_where_all_laws_are_smooth(problem, points):
    temperatures = np.array([problem.temperature(points, t) for t in np.linspace(0.0, 70.0, 30)])
    assert temperatures.min() > 46.0 and temperatures.max() < 74.0


def test_dimension_is_checked():
    with pytest.raises(ValueError, match="dimension"):
        ManufacturedProblem(1)
