"""The atlases that ship: margins of simulations that were not seen, and risk beside Monte Carlo in simulation."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure, StudyResult
from pennes.errors import InputError
from pennes.risk import Atlas, Question, known_devices
from pennes.risk.cohort import read_values
from pennes.risk.fit import NINETY

SIMULATED = Path(__file__).with_name("data.csv")
RMSE, BIAS, RISK = 0.7, 0.3, 0.05
WANTED = (0.0, 2.5, 5.0, 7.5, 10.0)
"""Minimal margins, mm, whose probability is compared."""
BANDS = ((0.0, 3.0), (3.0, 7.0), (7.0, 11.0), (11.0, 16.0))
"""Distances between target and vessel, mm."""
QUESTIONS = {
    "atlas_check_rf_near": ("cooled_tip_3cm", Question(20.0, 6.0, 4.0, samples=1024)),
    "atlas_check_rf_far": ("cooled_tip_3cm", Question(20.0, 4.0, 10.0, samples=1024)),
    "atlas_check_mwa": ("mwa_cooled_slot_14g", Question(25.0, 6.0, 8.0, samples=1024)),
}
"""By the name of the cohort (``configs/cohorts``) that asks the same in simulation."""


def run(output: Path) -> StudyResult:
    """Errors on runs not seen, by distance too; directions that physics prescribes; risk against simulation."""
    names = known_devices()
    if not names:
        raise InputError("no atlas is built in", expected="'pennes risk --build' first")
    figures, pictures, notes = [], [], []
    for name in names:
        atlas = Atlas.load(name)
        figures += unseen(atlas)
        pictures.append(draw(atlas, output / f"{name}.png"))
        wrong, most = against_physics(atlas)
        notes.append(f"{name}: {wrong} of the steps of a grid go against physics, by {100 * most:.2f} % at most")
        figures.append(Figure(f"{name}: steps against physics", most, 0.0, "<= 0.02", "", most <= 0.02))
    figures += against_simulation()
    return StudyResult("The atlas against simulations", figures, "; ".join(notes), pictures)


def unseen(atlas: Atlas) -> list[Figure]:
    """Of each run as it was predicted by an emulator made without it."""
    values, name = atlas.runs, atlas.device
    error = values["predicted"] - values["margin"]
    share = float(np.mean(np.abs(error) <= NINETY * values["sd"]))
    rmse = float(np.sqrt(np.mean(error**2)))
    figures = [
        Figure(f"{name}: runs predicted unseen", len(error), 100, ">= 100", "", len(error) >= 100),
        Figure(f"{name}: minimal margin, root mean square", rmse, 0.0, f"<= {RMSE:g}", "mm", rmse <= RMSE),
        Figure(f"{name}: held by 90 % intervals", share, 0.9, "0.85 to 0.95", "", 0.85 <= share <= 0.95),
    ]
    present = values["vessel_radius"] > 0
    distance = values["gap"] - values["x"] - values["target_radius"]
    groups = [("without a vessel", ~present)]
    groups += [
        (f"vessel at {low:g} to {high:g} mm", present & (distance >= low) & (distance < high)) for low, high in BANDS
    ]
    for words, rows in groups:
        if rows.sum() < 3:
            continue
        mean, unsure = float(error[rows].mean()), float(error[rows].std(ddof=1) / np.sqrt(rows.sum()))
        passed = abs(mean) <= max(BIAS, 2.0 * unsure)
        tolerance = f"{BIAS:g}, or two standard errors ({unsure:.2f} each, {rows.sum()} runs)"
        figures.append(Figure(f"{name}: bias, {words}", mean, 0.0, tolerance, "mm", passed))
    return figures


def against_physics(atlas: Atlas) -> tuple[int, float]:
    """How often, and by how much at most, the probability of full cover falls with time or distance, or rises with the
    tumour's size."""
    ranges, wrong, most = atlas.header["ranges"], 0, 0.0

    def grid(name: str, count: int) -> list[float]:
        return np.linspace(*ranges[name], count).tolist()

    def likely(tumour: float, distance: float, time: float) -> float:
        return atlas.query(Question(tumour, 6.0, distance, time)).probability(0.0)

    rows = []
    for tumour in grid("tumour_mm", 6):
        rows += [[likely(tumour, d, time) for d in grid("distance_mm", 7)] for time in grid("duration_s", 3)]
        rows += [[likely(tumour, d, time) for time in grid("duration_s", 7)] for d in grid("distance_mm", 3)]
    for d in grid("distance_mm", 3):
        rows.append([likely(tumour, d, atlas.header["duration_s"]) for tumour in reversed(grid("tumour_mm", 10))])
    for row in rows:
        falls = [before - after for before, after in pairwise(row) if after < before - 1e-3]
        wrong, most = wrong + len(falls), max([most, *falls])
    return wrong, most


