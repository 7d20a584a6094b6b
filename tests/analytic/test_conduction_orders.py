"""E1-E3 solved by the program's operators: observed orders, energy. The studies do the same on finer meshes."""

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.verification.runs import conduction
from pennes.verification.runs.operators import observed_orders, orders_by_halving

COMM = MPI.COMM_WORLD


@pytest.mark.parametrize(
    ("solve", "resolutions"), [(conduction.sphere, (6, 12)), (conduction.halfspace, (32, 64))], ids=["E1", "E3"]
)
def test_linear_elements_are_of_second_order(solve, resolutions):
    errors = [solve(COMM, n, step=0.5).error for n in resolutions]
    assert errors[-1] < 0.012
    assert observed_orders(errors)[0] > 1.9


def test_point_source_energy_and_temperature():
    """E2: stored energy is exact up to the time step, whatever the mesh; temperature converges outside the source."""
    errors = []
    for resolution in (6, 12):
        run, energy = conduction.point(COMM, resolution)
        assert energy == pytest.approx(conduction.exact_energy(60.0), rel=1e-4)
        errors.append(run.error)
    assert errors[-1] < 0.02
    assert observed_orders(errors)[0] > 1.7


@pytest.mark.parametrize(
    ("solve", "resolutions"), [(conduction.sphere, (8, 11)), (conduction.halfspace, (8, 16))], ids=["E1", "E3"]
)
def test_quadratic_elements_are_of_third_order(solve, resolutions):
    errors = [solve(COMM, n, 2, step=0.5, end=30.0).error for n in resolutions]
    assert observed_orders(errors, resolutions[1] / resolutions[0])[0] > 2.7
    assert errors[-1] < 0.005


@pytest.mark.parametrize(
    "solve",
    [
        lambda step: conduction.sphere(COMM, 6, step=step),
        lambda step: conduction.point(COMM, 6, step=step)[0],
        lambda step: conduction.halfspace(COMM, 32, step=step),
    ],
    ids=["E1", "E2", "E3"],
)
def test_second_order_in_time(solve):
    runs = [solve(step) for step in (5.0, 2.5, 1.25)]
    elements = runs[0].on.elements

    def norm(difference):
        return float(np.sqrt(elements.total(elements.node_volumes * difference**2)))

    assert orders_by_halving([run.rise for run in runs], norm)[0] > 1.85
