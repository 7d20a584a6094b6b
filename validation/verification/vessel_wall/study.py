"""E4: a vessel with a Robin wall in uniformly heated, perfused tissue."""

from pathlib import Path

from mpi4py import MPI

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.runs import steady_states

RESOLUTION = 24


def run(output: Path) -> StudyResult:
    """Temperature rise at the wall and beside it for three wall coefficients."""
    figures = []
    for coefficient in (200.0, 400.0, 1000.0):
        computed, exact = steady_states.vessel(MPI.COMM_WORLD, RESOLUTION, coefficient)
        for radius, found, wanted in zip(steady_states.RADII, computed, exact, strict=True):
            name = f"h = {coefficient:g} W/m2/K, r = {1e3 * radius:g} mm"
            figures.append(Figure.within(name, float(found), float(wanted), 5e-3, "K"))
    return StudyResult("Vessel with a convective wall (E4)", figures, f"{RESOLUTION} edges along a quarter circle.")
