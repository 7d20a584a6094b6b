"""E1-E3: observed orders in space and time, and the energy that a point source stores."""

from pathlib import Path

import numpy as np
from mpi4py import MPI

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.runs import conduction
from pennes.verification.runs.operators import observed_orders, orders_by_halving

#: Problem, resolutions and step (s) of linear, then of quadratic elements.
SPACE = {
    "E1 sphere": (conduction.sphere, (8, 16, 32), 0.5, (6, 9, 13), 0.5),
    "E2 point source": (lambda *a, **k: conduction.point(*a, **k)[0], (8, 16, 32), 1.0, (6, 9, 13), 0.5),
    "E3 half-space": (conduction.halfspace, (32, 64, 128), 0.25, (16, 32, 64), 0.5),
}
TIME = {
    "E1 sphere": lambda step: conduction.sphere(MPI.COMM_WORLD, 8, step=step),
    "E2 point source": lambda step: conduction.point(MPI.COMM_WORLD, 8, step=step)[0],
    "E3 half-space": lambda step: conduction.halfspace(MPI.COMM_WORLD, 48, step=step),
}


def run(output: Path) -> StudyResult:
    """Space by meshes twice (or one and a half times) as fine, time by steps halved on one mesh."""
    figures = []
    for name, (solve, linear, step, quadratic, fine_step) in SPACE.items():
        for degree, sizes, dt, least in ((1, linear, step, 1.9), (2, quadratic, fine_step, 2.8)):
            errors = [solve(MPI.COMM_WORLD, size, degree, step=dt).error for size in sizes]
            order = observed_orders(errors[-2:], sizes[-1] / sizes[-2])[0]
            figures.append(Figure.order(f"{name}: order in space, P{degree}", order, least, degree + 1.0))
    for name, solve in TIME.items():
        runs = [solve(step) for step in (2.0, 1.0, 0.5, 0.25)]
        elements = runs[0].on.elements

        def norm(difference: np.ndarray, elements=elements) -> float:
            return float(np.sqrt(elements.total(elements.node_volumes * difference**2)))

        order = orders_by_halving([result.rise for result in runs], norm)[-1]
        figures.append(Figure.order(f"{name}: order in time", order, 1.9, 2.0))
    for end in (60.0, 600.0):
        _, energy = conduction.point(MPI.COMM_WORLD, 8, step=1.0, end=end)
        figures.append(
            Figure.within(f"E2: energy stored after {end:g} s", energy, conduction.exact_energy(end), 1e-3, "J")
        )
    notes = "Errors are relative, in L2: E2 beyond 4 mm from the source (P1). Orders are those of the finest pair."
    return StudyResult("Perfused conduction: sphere, point source, half-space (E1-E3)", figures, notes)
