"""SIGTERM and SIGINT before the first time step: one message, exit code 143, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes import treatment
from pennes.case import load
from pennes.errors import Interrupted
from pennes.stopping import StopRequest
from quick_case import write_case

SLOW_MESH = "accuracy.mesh.lesion=0.55 mm"


def processes(number: int) -> list[int]:
    """Ids of a process and of all that it started."""
    found = [number]
    for task in Path(f"/proc/{number}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [deeper for child in task.read_text().split() for deeper in processes(int(child))]
    return found


def meshing(number: int) -> bool:
    """Whether the process or one of its children has loaded the mesh generator."""
    for one in processes(number):
        with contextlib.suppress(OSError):
            if "libgmsh" in Path(f"/proc/{one}/maps").read_text():
                return True
    return False


def interrupt_meshing(number: signal.Signals, words: list[str], cache: Path) -> tuple[int, str, str]:
    """Send a signal while ``pennes words`` makes its mesh; exit code, stdout and stderr."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PENNES_CACHE": str(cache)}
    command = [sys.executable, "-m", "pennes", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as run:
        deadline = time.monotonic() + 60.0
        while not meshing(run.pid):
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(1.0)
        run.send_signal(number)
        try:
            out, err = run.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            run.terminate()
            raise
    return run.returncode, out, err


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see what a process does")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_check_is_stopped(number, tmp_path):
    words = ["check", str(write_case(tmp_path)), "--set", SLOW_MESH]
    code, out, err = interrupt_meshing(number, words, tmp_path / "cache")
    assert (code, out, err) == (143, "", "pennes: stopped on request\n")
    assert not list((tmp_path / "cache").rglob("*"))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see what a process does")
@pytest.mark.parametrize("ranks", [None, 2])
def test_a_run_is_stopped_during_set_up(ranks, tmp_path):
    words = ["run", str(write_case(tmp_path)), "-o", str(tmp_path / "result"), "--quiet", "--set", SLOW_MESH]
    words += [] if ranks is None else ["-n", str(ranks)]
    code, out, err = interrupt_meshing(signal.SIGTERM, words, tmp_path / "cache")
    assert (code, out) == (143, "")
    assert err.startswith("pennes: stopped on request")
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "result").exists()


@pytest.mark.parametrize("moment", ["assemble", "provenance"])
def test_a_wish_to_stop_is_heard_in_every_part_of_a_run(moment, tmp_path, monkeypatch):
    """While matrices are set up at once; once the summary is being written, before the report."""
    running = sys.modules["pennes.treatment.run"]
    known = getattr(running, moment)

    def ask(*arguments, **named):
        os.kill(os.getpid(), signal.SIGTERM)
        return known(*arguments, **named)

    monkeypatch.setattr(running, moment, ask)
    case = load(write_case(tmp_path), ("protocol.duration=1 s", "protocol.cool_down=0 s", "output.report=true"))
    with pytest.raises(Interrupted, match="before the first step" if moment == "assemble" else "before the report"):
        treatment.run(case, tmp_path / "result", MPI.COMM_WORLD)
    assert (tmp_path / "result").exists() is (moment == "provenance")
    assert (tmp_path / "result" / "summary.json").exists() is (moment == "provenance")


def test_a_wish_to_stop_is_not_taken_for_an_error_of_what_is_running():
    with pytest.raises(Interrupted, match="ended"), StopRequest("ended", at_once=True):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:
            pytest.fail("it was caught")


def test_a_noted_wish_ends_the_work_when_it_is_asked_for():
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest("ended", MPI.COMM_SELF, at_once=False) as stop:
        stop.check()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked()
        with pytest.raises(Interrupted):
            stop.check()
    assert signal.getsignal(signal.SIGTERM) is before
