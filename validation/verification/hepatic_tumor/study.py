"""Case H: a hepatic tumour ablation that other programs have solved, on a mesh made as a user would bring it."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

from pennes.cli.validate import Figure, StudyResult

HERE = Path(__file__).parent
#: Probe of the case: reference (C) and tolerance (K).
TEMPERATURES = {"4 mm": (63.5, 1.0), "12 mm": (75.8, 1.0), "20 mm": (46.1, 1.0), "tine tip": (98.5, 3.0)}


def run(output: Path) -> StudyResult:
    """Mesh, run, and compare power, impedance, temperatures and volumes at 150 s."""
    output.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "case.yaml", output / "case.yaml")
    shutil.copytree(HERE / "library", output / "library", dirs_exist_ok=True)
    mesh = output / "hepatic_tumor.msh"
    if not mesh.exists():
        subprocess.run([sys.executable, HERE / "mesh.py", mesh], check=True)
    folder = output / "result"
    command = [sys.executable, "-m", "pennes", "run", output / "case.yaml", "-o", folder, "--overwrite"]
    subprocess.run([str(word) for word in command], check=True)
    with open(folder / "history.csv", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    summary = json.loads((folder / "summary.json").read_text())
    figures = [
        Figure.within("power", float(last["power_w"]), 15.6, 0.03, "W"),
        Figure.within("impedance", float(last["impedance_ohm"]), 31.0, 0.03, "ohm"),
    ]
    for name, (expected, tolerance) in TEMPERATURES.items():
        figures.append(Figure.near(f"T, {name}", float(last[f"probe:{name}_c"]), expected, tolerance, "C"))
    for criterion, name, expected in (("isotherm", "V(T > 50 C)", 5.79), ("arrhenius", "V(Omega > 1)", 5.43)):
        volume = summary["criteria"][criterion]["volume_ml"]
        figures.append(Figure.within(name, volume, expected, 0.10, "ml"))
    return StudyResult("Hepatic tumour ablation, cross-code (case H)", figures, "At 150 s, 22 V, default accuracy.")
