"""The verdict and the tables, in words."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from synthetic import Settings, write_result

from pennes.report import words
from pennes.report.folder import Result, read_result
from pennes.report.tables import LONGEST_OPEN, tables


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Result:
    return read_result(write_result(tmp_path_factory.mktemp("result"), Settings(cells=6, times=2)))


@pytest.fixture
def result(original) -> Result:
    return copy.deepcopy(original)


def table(result: Result, title: str) -> dict[str, tuple[str, ...]]:
    found = next(table for table in tables(result) if table.title.startswith(title))
    assert all(len(row) == len(found.header) for row in found.rows)
    return {row[0]: row[1:] for row in found.rows}


def test_margin_that_is_missed(result):
    state, headline, text = words.verdict(result)
    assert (state, headline) == ("missed", "The required margin of 5\N{NO-BREAK SPACE}mm is not reached")
    assert "towards the hepatic vein" in text
    assert "negative" not in text


def test_margin_that_is_reached(result):
    result.summary["targets"][0].update(required_margin_mm=1.0, achieved=True)
    state, headline, _ = words.verdict(result)
    assert (state, headline) == ("reached", "The required margin of 1\N{NO-BREAK SPACE}mm is reached")


def test_negative_margin_is_called_uncovered(result):
    result.summary["targets"][0].update(minimal_margin_mm=-2.3)
    text = words.verdict(result)[2]
    assert "\N{MINUS SIGN}2.3\N{NO-BREAK SPACE}mm (negative: tumour is left uncovered)" in text


def test_place_of_the_worst_point_without_words_of_the_summary(result):
    """From (0, 12.5, 0) mm to the wall of a 6 mm vein whose axis is at y = 20.5 mm: 5 mm."""
    result.summary["targets"][0].update(worst_direction=None, worst_point_mm=[0.0, 12.5, 0.0])
    assert "5.0\N{NO-BREAK SPACE}mm from the wall of hepatic vein" in words.verdict(result)[2]


def test_verdict_changes_with_the_criterion(result):
    result.summary["criteria"]["cem43"]["minimal_margin_mm"]["metastasis"] = 5.4
    result.summary["criteria"]["isotherm"]["minimal_margin_mm"]["metastasis"] = None
    rows = table(result, "Zone and verdict")
    assert rows["CEM43 (thermal dose)"][1:] == ("5.4\N{NO-BREAK SPACE}mm", "reached")
    assert rows["Arrhenius damage (of this case)"][2] == "not reached"
    assert rows["isotherm"][1:] == (words.NONE, "not reached")


def test_shares_of_the_surface_add_up(result):
    shares = table(result, "Share of the target's surface")["metastasis"]
    assert np.isclose(sum(float(cell.split("\N{NO-BREAK SPACE}")[0]) for cell in shares[:4]), 100.0, atol=0.2)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("deposited_j", 71400.0, ("deposited", "71.40 kJ")),
        ("simulated_s", 90.0, ("simulated time", "1.50 min")),
        ("residual_fraction", -0.0005, ("largest residual", "\N{MINUS SIGN}0.050 %")),
        ("impedance_min_ohm", None, ("impedance min", words.NONE)),
        ("vertices", 29817, ("vertices", "29\N{THIN SPACE}817")),
        ("platform", "Linux", ("platform", "Linux")),
    ],
)
def test_keys_of_the_summary_become_names_and_units(key, value, expected):
    name, text = words.quantity(key, value)
    assert (name, text.replace("\N{NO-BREAK SPACE}", " ")) == expected


def test_case_is_read_with_branches(tmp_path: Path):
    folder = write_result(tmp_path / "result", Settings(cells=6, times=2))
    case = folder / "case.yaml"
    branch = "branches: [{path: [[60 mm, 40 mm, 0 mm]], diameter: 4 mm, branches: []}]"
    case.write_text(case.read_text().replace("branches: []", branch))
    trunk, twig = read_result(folder).tubes
    assert (trunk.radius, twig.radius) == (3.0, 2.0)
    assert np.allclose(twig.path, [[60.0, 20.5, 0.0], [60.0, 40.0, 0.0]])


@pytest.mark.parametrize(("count", "folded"), [(LONGEST_OPEN, ""), (LONGEST_OPEN + 1, "13 decisions: 13 × roll off")])
def test_a_long_list_of_decisions_is_folded(count, folded, result):
    events = [{"time_s": 10.0 * k, "kind": "roll_off", "message": "120 ohm"} for k in range(count)]
    result.summary["generator"]["events"] = events
    found = next(table for table in tables(result) if table.title == "What the generator decided")
    assert len(found.rows) == count
    assert found.folded == folded
