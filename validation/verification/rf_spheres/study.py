"""E5: radiofrequency between concentric spheres, with and without perfusion."""

from pathlib import Path

from mpi4py import MPI

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.runs import steady_states


def run(output: Path) -> StudyResult:
    """Power, impedance and the perfused steady profile around a cooled electrode."""
    found = steady_states.spheres(MPI.COMM_WORLD, 32)
    figures = [
        Figure.within("power", found.power, found.exact.power, 5e-3, "W"),
        Figure.within("impedance", found.impedance, found.exact.impedance, 5e-3, "ohm"),
    ]
    for radius, rise, exact in zip(found.radii, found.rise, found.exact_rise, strict=True):
        figures.append(Figure.within(f"rise at {1e3 * radius:g} mm", float(rise), float(exact), 1e-2, "K"))
    return StudyResult("Radiofrequency between spheres (E5)", figures, "An eighth of the spheres, 32 edges a quarter.")
