"""E12: the axisymmetric transverse-magnetic field on problems with exact solutions."""

import math
from pathlib import Path

from pennes.cli.validate import Figure, StudyResult
from pennes.energy.microwave.field import penetration_depth, wavelength
from pennes.verification.exact.microwave import relative
from pennes.verification.runs import microwave


def run(output: Path) -> StudyResult:
    """Cable, cylinder, plane wave, dipole wave and open boundary, with observed orders."""
    coarse, fine = microwave.coaxial_line(2), microwave.coaxial_line(4)
    lossy = microwave.coaxial_line(4, 0.05)
    figures = [
        Figure.within("cable: power", fine.power, fine.exact_power, 5e-3, "W"),
        Figure.within("cable with loss: power", lossy.power, lossy.exact_power, 5e-3, "W"),
        Figure.near("cable with loss: missing in the budget", lossy.imbalance, 0.0, 5e-3, ""),
        Figure.order("cable: order of r H_phi", math.log2(coarse.error / fine.error), 2.7, 3.0),
    ]
    found, exact = microwave.two_region_cylinder(4)
    for name, value, known in zip(("axis", "interface"), found, exact, strict=True):
        figures.append(Figure.within(f"cylinder: |E_z| at the {name}", float(value), float(known), 5e-3, "V/m"))
    liver, frequency = relative(*microwave.LIVER), microwave.LIVER[2]
    figures += [
        Figure.within("plane wave: wavelength", 1e3 * wavelength(liver, frequency), 18.467, 5e-3, "mm"),
        Figure.within("plane wave: depth", 1e3 * penetration_depth(liver, frequency), 20.815, 5e-3, "mm"),
    ]
    errors = [microwave.dipole_wave(count, absorbing=False)[0] for count in (4, 8, 16)]
    figures.append(Figure.order("dipole wave: order", math.log2(errors[1] / errors[2]), 2.8, 3.0))
    for name, options in (("in liver", {}), ("without loss", {"conductivity": 0.0})):
        decibel = 20.0 * math.log10(microwave.dipole_wave(8, **options)[0])
        figures.append(Figure(f"open boundary {name}", decibel, -30.0, "<= -30 dB", "dB", decibel <= -30.0))
    return StudyResult("Axisymmetric microwave field (E12)", figures, "Quadratic triangles in r H_phi.")
