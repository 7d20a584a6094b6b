"""The table of the subsample in full simulation, and what the study says of it."""

import csv
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from pennes.outcome.surface import directions
from pennes.risk import Atlas
from pennes.risk.features import GEOMETRY

FILE = Path(__file__).parents[2] / "validation/recurrence/published_series/simulated.py"
spec = importlib.util.spec_from_file_location("recurrence_subsample", FILE)
subsample = importlib.util.module_from_spec(spec)
spec.loader.exec_module(subsample)


def write(file, off=0.0, count=60):
    """A table of runs whose margins are the emulated ones, ``off`` mm wider for tumours beyond 40 mm."""
    atlas = Atlas.load(subsample.DEVICE)
    names = (*GEOMETRY, *atlas.emulator.inputs)
    columns = {name: atlas.runs[name][:count].copy() for name in names}
    columns["target_radius"][:10] = 23.0
    zones = atlas.emulator.zones(columns, with_error=False)
    centre = np.column_stack([columns["x"], np.abs(columns["y"]), columns["z"]])
    margins = zones.signed_distance(centre[:, None] + columns["target_radius"][:, None, None] * directions(400))
    margins += np.where(columns["target_radius"] > 20.0, off, 0.0)[:, None]
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["case", *subsample.COLUMNS, "values"])
        for row, one in enumerate(margins):
            values = {name: None if np.isinf(c[row]) else float(c[row]) for name, c in columns.items()}
            numbers = [one.min(), *np.quantile(one, [0.25, 0.5, 0.75]), (one < 0).mean()]
            writer.writerow([f"c{row}", *numbers, json.dumps(values)])


def passed(file):
    return [line.passed for line in subsample.lines(subsample.compare(file))]


def test_equal_zones_pass_and_others_fail(tmp_path):
    write(tmp_path / "same.csv")
    found = subsample.compare(tmp_path / "same.csv")
    assert found["minimal_margin_mm"][0] == pytest.approx(found["minimal_margin_mm"][1], abs=1e-6)
    assert passed(tmp_path / "same.csv") == [True] * 4
    write(tmp_path / "other.csv", off=1.0)
    assert passed(tmp_path / "other.csv") == [True, True, False, True]
    write(tmp_path / "few.csv", count=20)
    assert not passed(tmp_path / "few.csv")[0]


def test_a_cohort_that_was_not_run_is_said_to_fail(tmp_path):
    assert passed(tmp_path / "missing.csv") == [False]
