"""Microwave fields in three dimensions: edge elements against exact waves, and one antenna both ways."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from mpi4py import MPI

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.exact.microwave import CoaxialLine, TwoRegionCylinder, relative, wave_constant
from pennes.verification.runs import microwave_waves as waves
from pennes.verification.zones import largest_radius

HERE, COMM, FREQUENCY = Path(__file__).parent, MPI.COMM_WORLD, 2.45e9
LIVER = relative(43.03, 1.69, FREQUENCY)
TIP, AXIS = np.array([0.0, 0.0, -0.017]), np.array([0.0, 0.0, 1.0])


def run(output: Path) -> StudyResult:
    """Orders, reflection, lines, cylinders; then the whole program with both kinds of field."""
    figures = [*exact_waves()]
    runs = {kind: treat(output / kind, kind) for kind in ("axisymmetric", "full")}
    antennas = {kind: summary["antennas"][0] for kind, summary in runs.items()}
    absorbed = {kind: antenna["budget_j"]["absorbed"] / 300.0 for kind, antenna in antennas.items()}
    radius = {kind: 1e3 * largest_radius(output / kind, "damage", 1.0, 300.0, TIP, AXIS) for kind in runs}
    figures += [
        Figure.within("absorbed, mean of 5 min", absorbed["full"], absorbed["axisymmetric"], 0.02, "W"),
        Figure.near("radius of the zone", radius["full"], radius["axisymmetric"], 0.3, "mm"),
        Figure.near("largest scale of the mapping", antennas["full"]["mapping_scale"][1], 1.0, 0.05, ""),
        Figure.near("missing in the power budget", antennas["full"]["budget_residual_fraction"], 0.0, 5e-3, ""),
    ]
    zones = ", ".join(f"{kind} {np.round(s['zone']['diameters_mm'], 1)} mm" for kind, s in runs.items())
    full = antennas["full"]
    notes = (
        f"The field in three dimensions took {full['field_tetrahedra']} tetrahedra and {full['field_unknowns']} complex "
        f"unknowns, {full['field_solves']} solutions with {full['field_factorisations']} factorisations and "
        f"{full['field_iterations']} iterations. Zones: {zones}. |S11| at first: axisymmetric "
        f"{antennas['axisymmetric']['s11_start_db']:.2f} dB, full {full['s11_start_db']:.2f} dB."
    )
    return StudyResult("Microwave fields in three dimensions", figures, notes)


def exact_waves() -> list[Figure]:
    """Edge elements against closed forms (E12)."""
    figures = []
    for degree, divisions in ((1, (4, 8, 16)), (2, (2, 4, 8))):
        errors = [waves.plane_wave_error(COMM, n, degree, LIVER, FREQUENCY, 0.02) for n in divisions]
        order = float(np.log2(errors[-2] / errors[-1]))
        figures.append(Figure.order(f"order of a plane wave in liver, degree {degree}", order, degree - 0.1, degree))
    plates = waves.parallel_plates(COMM, [1, 1, 40], 1, 43.03, FREQUENCY, (1e-3, 1e-3, 18.5e-3))
    straight = 20.0 * np.log10(plates.reflection)
    dipole = 20.0 * np.log10(waves.dipole_reflection(COMM, 6, 2, LIVER, FREQUENCY, 0.03))
    for name, value in (("a wave that meets it straight", straight), ("the wave of a dipole 30 mm away", dipole)):
        figures.append(
            Figure(f"sent back by the boundary of {name}", float(value), "", "<= -30", "dB", bool(value <= -30.0))
        )
    inner, outer, length = 0.145e-3, 0.47e-3, 20e-3
    line = waves.coaxial_line(COMM, 32, 10, 6, 1, 2.03, FREQUENCY, (inner, outer, length))
    power = 0.5 * (2.0 * np.pi) ** 2 * line.impedance
    figures.append(
        Figure.within("power of 1 A in a cable", power, CoaxialLine(inner, outer, 2.03, FREQUENCY).power, 5e-3, "W")
    )
    phase = wave_constant(2.03, FREQUENCY).real * length
    figures.append(Figure.within("phase along it", float(-np.angle(line.transmission)), phase, 5e-3, "rad"))
    figures.append(Figure.within("power that arrives", line.leaving / line.incoming, 1.0, 5e-3, ""))
    exact = TwoRegionCylinder()
    found = waves.layered_cylinder(COMM, 32, 24, 1, exact)
    for name, radius in (("axis", 0.0), ("boundary", exact.radius)):
        value, known = abs(found[name]), float(abs(exact.electric_field(radius)))
        figures.append(Figure.within(f"|E_z| of a layered cylinder, {name}", value, known, 5e-3, "V/m"))
    return figures


def treat(folder: Path, kind: str) -> dict:
    """Summary of the case with one kind of field."""
    command = [sys.executable, "-m", "pennes", "run", HERE / "case.yaml", "-o", folder, "--overwrite", "--quiet"]
    command += ["--set", f"applicators.0.field={kind}"]
    subprocess.run([str(word) for word in command], check=True)
    return json.loads((folder / "summary.json").read_text())
