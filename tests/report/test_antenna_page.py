"""The report of a microwave treatment: absorption, reflection, power budget."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from synthetic import Settings, write_result
from test_page import Page

from pennes.errors import InputError
from pennes.report import write_report
from pennes.report.antenna import FLOWS, draw_absorption, draw_flows
from pennes.report.curves import draw_course
from pennes.report.fields import open_fields
from pennes.report.folder import read_result

BUDGET = {"set": 60e3, "cable": 12e3, "shaft": 2.5e3, "forward": 45e3, "reflected": 1e3, "absorbed": 39.5e3,
          "elsewhere": 0.5e3, "needle": 4.2e3, "radiated": 0.3e3}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """The synthetic result, as if an antenna had made it."""
    folder = write_result(tmp_path / "result", Settings(cells=10))
    summary = json.loads((folder / "summary.json").read_text())
    summary["antennas"] = [
        {
            "name": "antenna",
            "frequency_mhz": 2450.0,
            "s11_start_db": -10.4,
            "s11_worst_db": -10.4,
            "s11_end_db": -15.7,
            "budget_j": BUDGET,
            "budget_residual_fraction": 1e-11,
            "mapping_scale": [0.99, 1.0],
            "axis_spread_k": 3.4,
            "axis_spread_max_k": 4.2,
            "field_solves": 150,
            "section_triangles": 5833,
        }
    ]
    (folder / "summary.json").write_text(json.dumps(summary))
    with open(folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        on = bool(row["power_w"]) and float(row["power_w"]) > 0
        row |= {"s11_db": -12.0 if on else "", "reflected_w": 2.0 if on else 0.0}
    with open(folder / "history.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    with open(folder / "case.yaml", "a") as file:
        file.write("body: {tissue: {density: {value: 1079 kg/m^3}}}\n")
    return folder


def test_the_page_shows_what_an_antenna_did(folder):
    page = Page(write_report(folder).read_text())
    for words in ("Microwave antenna", "Specific absorption rate", "Missing in the budget: 1e-09 %", "up to 4.2 K"):
        assert words in page.text, words
    # Its numbers stand in the tables, energies in kJ.
    for words in ("Antenna antenna", "39.50 kJ", "reflected energy"):
        assert words in page.text.replace("\N{NO-BREAK SPACE}", " "), words
    course = draw_course(read_result(folder))
    assert "Impedance" not in course and "Reflection |S11|" in course


def test_the_shares_of_the_budget_add_up():
    assert sum(BUDGET[key] for key, _, _ in FLOWS) == pytest.approx(BUDGET["set"])


def test_absorption_is_shown_at_the_first_time_with_power_and_at_the_end_of_heating(folder):
    result = read_result(folder)
    source, first, last = draw_absorption(result, open_fields(folder))
    assert source.startswith("data:image/png;base64,")
    times = open_fields(folder).times("power_density")
    assert first == times[1] and first < last
    on = result.history["time_s"][np.nan_to_num(result.history["power_w"]) > 0]
    assert abs(last - on[-1]) == np.abs(times - on[-1]).min()


def test_small_shares_are_left_out_of_the_bar(folder):
    result = read_result(folder)
    result.summary["antennas"][0]["budget_j"] = {**BUDGET, "elsewhere": 1.0}
    text = draw_flows(result)
    assert "radiated farther" in text and "outside the mesh" not in text


def test_a_case_without_the_tissue_is_refused(folder):
    (folder / "case.yaml").write_text((folder / "case.yaml").read_text().replace("density", "thickness"))
    with pytest.raises(InputError, match="not a resolved case"):
        draw_absorption(read_result(folder), open_fields(folder))
