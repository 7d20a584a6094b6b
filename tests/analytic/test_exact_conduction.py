"""E1-E3: reference numbers, residual of the differential equation, energy balance."""

import numpy as np
import pytest
from scipy.integrate import quad

from pennes.verification.exact import (
    Medium,
    halfspace_flux,
    point_source,
    sphere_heat_flow,
    sphere_surface_held,
    stored_energy,
)

MEDIUM = Medium()
MM = 1e-3


def test_medium_matches_the_reference_constants():
    assert pytest.approx(1.3417190775681343e-07, rel=1e-12) == MEDIUM.diffusivity
    assert pytest.approx(0.007010482180293501, rel=1e-12) == MEDIUM.relaxation_rate
    assert pytest.approx(228.58258901324922, rel=1e-12) == MEDIUM.decay


@pytest.mark.parametrize("name", ["density", "heat_capacity", "conductivity", "perfusion"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_medium_refuses_what_is_not_positive(name, value):
    with pytest.raises(ValueError, match=name):
        Medium(**{name: value})


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (10, [7.611969, 0.053484, 0.0, 0.0]),
        (60, [19.399814, 4.154958, 0.151033, 0.001593]),
        (300, [22.494322, 7.78983, 1.525912, 0.300529]),
        (600, [22.603824, 7.962251, 1.683949, 0.396554]),
        (np.inf, [22.609849, 7.972219, 1.694834, 0.405348]),
    ],
)
def test_sphere_reference(time, expected):
    radii = np.array([7, 10, 15, 20]) * MM
    assert sphere_surface_held(radii, time, 5 * MM, 50.0, MEDIUM) == pytest.approx(expected, abs=1e-6)
    assert sphere_surface_held(5 * MM, time, 5 * MM, 50.0, MEDIUM) == pytest.approx(50.0, rel=1e-12)


def test_sphere_heat_flow():
    assert sphere_heat_flow(np.inf, 5 * MM, 50.0, MEDIUM) == pytest.approx(3.4468656975373246, rel=1e-12)
    for time in (10.0, 60.0, 600.0):
        step = 1e-7
        ahead = sphere_surface_held(5 * MM + step * np.array([1, 2]), time, 5 * MM, 50.0, MEDIUM)
        gradient = (-3 * 50.0 + 4 * ahead[0] - ahead[1]) / (2 * step)
        expected = -4 * np.pi * (5 * MM) ** 2 * MEDIUM.conductivity * gradient
        assert sphere_heat_flow(time, 5 * MM, 50.0, MEDIUM) == pytest.approx(expected, rel=1e-6)


def test_sphere_steady_flow_is_what_perfusion_carries_away():
    rise = lambda r: 4 * np.pi * r**2 * float(sphere_surface_held(r, np.inf, 5 * MM, 50.0, MEDIUM))  # noqa: E731
    carried = MEDIUM.perfusion * quad(rise, 5 * MM, 0.3, limit=200)[0]
    assert carried == pytest.approx(float(sphere_heat_flow(np.inf, 5 * MM, 50.0, MEDIUM)), rel=1e-8)


@pytest.mark.parametrize(
    ("time", "expected", "energy"),
    [
        (10, [0.332509, 0.0, 0.0, 0.0], 48.287627321416466),
        (60, [25.83133, 0.704229, 0.006603, 1.6e-05], 244.89491480503327),
        (300, [48.429297, 7.114933, 1.245592, 0.207611], 626.1538275357009),
        (600, [49.501233, 7.851819, 1.643581, 0.378802], 702.5896462552333),
    ],
)
def test_point_source_reference(time, expected, energy):
    assert point_source(np.array([5, 10, 15, 20]) * MM, time, 5.0, MEDIUM) == pytest.approx(expected, abs=1e-6)
    assert stored_energy(time, 5.0, MEDIUM) == pytest.approx(energy, rel=1e-12)
    heat = lambda r: 4 * np.pi * r**2 * float(point_source(r, time, 5.0, MEDIUM))  # noqa: E731
    integral = (
        MEDIUM.density * MEDIUM.heat_capacity * quad(heat, 0.0, 0.1, points=[1e-3, 1e-2], epsabs=0.0, limit=200)[0]
    )
    assert integral == pytest.approx(energy, rel=1e-7)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (10, [12.471871, 1.639751, 0.009553, 0.0]),
        (60, [27.383545, 12.619614, 3.011688, 0.113601]),
        (300, [41.001902, 25.357874, 12.092597, 3.260932]),
        (600, [42.563325, 26.889052, 13.474601, 4.221795]),
        (np.inf, [42.722523, 27.046594, 13.623733, 4.344455]),
    ],
)
def test_halfspace_reference(time, expected):
    assert halfspace_flux(np.array([0, 2, 5, 10]) * MM, time, 5000.0, MEDIUM) == pytest.approx(expected, abs=1e-6)


def test_halfspace_takes_up_the_flux():
    step = 1e-7
    surface = halfspace_flux(step * np.arange(3), 60.0, 5000.0, MEDIUM)
    gradient = (-3 * surface[0] + 4 * surface[1] - surface[2]) / (2 * step)
    assert -MEDIUM.conductivity * gradient == pytest.approx(5000.0, rel=1e-5)


@pytest.mark.parametrize(
    ("solution", "power"),
    [
        (lambda x, t: sphere_surface_held(x, t, 5 * MM, 50.0, MEDIUM), 2),
        (lambda x, t: point_source(x, t, 5.0, MEDIUM), 2),
        (lambda x, t: halfspace_flux(x, t, 5000.0, MEDIUM), 0),
    ],
)
def test_pennes_equation_holds(solution, power):
    """Central differences of rho c dT/dt - k (T'' + power/x T') + W T."""
    x, t, dx, dt = np.array([6, 8, 12]) * MM, 120.0, 1e-5, 0.05
    before, here, after = solution(x - dx, t), solution(x, t), solution(x + dx, t)
    storage = MEDIUM.density * MEDIUM.heat_capacity * (solution(x, t + dt) - solution(x, t - dt)) / (2 * dt)
    diffusion = (after - 2 * here + before) / dx**2 + power / x * (after - before) / (2 * dx)
    terms = [storage, -MEDIUM.conductivity * diffusion, MEDIUM.perfusion * here]
    assert np.sum(terms, axis=0) == pytest.approx(0.0, abs=1e-5 * np.abs(terms).max())


def test_far_away_and_bad_times():
    assert np.isfinite(sphere_surface_held(10.0, np.array([1.0, np.inf]), 5 * MM, 50.0, MEDIUM)).all()
    with pytest.raises(ValueError, match="time"):
        point_source(5 * MM, 0.0, 5.0, MEDIUM)
