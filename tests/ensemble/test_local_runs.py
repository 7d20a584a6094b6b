"""Cohorts on this machine: run, gone on with, and everything that can go wrong in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from pennes.ensemble.folder import CohortFolder
from pennes.ensemble.worklist import read_worklist
from tiny_cohort import COHORT, SLOW, ensemble, finish, manifest, running, start, summaries, wait_until, write_cohort

LISTED = COHORT.replace("distribution: {kind: uniform, low: 8 mm, high: 1.2 cm}", "values: [8 mm, 90 mm]").replace(
    "sobol, size: 4, seed: 2", "grid, size: 1"
)
"""Two cases; the lesion of the second is larger than the body, which only its scene finds out."""
ONE, TWO = COHORT.replace("size: 4", "size: 1"), COHORT.replace("size: 4", "size: 2")


def test_every_case_leaves_a_result_and_a_record(finished):
    folder = CohortFolder(finished / "out")
    rows = manifest(folder.path).rows
    assert len(rows) == 4
    for row in rows:
        assert sorted(file.name for file in folder.result(row.key).iterdir()) == [
            "case.yaml", "history.csv", "summary.json",
        ]  # fmt: skip
        record = json.loads(folder.beside(row.key, "run").read_text())
        assert record["attempt"] == 1
    assert running(folder.path) == []
    assert not folder.lock_file.exists()


def test_the_same_command_again_runs_nothing(copy):
    before = summaries(copy / "out")
    code, out, err = ensemble("run", copy / "cohort.yaml", "-o", copy / "out")
    assert (code, "4 of 4 cases done" in out) == (0, True), err
    assert summaries(copy / "out") == before
    code, out, _ = ensemble("status", copy / "cohort.yaml", "-o", copy / "out", "--json")
    assert code == 0
    assert json.loads(out)["done"] == 4


def test_a_result_that_was_deleted_or_cut_short_is_made_again_and_only_that(copy):
    before = summaries(copy / "out")
    folder = CohortFolder(copy / "out")
    deleted, cut, *others = [row.key for row in manifest(folder.path).rows]
    shutil.rmtree(folder.result(deleted))
    summary = folder.result(cut) / "summary.json"
    os.truncate(summary, summary.stat().st_size // 2)
    code, out, _ = ensemble("status", copy / "cohort.yaml", "-o", folder.path)
    assert "2 of 4 cases done, 2 missing" in out
    code, out, err = ensemble("run", copy / "cohort.yaml", "-o", folder.path, "--parallel", 1)
    assert code == 0, err
    after = summaries(folder.path)
    assert {key: after[key] for key in others} == {key: before[key] for key in others}
    for key in (deleted, cut):
        old, new = (json.loads(found[key][1]) for found in (before, after))
        assert new["targets"] == old["targets"], "the same case has the same answer in any process"


def test_a_cohort_made_longer_runs_what_is_new(copy):
    before = summaries(copy / "out")
    (copy / "cohort.yaml").write_text(COHORT.replace("size: 4", "size: 5"))
    code, out, err = ensemble("run", copy / "cohort.yaml", "-o", copy / "out")
    assert (code, "5 of 5 cases done" in out) == (0, True), err
    after = summaries(copy / "out")
    assert len(after) == 5
    assert {key: after[key] for key in before} == before


def test_one_bad_case_is_told_about_and_does_not_stop_the_others(tmp_path):
    path, out_folder = write_cohort(tmp_path, LISTED), tmp_path / "out"
    code, out, err = ensemble("run", path, "-o", out_folder, "--parallel", 1)
    assert code == 3, err
    assert "1 of 2 cases failed" in err
    assert "1 of 2 cases done, 1 failed" in out
    assert "sticks out" in out or "outside the body" in out or "larger than" in out, out
    bad = next(row for row in manifest(out_folder).rows if row.values[1] == 90.0)
    assert bad.key in out
    before = summaries(out_folder)
    failure = CohortFolder(out_folder).beside(bad.key, "failed")
    noted = failure.stat().st_mtime_ns
    assert ensemble("run", path, "-o", out_folder)[0] == 3
    assert failure.stat().st_mtime_ns == noted, "a case that failed is not run again unless that is asked for"
    assert ensemble("run", path, "-o", out_folder, "--retry-failed")[0] == 3
    assert failure.stat().st_mtime_ns > noted
    assert summaries(out_folder) == before


def test_a_second_run_on_the_same_cohort_is_refused_in_words(tmp_path):
    path, out_folder = write_cohort(tmp_path, TWO + SLOW), tmp_path / "out"
    first = start("run", path, "-o", out_folder, "--parallel", 1)
    wait_until(lambda: running(out_folder), "the first case")
    code, out, err = ensemble("run", path, "-o", out_folder)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert f"another 'pennes ensemble run' is at work on this cohort: process {first.pid} on " in err
    first.send_signal(signal.SIGKILL)
    first.communicate()
    # Its worker notices and stops, with a checkpoint; the lock of a process that is gone is no lock.
    wait_until(lambda: not running(out_folder), "the worker's end")
    code, _, err = ensemble("run", path, "-o", out_folder, "--dry-run")
    assert code == 0, err
    assert list(out_folder.glob("cases/*/*/checkpoint.h5"))


def test_stopped_on_request_it_goes_on_from_the_checkpoint(tmp_path):
    path, out_folder = write_cohort(tmp_path, ONE + SLOW), tmp_path / "out"
    process = start("run", path, "-o", out_folder, "--parallel", 1)
    wait_until(lambda: list(out_folder.glob("cases/*/*/checkpoint.h5")), "a checkpoint")
    process.send_signal(signal.SIGTERM)
    code, _, err = finish(process)
    assert code == 143
    assert "stopped on request" in err.splitlines()[-1]
    assert running(out_folder) == []
    assert not (out_folder / "run.lock").exists()
    code, _, err = ensemble("run", path, "-o", out_folder, "--parallel", 1)
    assert code == 0, err
    ((_, text),) = summaries(out_folder).values()
    (resumed,) = json.loads(text)["provenance"]["resumed_at_s"]
    assert 0.0 < resumed < 60.0


def test_a_worker_that_is_killed_is_started_again_and_a_case_that_kills_it_twice_has_failed(tmp_path):
    path, out_folder = write_cohort(tmp_path, TWO + SLOW), tmp_path / "out"
    process = start("run", path, "-o", out_folder, "--parallel", 1)
    killed: list[int] = []
    for _ in range(2):
        wait_until(lambda: [said for said in running(out_folder) if said["pid"] not in killed], "a case")
        (said,) = (said for said in running(out_folder) if said["pid"] not in killed)
        killed.append(int(str(said["pid"])))
        os.kill(killed[-1], signal.SIGKILL)
    code, out, err = finish(process)
    assert code == 3, err
    assert "1 of 2 cases done, 1 failed" in out
    assert "its process was ended by SIGKILL (out of memory?), 2 times" in out


def test_a_folder_that_is_deleted_while_its_case_runs_is_made_anew(tmp_path):
    path, out_folder = write_cohort(tmp_path, ONE + SLOW), tmp_path / "out"
    process = start("run", path, "-o", out_folder, "--parallel", 1)
    wait_until(lambda: list(out_folder.glob("cases/*/*/checkpoint.h5")), "a checkpoint")
    (result,) = (file.parent for file in out_folder.glob("cases/*/*/checkpoint.h5"))
    shutil.rmtree(result)
    code, out, err = finish(process)
    assert (code, "1 of 1 cases done" in out) == (0, True), out + err
    assert "is begun again" in next((out_folder / "logs").iterdir()).read_text()


def test_cases_on_two_ranks_give_the_same_table(copy):
    code, _, err = ensemble("run", copy / "cohort.yaml", "-o", copy / "two", "--ranks", 2, "--parallel", 1)
    assert code == 0, err
    one, two = (summaries(copy / name) for name in ("out", "two"))
    assert one.keys() == two.keys()
    for key in one:
        first, second = (json.loads(found[key][1]) for found in (one, two))
        assert second["provenance"]["ranks"] == 2
        assert second["provenance"]["case_sha256"] == first["provenance"]["case_sha256"]
        assert second["zone"]["volume_ml"] == pytest.approx(first["zone"]["volume_ml"], rel=1e-4)
        margins = [found["targets"][0]["minimal_margin_mm"] for found in (first, second)]
        assert margins[1] == pytest.approx(margins[0], abs=2e-3)


def test_a_rank_that_fails_alone_is_told_about_and_ends_the_others(mpiexec, copy):
    folder = CohortFolder(copy / "out")
    deleted = manifest(folder.path).rows[0]
    shutil.rmtree(folder.result(deleted.key))
    work = read_worklist(folder.jobs / "local.json")
    (copy / "list.json").write_text(replace(work, folder=str(folder.path), ranks=2).text())
    done = mpiexec(2, "lone_failure.py", copy / "list.json", 0, "worker", os.getpid(), check=False)
    assert done.returncode != 0
    noted = json.loads(folder.beside(deleted.key, "failed").read_text())
    assert noted["message"] == "ValueError: rank 1 alone cannot go on"


def test_the_whole_result_folder_is_kept_where_that_is_asked_for(tmp_path):
    path = write_cohort(tmp_path, ONE + "keep: all\n")
    assert ensemble("run", path, "-o", tmp_path / "out")[0] == 0
    (row,) = manifest(tmp_path / "out").rows
    names = {file.name for file in CohortFolder(tmp_path / "out").result(row.key).iterdir()}
    assert {"fields.h5", "zone.vtp", "target.stl", "checkpoint.h5", "summary.json"} <= names


@pytest.fixture
def small_disk(tmp_path):
    """A file system of eight megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    ) if sys.platform == "linux" else None  # fmt: skip
    if mounted is None or mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted and mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_message_and_the_cohort_goes_on_once_there_is_room(small_disk, tmp_path):
    path, out_folder = write_cohort(tmp_path, TWO), small_disk / "out"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 7_800_000)
    code, out, err = ensemble("run", path, "-o", out_folder, "--parallel", 1)
    assert (code, out) == (2, "")
    said = [line for line in err.splitlines() if line.startswith("pennes: ")]
    assert len(said) == 1
    assert "cannot write this file: No space left on device" in said[0]
    assert "Traceback" not in err
    assert not list(out_folder.glob("cases/*/*.failed.json"))
    ballast.unlink()
    code, out, err = ensemble("run", path, "-o", out_folder, "--parallel", 1)
    assert (code, "2 of 2 cases done" in out) == (0, True), out + err


def test_a_launcher_that_is_not_there_is_told_about(tmp_path):
    text = COHORT + "where: {kind: local, ranks: 2, launch: mpirum}\n"
    code, out, err = ensemble("run", write_cohort(tmp_path, text), "-o", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "mpirum: where.launch: cannot be started: No such file or directory" in err


def test_workers_that_end_before_they_begin_are_told_about(tmp_path):
    text = COHORT + "where: {kind: local, ranks: 2, launch: 'env FOO='}\n"
    code, _, err = ensemble("run", write_cohort(tmp_path, text), "-o", tmp_path / "out")
    assert code == 3
    assert "workers end before they take a case" in err
