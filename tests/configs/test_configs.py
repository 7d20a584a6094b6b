"""Everything in ``configs/``: every case loads, is written out and loads again; generated files are current."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

import pennes.case
import pennes.ensemble.models
import pennes.ensemble.reference
from pennes.case.reference import generated_files
from pennes.case.schema import json_schema
from pennes.library.find import PACKAGE_DATA

CONFIGS = Path(__file__).parents[2] / "configs"
CASES = sorted((CONFIGS / "cases").glob("*.yaml"))
COHORTS = sorted((CONFIGS / "cohorts").glob("*.yaml"))
DEVICES = [*sorted((PACKAGE_DATA / "devices").glob("*.yaml")), CONFIGS / "cases" / "library" / "hooked_needle.yaml"]


def plain(file: Path):
    return YAML(typ="safe", pure=True).load(file)


def test_there_are_cases():
    assert "rfa_perivascular" in {file.stem for file in CASES}


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_case_survives_being_written_out_and_read_again(file, tmp_path):
    case = pennes.case.load(file)
    resolved = tmp_path / "case.yaml"
    resolved.write_text(pennes.case.dump(case))
    again = pennes.case.load(resolved)
    assert again == case
    assert pennes.case.dump(again) == resolved.read_text()
    assert pennes.case.case_sha256(again) == pennes.case.case_sha256(case)


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_case_says_in_words_what_it_is(file):
    assert file.read_text().startswith("# ")
    assert file.read_text().isascii()


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_schema_for_editors_accepts_case(file):
    jsonschema.Draft202012Validator(json_schema("case")).validate(plain(file))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_schema_for_editors_accepts_resolved_case(file):
    resolved = YAML(typ="safe", pure=True).load(pennes.case.dump(pennes.case.load(file)))
    jsonschema.Draft202012Validator(json_schema("case")).validate(resolved)


@pytest.mark.parametrize("file", sorted((PACKAGE_DATA / "tissues").glob("*.yaml")), ids=lambda file: file.stem)
def test_schema_for_editors_accepts_tissue(file):
    jsonschema.Draft202012Validator(json_schema("tissue")).validate(plain(file))


@pytest.mark.parametrize("file", DEVICES, ids=lambda file: file.stem)
def test_schema_for_editors_accepts_device(file):
    jsonschema.Draft202012Validator(json_schema("device")).validate(plain(file))


@pytest.mark.parametrize(
    ("key", "value"),
    [("ouput", {}), ("targets", [{"diametr": "25 mm", "tissue": "liver"}]), ("accuracy", "finer"), ("protocol", 3)],
)
def test_schema_for_editors_refuses_what_the_loader_refuses(key, value):
    spoilt = {**plain(CONFIGS / "cases" / "rfa_perivascular.yaml"), key: value}
    assert not jsonschema.Draft202012Validator(json_schema("case")).is_valid(spoilt)


@pytest.mark.parametrize("name", ["REFERENCE.md", "case.schema.json", "tissue.schema.json", "device.schema.json"])
def test_generated_file_is_current(name):
    """If not: ``python -m pennes.case.reference configs``."""
    assert (CONFIGS / name).read_text(encoding="utf-8") == generated_files()[name]


@pytest.mark.parametrize("name", ["COHORTS.md", "cohort.schema.json"])
def test_generated_file_about_cohorts_is_current(name):
    """If not: ``python -m pennes.ensemble.reference configs``."""
    assert (CONFIGS / name).read_text(encoding="utf-8") == pennes.ensemble.reference.generated_files()[name]


@pytest.mark.parametrize("file", COHORTS, ids=lambda file: file.stem)
def test_cohort_can_be_run(file):
    """Every input is found in its base case, every extreme is a case."""
    plan = pennes.ensemble.make_plan(file)
    plan.check()
    assert len(plan.rows) >= 2
    assert file.read_text().startswith("# ")
    assert file.read_text().isascii()
    jsonschema.Draft202012Validator(pennes.ensemble.models.Cohort.model_json_schema()).validate(plain(file))


def test_there_are_cohorts():
    assert {"rfa_uncertainty", "rfa_morris"} <= {file.stem for file in COHORTS}


@pytest.mark.parametrize("name", ["REFERENCE.md", "COHORTS.md"])
def test_reference_page_links_lead_to_headings(name):
    page = (CONFIGS / name).read_text()
    headings = {
        "".join(c for c in line[3:].lower().replace(" ", "-") if c.isalnum() or c in "-_")
        for line in page.splitlines()
        if line.startswith("## ")
    }
    links = {part.partition(")")[0] for part in page.split("](#")[1:]}
    assert links and links <= headings
