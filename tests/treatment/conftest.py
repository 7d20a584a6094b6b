"""The quick case, meshed and assembled once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from quick_case import write_case


@pytest.fixture(scope="session")
def scene(tmp_path_factory):
    """``case`` and ``domain`` of the quick case."""
    pytest.importorskip("dolfinx")
    from mpi4py import MPI

    from pennes.case import load
    from pennes.scene import build

    case = load(write_case(tmp_path_factory.mktemp("case")))
    return SimpleNamespace(case=case, domain=build(case, MPI.COMM_WORLD))


@pytest.fixture
def physics(scene):
    """Physics that a test may change."""
    from pennes.treatment.assembly import assemble

    return assemble(scene.case, scene.domain)


@pytest.fixture
def begin(scene):
    """The state at t = 0 for some physics: ``begin(physics)``."""
    from pennes.treatment.state import State

    def state(physics):
        n, equation = physics.elements.n_local, physics.integrator.equation
        import numpy as np

        temperature = np.where(equation.fixed, equation.fixed_values, scene.case.body.temperature)
        return State(0.0, temperature, {name: model.initial(n) for name, model in physics.death.items()})

    return state
