"""E5 and E6: reference numbers, boundary-value problem solved by scipy, energy balance."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_bvp

from pennes.verification.exact import ConcentricSpheres, Kohlrausch

MM = 1e-3
RADII = np.array([2, 3, 4, 5, 7, 10, 15]) * MM


def test_power_and_impedance():
    spheres = ConcentricSpheres()
    assert spheres.power == pytest.approx(3.131980027820871, rel=1e-12)
    assert spheres.impedance == pytest.approx(154.53482962876726, rel=1e-12)
    heat = quad(lambda r: 4 * np.pi * r**2 * float(spheres.power_density(r)), 1.5 * MM, 50 * MM, limit=200)[0]
    assert heat == pytest.approx(spheres.power, rel=1e-9)
    assert spheres.voltage**2 / spheres.impedance == pytest.approx(spheres.power, rel=1e-12)
    assert spheres.potential([1.5 * MM, 50 * MM]) == pytest.approx([22.0, 0.0], abs=1e-12)
    endless = ConcentricSpheres(outer=np.inf)
    assert endless.power == pytest.approx(3.0380206269862446, rel=1e-12)
    assert endless.impedance == pytest.approx(159.31425734924457, rel=1e-12)


def test_perfused_profile_reference():
    """The published numbers are those of an infinite tissue."""
    expected = [21.06192, 23.35777, 18.11742, 13.38787, 7.26274, 3.04796, 0.81262]
    cooled = ConcentricSpheres(outer=np.inf).steady_rise(RADII, 0.52, 26752.0)
    assert cooled == pytest.approx(expected, abs=1e-5)
    adiabatic = ConcentricSpheres(outer=np.inf).steady_rise(RADII, 0.52, 26752.0, "adiabatic")
    # Published from finite differences: good to 1e-4.
    assert adiabatic == pytest.approx([82.3961, 55.9494, 37.6007, 25.8114, 12.9005, 5.0464, 1.2412], rel=2e-4)


@pytest.mark.parametrize("electrode", ["cooled", "adiabatic"])
def test_perfused_profile_by_boundary_value_solver(electrode):
    spheres = ConcentricSpheres()
    k, w = 0.52, 26752.0

    def equations(r, y):
        return np.array([y[1], -2 * y[1] / r + (w * y[0] - spheres.power_density(r)) / k])

    def ends(inner, outer):
        return np.array([inner[0] if electrode == "cooled" else inner[1], outer[0]])

    r = np.geomspace(spheres.inner, spheres.outer, 1000)
    answer = solve_bvp(equations, ends, r, np.ones((2, r.size)), tol=1e-6, max_nodes=20000)
    assert answer.success
    assert spheres.steady_rise(RADII, k, w, electrode) == pytest.approx(answer.sol(RADII)[0], rel=1e-5)


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 38.7433), (0.015, 52.5395), (0.02, 58.5150)])
def test_kohlrausch_reference(rate, expected):
    law = Kohlrausch(22.0, lambda d: 0.333 * (1 + rate * d), lambda d: 0.52)
    assert law.maximum_rise() == pytest.approx(expected, abs=1e-4)
    assert law.rise([0.0, 11.0, 22.0]) == pytest.approx([0.0, law.maximum_rise(), 0.0], abs=1e-10)


def test_kohlrausch_agrees_with_spheres_and_with_the_heat_equation():
    """k(T), sigma(T): between spheres, I = 4 pi r^2 sigma |V'| is constant; heat flow must grow by I dV."""
    sigma, k = (lambda d: 0.333 * (1 + 0.02 * d)), (lambda d: 0.52 * (1 + 0.002 * d))
    law = Kohlrausch(22.0, sigma, k)
    phi = np.linspace(0.0, 22.0, 2001)
    rise = law.rise(phi)
    heat_per_current = -k(rise) / sigma(rise) * np.gradient(rise, phi, edge_order=2)
    assert heat_per_current[1:-1] == pytest.approx(phi[1:-1] - 11.0, abs=1e-4)
    plain = Kohlrausch(22.0, lambda d: 0.333, lambda d: 0.52)
    spheres = ConcentricSpheres(outer=np.inf)
    r = 3.7 * MM
    weak = spheres.steady_rise(r, 0.52, 1e-6)  # next to no perfusion
    assert plain.rise(spheres.potential(r)) == pytest.approx(float(weak), rel=1e-4)
