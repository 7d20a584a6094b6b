"""The atlases that ship: small, with their provenance, as far off as the README says, and with physics' direction."""

from __future__ import annotations

import pytest

from pennes.case import load
from pennes.risk.atlas import DATA, Atlas, known_devices
from pennes.risk.build import errors, folds
from pennes.risk.query import Question


@pytest.fixture(params=known_devices())
def atlas(request) -> Atlas:
    return Atlas.load(request.param)


def test_the_electrode_ships():
    assert "cooled_tip_3cm" in known_devices()


def test_file_is_small_and_says_where_it_comes_from(atlas):
    assert (DATA / f"{atlas.device}.npz").stat().st_size < 300_000
    made, runs = atlas.header["provenance"], atlas.runs
    assert made["runs"] == len(runs["key"]) == len(set(runs["case_sha256"])) >= 200
    assert all(len(str(sha)) == 64 for sha in runs["case_sha256"])
    assert (folds(tuple(runs["key"].tolist()), made["seed"]) == runs["fold"]).all()


def test_errors_are_those_of_the_runs_in_it(atlas):
    given, runs = atlas.header["errors"], atlas.runs
    again = errors(runs["predicted"], runs["sd"], runs["margin"])
    assert given == pytest.approx(again, rel=1e-4)
    assert given["rmse_mm"] <= 0.7
    assert 0.85 <= given["share_in_90"] <= 0.95


def test_protocol_is_that_of_the_library(atlas):
    cases = {"cooled_tip_3cm": "rfa_perivascular", "mwa_cooled_slot_14g": "mwa_perivascular"}
    base = load(DATA.parents[3] / "configs" / "cases" / f"{cases[atlas.device]}.yaml")
    assert base.protocol.name == atlas.header["protocol"]
    assert base.protocol.duration == atlas.header["duration_s"]
    assert base.protocol.set_power == atlas.header["power_w"]


def test_wider_tumours_are_covered_less_and_nearer_vessels_cost_more(atlas):
    covered = [atlas.query(Question(d, 6.0, 3.0)).probability(0.0) for d in (15.0, 25.0, 35.0)]
    assert covered == sorted(covered, reverse=True)
    costs = []
    for distance in (1.0, 5.0, 12.0):
        found = atlas.query(Question(20.0, 8.0, distance))
        costs.append(found.without_vessel.expected_mm - found.expected_mm)
    assert costs == sorted(costs, reverse=True)