def against_simulation() -> list[Figure]:
    """Probabilities from the emulator and from simulations of the same question, and the margin of each of these, none of
    which an atlas was made of (``data.csv``)."""
    with SIMULATED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    figures = []
    for name, (device, question) in QUESTIONS.items():
        own = [row for row in rows if row["cohort"] == name]
        margins = np.array([float(row["minimal_margin_mm"]) for row in own])
        if not own:
            figures.append(Figure(f"{name}: simulated", 0, 1, ">= 1", "", False))
            continue
        atlas = Atlas.load(device)
        found = atlas.query(question)
        for wanted in WANTED:
            words = f"{name}: P(margin >= {wanted:g} mm), {len(margins)} simulations"
            figures.append(Figure.near(words, found.probability(wanted), float(np.mean(margins >= wanted)), RISK, ""))
        values = [json.loads(row["values"]) for row in own]
        error = atlas.emulator.margins({key: np.array([v[key] for v in values]) for key in values[0]}).mean - margins
        rmse = float(np.sqrt(np.mean(error**2)))
        figures.append(
            Figure(f"{name}: minimal margin, root mean square", rmse, 0.0, f"<= {RMSE:g}", "mm", rmse <= RMSE)
        )
    return figures


def gather(*folders: str) -> None:
    """Write ``data.csv`` from the folders of the three cohorts, after they were run."""
    with SIMULATED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["cohort", "case", "minimal_margin_mm", "values"])
        for folder in map(Path, folders):
            atlas = Atlas.load(QUESTIONS[folder.name][0])
            for key, margin, values in read_values(folder, atlas):
                numbers = {name: float(f"{value:.6g}") for name, value in values.items()}
                writer.writerow([folder.name, key, f"{margin:.4f}", json.dumps(numbers)])


def draw(atlas: Atlas, path: Path) -> Path:
    """Predicted beside simulated margins, and how many intervals hold what they should."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    simulated, emulated, sd = (atlas.runs[name] for name in ("margin", "predicted", "sd"))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.2), layout="constrained")
    left.errorbar(simulated, emulated, NINETY * sd, fmt="o", markersize=3, linewidth=0.7)
    ends = [min(simulated.min(), emulated.min()), max(simulated.max(), emulated.max())]
    left.plot(ends, ends, color="black", linewidth=0.8)
    left.set_xlabel("simulated minimal margin, mm")
    left.set_ylabel("emulated, with 90 % interval, mm")
    left.set_title(f"{atlas.device}: {len(sd)} runs, each unseen", fontsize=10)
    score = np.sort(np.abs(simulated - emulated) / sd)
    from scipy.special import erf

    right.plot(erf(score / np.sqrt(2.0)), (np.arange(len(score)) + 0.5) / len(score))
    right.plot([0, 1], [0, 1], color="black", linewidth=0.8)
    right.set_xlabel("interval's probability")
    right.set_ylabel("share of runs inside")
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return path


if __name__ == "__main__":
    import sys

    gather(*sys.argv[1:])
