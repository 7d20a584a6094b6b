"""Case M: a thin coaxial slot antenna in liver, which other programs have solved."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure, StudyResult
from pennes.energy.microwave.field import AntennaField
from pennes.energy.microwave.section import Extent
from pennes.library import find_device
from pennes.verification.exact.microwave import relative
from pennes.verification.zones import largest_radius

HERE = Path(__file__).parent
LIVER = relative(43.03, 1.69, 2.45e9)
#: Largest temperature at these times (s), and at 600 s that of the case's probes: C.
HOTTEST = {60.0: 76.3, 300.0: 99.0, 600.0: 103.0}
PROBES = {"first": 89.2, "second": 71.3, "third": 51.3, "fourth": 43.1}


def run(output: Path) -> StudyResult:
    """The field in the reference's own section, then the whole program in three dimensions."""
    device = find_device("mwa_coaxial_slot")
    section = Extent(radius=30e-3, front=9.5e-3, back=70.5e-3)
    found = []
    for refine in (1.0, 2.0):
        field = AntennaField(device.antenna, device.shafts[0], 2.45e9, LIVER, extent=section, refine=refine)
        found.append(field.solve(np.full(len(field.tissue_cells), LIVER)))
    coarse, fine = (10.0 * float(solution.tissue_power.sum()) for solution in found)
    figures = [
        Figure.within("absorbed of 10 W, in the reference's section", coarse, 9.36, 0.02, "W"),
        Figure.within("the same with edges half as long", fine, coarse, 1e-3, "W"),
        Figure.near("missing in the field's budget", abs(found[0].residual), 0.0, 5e-3, ""),
    ]
    folder = output / "result"
    command = [sys.executable, "-m", "pennes", "run", HERE / "case.yaml", "-o", folder, "--overwrite"]
    subprocess.run([str(word) for word in command], check=True)
    with open(folder / "history.csv", newline="") as file:
        rows = {round(float(row["time_s"]), 3): row for row in csv.DictReader(file)}
    summary = json.loads((folder / "summary.json").read_text())
    absorbed = float(rows[600.0]["absorbed_w"])
    figures.append(Figure.within("absorbed by the cylinder of liver", absorbed, 9.36, 0.02, "W"))
    for time, expected in HOTTEST.items():
        value = float(rows[time]["max_temperature_c"])
        figures.append(Figure.near(f"hottest at {time:g} s", value, expected, 2.0, "C"))
    for name, expected in PROBES.items():
        value = float(rows[600.0][f"probe:{name}_c"])
        figures.append(Figure.near(f"T at 600 s, {name} probe", value, expected, 2.0, "C"))
    tip, axis = np.array([0.0, 0.0, 9.5e-3]), np.array([0.0, 0.0, 1.0])
    radius = 1e3 * largest_radius(folder, "temperature", 50.0, 600.0, tip, axis)
    figures.append(Figure.near("largest radius of the 50 C isotherm", radius, 11.43, 0.3, "mm"))
    antenna = summary["antennas"][0]
    figures.append(Figure.near("missing in the run's budget", antenna["budget_residual_fraction"], 0.0, 5e-3, ""))
    notes = f"10 W at the port for 600 s. |S11| {found[0].s11_db:.2f} dB, which the reference does not give."
    return StudyResult("Microwave heating of a tumour, cross-code (case M)", figures, notes)
