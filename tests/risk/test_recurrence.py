"""Local progression of a planned treatment: from the atlas' zones and the fit to published series."""

import json
import subprocess
import sys

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from pennes.cli.app import app
from pennes.outcome.hazard import PARAMETERS, Onset, progression
from pennes.outcome.saved import SavedFit, read_fit
from pennes.risk.atlas import Atlas
from pennes.risk.distributions import SHARES
from pennes.risk.query import Question
from pennes.risk.recurrence import SAMPLES, margin_maps, recurrence
from pennes.risk.report import as_dict, as_text, json_schema

ATLAS = Atlas.load("cooled_tip_3cm")
SURE = SavedFit(np.array([[np.log(1e-3), np.log(1e-4), np.log(1.7), np.log(7.5), 1.0, -30.0]]), Onset(), ("a, <2",),
                {"zones": "some", "version": "0", "seed": 1})  # fmt: skip


def rows(data):
    return {(row["ras"], row["months"]): row for row in data["progression"]}


@pytest.mark.parametrize("question", [Question(22.0, 6.0, 5.0), Question(22.0)], ids=["beside a vessel", "no vessel"])
def test_the_worst_of_the_map_is_the_margin_of_the_answer(question):
    found = ATLAS.query(question)
    error = np.interp(found.error_shares, SHARES, ATLAS.normal)[:SAMPLES]
    expected = found.margins.mean[:SAMPLES] + found.margins.sd[:SAMPLES] * error
    away = margin_maps(found).min(axis=1) - expected
    assert np.median(np.abs(away)) < 0.3 and np.quantile(np.abs(away), 0.95) < 1.0


def test_without_uncertainty_of_the_fit_it_is_the_hazard_on_the_map():
    found = ATLAS.query(Question(25.0, 6.0, 4.0))
    maps, area = margin_maps(found), 4.0 * np.pi * 12.5**2 / 80
    near = 1e-3 * (np.exp(-maps / 1.7) * area).sum(axis=1) + 1e-4 * (np.exp(-maps / 7.5) * area).sum(axis=1)
    got = rows(recurrence(found, SURE))
    for status, ratio in (("wild type", 1.0), ("mutant", np.e)):
        expected = progression(np.log(near * ratio), Onset().seen_by(24.0)).mean()
        assert got[status, 24.0]["probability"] == pytest.approx(expected, rel=1e-6)
    low, high = got["mutant", 12.0]["interval_90"]
    assert low == pytest.approx(high)


def test_larger_tumours_and_nearer_vessels_are_worse():
    def risk(*asked):
        return rows(recurrence(ATLAS.query(Question(*asked))))["unknown", 24.0]["probability"]

    assert risk(15.0, 6.0, 8.0) < risk(25.0, 6.0, 8.0) < risk(35.0, 6.0, 8.0)
    assert risk(25.0, 8.0, 0.5) > 1.1 * risk(25.0)


def test_json_follows_its_schema_and_the_text_says_the_same():
    found = ATLAS.query(Question(25.0, 6.0, 8.0))
    data = json.loads(json.dumps(as_dict(found, [], recurrence=True)))
    jsonschema.Draft202012Validator(json_schema()).validate(data)
    assert as_dict(found, [])["recurrence"] is None
    text, known = as_text(data), rows(data["recurrence"])
    for months, words in ((12.0, "1 year"), (24.0, "2 years")):
        assert f"{words} {100 * known['mutant', months]['probability']:.0f} %" in text
    assert data["recurrence"]["fit"]["zones"] in text and "progression" not in as_text(as_dict(found, []))
    for row in data["recurrence"]["progression"]:
        assert 0.0 < row["interval_90"][0] < row["probability"] < row["interval_90"][1] < 1.0


def test_the_command_and_about_say_which_fit():
    asked = ["risk", "--device", "cooled_tip_3cm", "--tumour", "25mm", "--vessel", "none", "--recurrence", "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["recurrence"]["fit"]["zones"] == read_fit().provenance["zones"]
    about = CliRunner().invoke(app, ["risk", "--about"])
    assert read_fit().provenance["zones"] in about.output
    told = json.loads(CliRunner().invoke(app, ["risk", "--about", "--json"]).output)
    assert told[0]["recurrence_fit"]["strata"] == list(read_fit().strata)


def test_it_does_not_wait_for_what_it_does_not_need():
    code = (
        "import sys\nfrom pennes.risk import Atlas, Question\nfrom pennes.risk.recurrence import recurrence\n"
        "recurrence(Atlas.load('cooled_tip_3cm').query(Question(25.0, 6.0, 8.0)))\n"
        "slow = {'scipy.stats', 'scipy.optimize', 'pydantic', 'dolfinx', 'matplotlib'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_parameters_of_a_fit_are_those_of_the_hazard():
    assert read_fit().draws.shape[1] == len(PARAMETERS)
