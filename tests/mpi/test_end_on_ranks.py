"""However a run ends on its ranks: one message, the right exit code, nobody waits for ever."""

from __future__ import annotations

import json
import re

import pytest


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_run_writes_its_folder_and_says_the_verdict_once(ranks, mpiexec, tmp_path):
    done = mpiexec(ranks, "failing.py", "none", tmp_path / "result")
    assert done.stdout.count("NOT REACHED: the 5 mm margin") == 1
    assert done.stderr.splitlines() == ["12.00 of 12.00 min  104.0 °C  60 W  80 ohm  zone 24.3 ml  - left"]
    names = sorted(entry.name for entry in (tmp_path / "result").iterdir())
    assert names == ["case.yaml", "report.html", "summary.json"]


def test_json_is_all_there_is_on_stdout(mpiexec, tmp_path):
    done = mpiexec(2, "failing.py", "none", tmp_path / "result", "--json", "--quiet")
    assert json.loads(done.stdout)["targets"][0]["minimal_margin_mm"] == -1.26
    assert done.stderr.startswith("NOT REACHED")


def test_a_failure_of_all_ranks_is_one_message(mpiexec, tmp_path):
    done = mpiexec(3, "failing.py", "all", tmp_path / "result", check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines() == ["pennes: no step is short enough at 12.5 s; go on from checkpoint.h5"]


def test_a_failure_of_one_rank_ends_the_others_with_its_code(mpiexec, tmp_path):
    done = mpiexec(2, "failing.py", "last", tmp_path / "result", check=False)
    assert done.returncode == 3
    assert "rank 1: pennes: no step is short enough here" in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_input_leaves_nothing(mpiexec, tmp_path):
    done = mpiexec(2, "failing.py", "input", tmp_path / "results" / "case", check=False)
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert re.fullmatch(r"pennes: .*rfa_perivascular\.yaml, line \d+: applicators\.0\.tip: the needle is .*", said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("behaviour", "said"), [("bug", "ZeroDivisionError"), ("report", "OSError: no screen")])
def test_a_mistake_in_the_program_keeps_its_traceback(behaviour, said, mpiexec, tmp_path):
    done = mpiexec(2, "failing.py", behaviour, tmp_path / "result", check=False)
    assert done.returncode == 1
    assert done.stderr.count("Traceback (most recent call last)") >= 1
    assert said in done.stderr


def test_a_result_that_is_there_is_refused_once(mpiexec, tmp_path):
    (tmp_path / "summary.json").write_text("{}")
    done = mpiexec(2, "failing.py", "none", tmp_path, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "--overwrite" in done.stderr


def test_ranks_inside_another_world_are_refused(mpiexec, tmp_path):
    done = mpiexec(2, "failing.py", "none", tmp_path / "result", "-n", 3, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["pennes: -n: 3 ranks inside a world of 2; expected no -n here"]
