"""summary.json: the keys that others rely on, checked and documented."""

from __future__ import annotations

import json

import jsonschema
import pytest

from pennes.errors import InputError, SolverError
from pennes.result import ResultFolder, make_summary, read_summary
from pennes.result.summary import schema_text
from summaries import summary_data

CONTRACT = {
    "": "schema provenance mesh time temperature zone targets vessels generator energy organs warnings",
    "provenance": "version packages ranks case_sha256",
    "mesh": "vertices cells h_min_mm",
    "time": "simulated_s steps wall_s loop_wall_s setup_wall_s",
    "temperature": "max_c",
    "zone": "criterion volume_ml diameters_mm",
    "targets": "name volume_ml required_margin_mm minimal_margin_mm worst_point_mm covered_fraction surface_share "
    "achieved",
    "vessels": "name cooling_power_w heat_removed_j",
    "generator": "energy_delivered_j mean_power_w",
    "energy": "deposited_j stored_j perfusion_j vessels_j surface_j residual_fraction",
    "organs": "name max_c max_cem43_min",
}


@pytest.fixture
def written(tmp_path):
    folder = ResultFolder.create(tmp_path / "case")
    folder.write_summary(summary_data())
    return json.loads((folder.path / "summary.json").read_text())


@pytest.mark.parametrize("place", CONTRACT)
def test_the_keys_of_the_contract_are_written(written, place):
    block = written[place] if place else written
    block = block[0] if isinstance(block, list) else block
    assert set(CONTRACT[place].split()) <= set(block)


def test_the_shares_have_the_names_of_the_contract(written):
    assert list(written["targets"][0]["surface_share"]) == ["below_0", "0_to_5", "5_to_10", "above_10"]


def test_what_is_written_fits_the_published_schema_and_a_wrong_one_does_not(written):
    schema = json.loads(schema_text())
    jsonschema.validate(written, schema)
    written["targets"][0]["surface_share"]["below_0"] = 1.5
    with pytest.raises(jsonschema.ValidationError, match=r"1\.5"):
        jsonschema.validate(written, schema)


def test_what_was_written_is_read_back(tmp_path):
    folder = ResultFolder.create(tmp_path / "case")
    summary = folder.write_summary(summary_data())
    assert read_summary(folder.path / "summary.json") == summary


@pytest.mark.parametrize("place", [key for key in CONTRACT if key])
def test_a_missing_block_is_named(place):
    data = summary_data()
    del data[place]
    with pytest.raises(SolverError, match=place):
        make_summary(data)


def test_an_unknown_key_is_named():
    data = summary_data()
    data["zone"]["volum_ml"] = 1.0
    with pytest.raises(SolverError, match=r"zone\.volum_ml"):
        make_summary(data)


def test_no_zone_means_no_minimal_margin():
    data = summary_data()
    data["targets"][0] |= {"minimal_margin_mm": float("nan"), "worst_point_mm": None}
    assert make_summary(data).targets[0].minimal_margin_mm is None


def test_another_schema_is_refused(tmp_path):
    (tmp_path / "summary.json").write_text(json.dumps(summary_data() | {"schema": "pennes.summary/9"}))
    with pytest.raises(InputError, match=r"summary\.json.*schema"):
        read_summary(tmp_path / "summary.json")


def test_the_schema_says_what_the_keys_mean():
    schema = json.loads(schema_text())
    target = schema["$defs"]["Target"]["properties"]
    assert "negative where target is left uncovered" in target["minimal_margin_mm"]["description"]
    assert "0_to_5" in schema["$defs"]["SurfaceShare"]["properties"]
