"""E7: the front of vaporisation around a line source."""

from pathlib import Path

from mpi4py import MPI

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.exact import VaporisingLineSource
from pennes.verification.runs import boiling


def run(output: Path) -> StudyResult:
    """Radius of the tissue that has lost its water after 600 s."""
    figures = []
    for power in (500.0, 1000.0, 2000.0):
        radius = boiling.front_radius(MPI.COMM_WORLD, power, 24)
        exact = float(VaporisingLineSource(power).front(600.0))
        figures.append(Figure.within(f"front for {power:g} W/m", 1e3 * radius, 1e3 * exact, 3e-2, "mm"))
    notes = "Latent heat is released between 99 and 101 C; the exact front is at 100 C."
    return StudyResult("Vaporising line source (E7)", figures, notes)
