"""Published facts that no fit sees: COLLISION's failures, CLOCC's margins, sensitivity of imaging, slopes."""

import csv
from pathlib import Path

import numpy as np

from pennes.outcome.cohort import VirtualSeries
from pennes.outcome.confront import HeldOut
from pennes.outcome.description import SeriesDescription
from pennes.outcome.fit import predict
from pennes.outcome.hazard import Onset
from pennes.outcome.models import Group
from pennes.outcome.observation import written_down
from pennes.outcome.published import Stratum


def table(file: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with comments."""
    with file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def collision(
    data: Path, series: SeriesDescription, patients: VirtualSeries, found: HeldOut, onset: Onset, seed: int
) -> dict[str, float]:
    """Primary progression of COLLISION's tumours as predicted, beside what was left after repeated treatment."""
    facts = {row["quantity"]: row["value"] for row in table(data / "collision_cohort.csv")}
    tumours = int(facts["target_metastases"])
    failures = int(facts["local_failures_per_tumour_after_repeats"])
    rate = failures / tumours
    everyone = Stratum(series.name, "all", "size", 0.0, np.inf, None, rate, tumours, failures, None, "context")
    draws = predict(found.full, [Group(everyone, patients, series, onset)], seed, 800)[:, 0]
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"predicted": float(draws.mean()), "low": float(low), "high": float(high), "published": rate, "n": tumours}


def clocc(data: Path, patients: VirtualSeries, seed: int) -> list[dict[str, float | str]]:
    """Shares of margins, predicted in slices after weeks, beside those of CLOCC whose margin is known."""
    rows = {row["margin"]: int(row["total_n56"]) for row in table(data / "margins_achieved_clocc.csv")}
    known = sum(count for name, count in rows.items() if name != "unknown")
    read = written_down(patients.read_2d)
    predicted = {">=10 mm": read >= 10, "<10 mm": (read > 0) & (read < 10), "no margin": read == 0}
    rng = np.random.default_rng(seed)
    found = []
    for name, inside in predicted.items():
        share = float(inside.mean())
        low, high = np.quantile(rng.binomial(known, share, size=4000) / known, [0.025, 0.975])
        found.append(
            {"margin": name, "predicted": share, "low": low, "high": high, "published": rows[name] / known, "n": known}
        )
    return found


def imaging(data: Path, patients: VirtualSeries) -> list[dict[str, float | str]]:
    """Metastases that a modality misses for each one that it shows, with the sizes of the series."""
    small = float(np.mean(2.0 * patients.tumours.radius < 10.0))
    rows = {
        (row["modality"], row["lesions"]): float(row["sensitivity"]) / 100.0
        for row in table(data / "imaging_sensitivity.csv")
    }
    found = []
    for modality in ("CT", "MRI"):
        of_small, of_large = rows[modality, "<10 mm"], rows[modality, ">=10 mm"]
        missed = small * (1.0 / of_small - 1.0) + (1.0 - small) * (1.0 / of_large - 1.0)
        found.append({"modality": modality, "small": small, "missed": missed})
    return found


def published_slopes(data: Path) -> dict[str, tuple[float, float]]:
    """Hazard ratios per 5 mm, lowest and highest published, by what they are for."""
    found: dict[str, list[float]] = {}
    for row in table(data / "margin_slopes.csv"):
        key = f"{row['quantity']} {row['reading']}".strip()
        found.setdefault(key, []).append(float(row["hazard_ratio"]) ** (5.0 / float(row["per_mm"])))
    return {key: (min(values), max(values)) for key, values in found.items()}
