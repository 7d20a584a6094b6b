"""Manufactured solution of the coupled problem: orders of temperature, potential and damage."""

from pathlib import Path

import numpy as np
from mpi4py import MPI

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.runs import coupled
from pennes.verification.runs.operators import observed_orders, orders_by_halving

RESOLUTIONS = {2: (16, 32), 3: (8, 16)}


def run(output: Path) -> StudyResult:
    """Space in two and three dimensions; time on one mesh with steps halved."""
    figures = []
    for dimension, sizes in RESOLUTIONS.items():
        errors = [coupled.solve(MPI.COMM_WORLD, dimension, size, step=0.5) for size in sizes]
        for name in ("temperature", "potential", "damage"):
            order = observed_orders([getattr(error, name) for error in errors])[0]
            figures.append(Figure.order(f"{dimension}-D: order of {name} in space", order, 1.9, 2.0))
        runs = [coupled.solve(MPI.COMM_WORLD, dimension, sizes[0], step=step) for step in (2.0, 1.0, 0.5)]
        elements = runs[0].on.elements

        def norm(difference: np.ndarray, elements=elements) -> float:
            return float(np.sqrt(elements.total(elements.node_volumes * difference**2)))

        order = orders_by_halving([result.result for result in runs], norm)[-1]
        figures.append(Figure.order(f"{dimension}-D: order of temperature in time", order, 1.9, 2.0))
    notes = "k(T), sigma(T), Joule heat, hyperaemia and perfusion that ends with damage, by the coupled step itself."
    return StudyResult("Coupled nonlinear problem, manufactured solution", figures, notes)
