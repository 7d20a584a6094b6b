"""A subsample of virtual patients in full simulation (configs/cohorts/recurrence_check.yaml) beside the emulated zones.

``python simulated.py FOLDER`` writes the table from the cohort's folder; the study reads the table.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure
from pennes.outcome.surface import directions
from pennes.risk import Atlas
from pennes.risk.cohort import read_values

TABLE = Path(__file__).with_name("simulated.csv")
DEVICE = "cooled_tip_3cm"
POINTS = 400
LIMIT = 0.7
"""mm, as for the atlas itself."""
LARGEST = 40.0
"""mm: the largest tumours that the atlas was made of."""
COLUMNS = ("minimal_margin_mm", "first_quartile_mm", "median_mm", "third_quartile_mm", "uncovered_share")


def gather(folder: Path, table: Path = TABLE) -> int:
    """Write ``table`` of the cohort's ``folder``; how many rows. Raises InputError for runs of another kind."""
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", *COLUMNS, "values"])
        count = 0
        for key, margin, values in read_values(folder, Atlas.load(DEVICE)):
            summary = json.loads(next(folder.glob(f"cases/*/{key}/summary.json")).read_text(encoding="utf-8"))
            target = summary["targets"][0]
            numbers = [margin, *target["quartiles_mm"], target["surface_share"]["below_0"]]
            kept = {name: None if np.isinf(value) else float(f"{value:.6g}") for name, value in values.items()}
            writer.writerow([key, *(f"{number:.4f}" for number in numbers), json.dumps(kept)])
            count += 1
    return count


def compare(table: Path = TABLE) -> dict[str, np.ndarray] | None:
    """By name of a column what was simulated and what is emulated (2, runs), and ``tumour`` (runs,) mm; None where the
    cohort was not run."""
    if not table.is_file():
        return None
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    values = [json.loads(row["values"]) for row in rows]
    columns = {name: np.array([np.inf if v[name] is None else v[name] for v in values]) for name in values[0]}
    zones = Atlas.load(DEVICE).emulator.zones(columns, with_error=False)
    centre = np.column_stack([columns["x"], np.abs(columns["y"]), columns["z"]])
    surface = centre[:, None] + columns["target_radius"][:, None, None] * directions(POINTS)
    margins = zones.signed_distance(surface)
    emulated = [margins.min(axis=1), *np.quantile(margins, [0.25, 0.5, 0.75], axis=1), (margins < 0.0).mean(axis=1)]
    simulated = np.array([[float(row[name]) for name in COLUMNS] for row in rows]).T
    found = {name: np.array([simulated[n], emulated[n]]) for n, name in enumerate(COLUMNS)}
    return found | {"tumour": 2.0 * columns["target_radius"]}


def lines(found: dict[str, np.ndarray] | None) -> list[Figure]:
    """Whether emulated zones stand for simulated ones, also around tumours that are larger than the atlas'."""
    if found is None:
        return [Figure("8 full simulation of a subsample", "not run", ">= 48 patients", "", "", False)]
    count = len(found["tumour"])
    error = found["minimal_margin_mm"][1] - found["minimal_margin_mm"][0]
    larger = found["tumour"] > LARGEST
    groups = (("tumours up to 40 mm", ~larger), ("tumours beyond 40 mm", larger))
    figures = [Figure("8 full simulation of a subsample", count, ">= 48", "", "patients", count >= 48)]
    for words, mask in groups:
        rms = float(np.sqrt(np.mean(error[mask] ** 2))) if mask.any() else np.inf
        name = f"8 emulated against simulated minimal margin, root mean square, {words} ({mask.sum()})"
        figures.append(Figure(name, rms, f"<= {LIMIT:g}", "", "mm", rms <= LIMIT))
    median = found["median_mm"][1] - found["median_mm"][0]
    bias = float(median.mean())
    figures.append(Figure("8 emulated less simulated median margin", bias, "-0.5 to 0.5", "", "mm", abs(bias) <= 0.5))
    return figures


if __name__ == "__main__":
    print(f"{gather(Path(sys.argv[1]))} runs -> {TABLE}")
