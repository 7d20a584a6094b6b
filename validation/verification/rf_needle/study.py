"""E6: the largest temperature of Joule heating around a needle, for three conductivity laws."""

from pathlib import Path

from mpi4py import MPI

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.runs import steady_states


def run(output: Path) -> StudyResult:
    """Kohlrausch's relation holds for any shape of electrode; here a cooled-tip needle in a ball."""
    figures = []
    for rate in (0.0, 0.015, 0.02):
        found = steady_states.kohlrausch_needle(MPI.COMM_WORLD, rate, size=1e-4, growth=0.12)
        name = f"largest rise, sigma rising by {100 * rate:g} %/K"
        figures.append(Figure.within(name, found.largest, found.exact, 1e-2, "K"))
    notes = (
        "Edges of 0.1 mm at the needle and an eighth of that where insulation begins, where potential and temperature "
        "are singular. The error falls a little faster than the edge: 2.0 % with 0.25 mm, for the steepest law."
    )
    return StudyResult("Kohlrausch's relation around a needle (E6)", figures, notes)
