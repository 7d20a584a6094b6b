"""Dielectric properties that fall with temperature, and constant ones, at 50 W: what the difference amounts to."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.zones import diameters

HERE = Path(__file__).parent
PROBES = ("4 mm", "7 mm", "10 mm", "15 mm", "20 mm")
START = 20.0
#: Constant permittivity and conductivity, and none that falls when tissue dries.
STATIC = "body.tissue.dielectric.1.{key}.law=null"
DRY = ("body.tissue.dielectric.1.dry_permittivity=47.915", "body.tissue.dielectric.1.dry_conductivity=2.1009 S/m")


def simulate(folder: Path, *settings: str) -> tuple[np.ndarray, np.ndarray, dict]:
    """Temperatures (minutes, probes) in C, zone (along, across) in mm at the end, and the summary."""
    command = [
        sys.executable,
        "-m",
        "pennes",
        "run",
        str(HERE / "case.yaml"),
        "-o",
        str(folder),
        "--overwrite",
        "--quiet",
    ]
    for setting in settings:
        command += ["--set", setting]
    subprocess.run(command, check=True)
    with open(folder / "history.csv", newline="") as file:
        rows = {round(float(row["time_s"]), 3): row for row in csv.DictReader(file)}
    heat = np.array([[float(rows[60.0 * m][f"probe:{name}_c"]) for name in PROBES] for m in range(1, 6)])
    along, wide, narrow = 1e3 * diameters(folder, "damage", 1.0, 300.0, np.array([0.0, 0.0, 1.0]))
    return heat, np.array([along, 0.5 * (wide + narrow)]), json.loads((folder / "summary.json").read_text())


def run(output: Path) -> StudyResult:
    """Both runs, and how far their temperatures and zones are apart."""
    falling, zone, summary = simulate(output / "falling")
    constant = [STATIC.format(key=key) for key in ("permittivity", "conductivity")]
    static, other, _ = simulate(output / "static", *constant, *DRY)
    apart = (static - falling) / (falling - START)
    notes = [
        "Rise with constant properties over that with falling ones, minus 1, in per cent:",
        "",
        "| minutes | " + " | ".join(PROBES) + " |",
        "|---" * (len(PROBES) + 1) + "|",
    ]
    for minute, row in enumerate(apart, start=1):
        notes.append(f"| {minute} | " + " | ".join(f"{100 * value:+.0f}" for value in row) + " |")
    notes += [
        "",
        f"Zone after 5 min: falling {zone[1]:.1f} x {zone[0]:.1f} mm, constant {other[1]:.1f} x {other[0]:.1f} mm.",
        f"|S11| with falling properties {summary['antennas'][0]['s11_start_db']:.1f} to "
        f"{summary['antennas'][0]['s11_end_db']:.1f} dB.",
    ]
    mean = 100.0 * float(np.abs(apart).mean())
    missing = summary["antennas"][0]["budget_residual_fraction"]
    figures = [
        Figure.near("mean difference of the rise, all times and places", mean, 32.8, 10.0, "%"),
        Figure(
            "zone grows longer along the needle", zone[0] - other[0], 10.0, ">= 5 mm", "mm", zone[0] - other[0] >= 5.0
        ),
        Figure.near("missing in the run's budget", missing, 0.0, 5e-3, ""),
    ]
    return StudyResult("Dielectric properties with and without temperature, 50 W", figures, "\n".join(notes))
