"""The coupled nonlinear problem, solved by the program's own step, against its manufactured solution."""

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.verification.runs import coupled
from pennes.verification.runs.operators import observed_orders, orders_by_halving


@pytest.mark.parametrize(("dimension", "resolutions"), [(2, (8, 16)), (3, (5, 10))])
def test_second_order_in_space(dimension, resolutions):
    errors = [coupled.solve(MPI.COMM_WORLD, dimension, n, step=1.0) for n in resolutions]
    for name in ("temperature", "potential"):
        found = [getattr(error, name) for error in errors]
        assert observed_orders(found)[0] > 1.9, f"{name}: {found}"
    assert errors[-1].temperature < 0.005
    assert observed_orders([error.damage for error in errors])[0] > 1.7


def test_second_order_in_time():
    """Damage, conductivities and sources all change: a lagged coefficient would show as first order."""
    runs = [coupled.solve(MPI.COMM_WORLD, 2, 8, step=step) for step in (4.0, 2.0, 1.0)]
    on = runs[0].on
    weight = on.elements.node_volumes

    def norm(difference):
        return float(np.sqrt(on.elements.total(weight * difference**2)))

    assert orders_by_halving([run.result for run in runs], norm)[0] > 1.9
