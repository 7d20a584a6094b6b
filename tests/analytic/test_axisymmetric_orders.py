"""E1, E2, E5 by axisymmetric elements: observed orders, energy, and both sides of the exact values."""

import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.verification.runs import axisymmetric, conduction
from pennes.verification.runs.operators import observed_orders

COMM = MPI.COMM_WORLD


def test_sphere_is_of_second_order():
    errors = [axisymmetric.sphere(COMM, n, step=0.5).error for n in (8, 16, 32)]
    assert errors[-1] < 0.002
    assert observed_orders(errors) == pytest.approx([2.0, 2.0], abs=0.15)


def test_point_source_energy_and_temperature():
    errors = []
    for resolution in (8, 16, 32):
        run, energy = axisymmetric.point(COMM, resolution)
        assert energy == pytest.approx(conduction.exact_energy(60.0), rel=1e-5)
        errors.append(run.error)
    assert errors[-1] < 0.002
    assert observed_orders(errors) == pytest.approx([2.0, 2.0], abs=0.15)


def test_spheres():
    found = [axisymmetric.spheres(COMM, n) for n in (8, 16, 32)]
    errors = [spheres.power / spheres.exact.power - 1.0 for spheres in found]
    assert errors[-1] == pytest.approx(0.0, abs=1e-3)
    assert min(errors) > 0.0, "the discrete potential cannot dissipate less than the true one"
    assert observed_orders(errors) == pytest.approx([2.0, 2.0], abs=0.15)
    assert found[-1].rise == pytest.approx(found[-1].exact_rise, rel=2e-3)


def test_cooled_ball():
    errors = [1.0 - (found := axisymmetric.cooled_ball(COMM, n)).flow / found.exact for n in (8, 16, 32)]
    assert observed_orders(errors) == pytest.approx([2.0, 2.0], abs=0.05)
