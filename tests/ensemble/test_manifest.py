"""The manifest: quick, the same again, and refused where the base case is another."""

from __future__ import annotations

import json
import re
import time

import pytest

from pennes.case import load
from pennes.ensemble.folder import CohortFolder
from pennes.ensemble.manifest import read_manifest, read_shares
from pennes.ensemble.plan import make_plan
from pennes.ensemble.progress import status
from pennes.ensemble.run import Options, run_cohort
from pennes.errors import InputError
from tiny_cohort import CASE, COHORT, write_cohort

DRY = Options(dry_run=True)


def test_of_ten_thousand_cases_in_five_seconds_and_their_status_in_two(tmp_path):
    """Processor time of this process: the machine may be busy with other things."""
    text = COHORT.replace("size: 4", "size: 10000")
    folder = tmp_path / "out"
    before = time.process_time()
    progress = run_cohort(write_cohort(tmp_path, text), folder, DRY)
    assert time.process_time() - before <= 5.0
    assert (progress.cases, progress.missing) == (10_000, 10_000)
    for row in read_manifest(CohortFolder(folder)).rows[::5]:
        result = CohortFolder(folder).result(row.key)
        result.mkdir(parents=True)
        (result / "summary.json").write_text("{}\n")
    before = time.process_time()
    found = status(CohortFolder(folder))
    assert time.process_time() - before <= 2.0
    assert (found.done, found.missing) == (2_000, 8_000)


def test_what_is_read_back_is_what_was_planned(tmp_path):
    path, folder = write_cohort(tmp_path), CohortFolder(tmp_path / "out")
    run_cohort(path, folder.path, DRY)
    plan, manifest = make_plan(path), read_manifest(folder)
    assert manifest.rows == plan.rows
    assert manifest.header["inputs"] == [
        {"name": "perfusion", "unit": "", "meaning": "factor on body.tissue.perfusion (0.0064 1/s)"},
        {"name": "lesion", "unit": "mm", "meaning": "value of targets.lesion.diameter"},
    ]
    assert read_shares(folder, 2) == plan.shares.tolist()
    frozen = folder.path / manifest.header["base"]["file"]
    for row in manifest.rows:
        assert load(frozen, row.settings) == load(tmp_path / "tiny.yaml", ("output.report=false", *row.settings))


def test_a_changed_base_case_is_refused_and_nothing_is_touched(tmp_path):
    path, folder = write_cohort(tmp_path), tmp_path / "out"
    run_cohort(path, folder, DRY)
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    write_cohort(tmp_path, case=CASE.replace("20 W", "25 W"))
    message = r"tiny\.yaml: the base case has changed.*20 W.*25 W.*--accept-changed-base"
    with pytest.raises(InputError, match=message):
        run_cohort(path, folder, DRY)
    assert {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} == before


def test_a_changed_base_case_is_accepted_where_that_is_asked_for(tmp_path):
    path, folder = write_cohort(tmp_path), tmp_path / "out"
    run_cohort(path, folder, DRY)
    old = json.loads((folder / "cohort.json").read_text())["base"]
    write_cohort(tmp_path, case=CASE.replace("20 W", "25 W"))
    run_cohort(path, folder, Options(dry_run=True, accept_changed_base=True))
    new = json.loads((folder / "cohort.json").read_text())["base"]
    assert new["sha256"] != old["sha256"]
    assert new["earlier"] == [old["sha256"]]
    assert "25 W" in (folder / new["file"]).read_text()
    run_cohort(path, folder, DRY)  # it is the base case now


def test_comments_and_titles_do_not_make_another_base_case(tmp_path):
    path, folder = write_cohort(tmp_path), tmp_path / "out"
    run_cohort(path, folder, DRY)
    (tmp_path / "tiny.yaml").write_text("# the same\n" + CASE)
    run_cohort(path, folder, DRY)


def test_the_manifest_that_was_written_counts_for_the_same_cohort(tmp_path):
    """Another version of a library may draw other samples: what was begun is finished."""
    path, folder = write_cohort(tmp_path), CohortFolder(tmp_path / "out")
    run_cohort(path, folder.path, DRY)
    lines = folder.manifest_file.read_text().splitlines()
    lines[1] = re.sub(r"^0,[0-9a-f]{64}", "0," + "ab" * 32, lines[1])
    folder.manifest_file.write_text("\n".join(lines) + "\n")
    run_cohort(path, folder.path, DRY)
    assert read_manifest(folder).rows[0].key == "ab" * 8


def test_a_damaged_manifest_is_refused(tmp_path):
    path, folder = write_cohort(tmp_path), CohortFolder(tmp_path / "out")
    run_cohort(path, folder.path, DRY)
    text = folder.manifest_file.read_text()
    folder.manifest_file.write_text(text[: len(text) // 2])
    with pytest.raises(InputError, match=r"manifest\.csv: "):
        status(folder)


def test_a_folder_that_holds_something_else_is_refused(tmp_path):
    path = write_cohort(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("")
    with pytest.raises(InputError, match=r"holds what is no cohort \(thesis\.tex\)"):
        run_cohort(path, tmp_path / "out", DRY)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_a_cohort_whose_first_manifest_was_not_finished_can_be_begun_again(tmp_path):
    path = write_cohort(tmp_path)
    run_cohort(path, tmp_path / "out", DRY)
    (tmp_path / "out" / "cohort.json").unlink()
    assert run_cohort(path, tmp_path / "out", DRY).missing == 4


def test_status_before_the_first_run_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"no cohort here yet.*'pennes ensemble run'"):
        status(CohortFolder(tmp_path))
