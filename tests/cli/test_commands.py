"""The command line from outside: exit codes, one message, nothing half written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pennes.cli import world
from pennes.cli.run import Request
from pennes.errors import InputError

CASE = Path(__file__).parents[2] / "configs" / "cases" / "rfa_perivascular.yaml"


def pennes(folder, *words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "pennes", *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )


def test_help_loads_nothing_heavy(tmp_path):
    program = "import sys; sys.argv=['pennes','--help']; import atexit; from pennes.cli import main\n" + (
        "atexit.register(lambda: print(sorted(set(sys.modules) & {'numpy', 'pydantic', 'mpi4py', 'h5py', 'rich'})))\n"
        "main()"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - started < 3.0
    for command in ("run", "check", "margin", "library", "validate"):
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "missing.yaml"), "missing.yaml"),
        (("run", "missing.yaml", "-n", "0"), "-n"),
        (("run", "missing.yaml", "-n", "-2"), "-n"),
        (("run", "missing.yaml", "-n", "two"), "-n"),
        (("run",), "CASE.yaml"),
        (("run", CASE, "--resume", "--overwrite"), "--resume"),
        (("run", CASE, "--resume"), "there is no checkpoint"),
        (("run", CASE, "--resume", "-n", "2"), "there is no checkpoint"),
        (("run", CASE, "--set", "targets.metastasis.diameter=25"), "targets.metastasis.diameter"),
        (("run", CASE, "--set", "nonsense"), "--set nonsense"),
        (("run", CASE, "-o", CASE), "this is a file"),
        (("run", CASE, "-o", CASE.parent), "not empty"),
        (("run", CASE, "-o", CASE.parent, "--overwrite"), "lies in the folder"),
        (("check", "missing.yaml"), "missing.yaml"),
        (("margin", "--target", "a.stl", "--zone", "b.stl"), "a.stl"),
        (("margin", "--target", "a.stl"), "--zone"),
        (("library", "livr"), "did you mean 'liver'?"),
        (("simulate",), "simulate"),
    ],
)
def test_bad_words_are_exit_code_2_without_traceback(words, said, tmp_path):
    done = pennes(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused_before_anything_starts(tmp_path):
    (tmp_path / "file").write_text("x")
    done = pennes(tmp_path, "run", CASE, "-o", "file/result", "-n", "2")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "cannot write" in done.stderr


def test_a_world_of_another_size_than_asked_for_is_refused(tmp_path):
    done = pennes(tmp_path, "run", CASE, PENNES_RANKS="2")
    assert done.returncode == 2
    assert "another MPI" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_mpiexec_the_message_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"-n: there is no mpiexec.*mpich"):
        world.find_mpiexec()


def test_the_environments_own_mpiexec_comes_first(monkeypatch, tmp_path):
    for place in ("own", "other"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "mpiexec").write_text("#!/bin/sh\n")
        (tmp_path / place / "mpiexec").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "own" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "other"))
    assert world.find_mpiexec() == str(tmp_path / "own" / "mpiexec")


def test_ranks_are_started_with_the_same_request():
    request = Request(Path("a b.yaml"), settings=("x.y=1 mm", "z=2"), resume=True, json=True, ranks=4)
    words = "run|a b.yaml|-o|results/a b|--set|x.y=1 mm|--set|z=2|--resume|--json"
    assert "|".join(request.arguments()) == words


def test_the_library_lists_and_shows_sources(tmp_path):
    assert "cooled_tip_3cm" in pennes(tmp_path, "library", "devices").stdout
    assert "colorectal_metastasis" not in pennes(tmp_path, "library", "devices").stdout
    shown = json.loads(pennes(tmp_path, "library", "liver", "--json").stdout)
    assert shown["thermal_conductivity"]["source"]
