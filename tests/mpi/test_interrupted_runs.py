"""Runs that are killed or stopped and go on, on another number of ranks, to the same end."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
from pathlib import Path

import h5py
import pytest

from processes import descendants
from quick_case import complete, decisions, finish, margin, rows, start, wait_for

SEED = 20


def kill(process) -> None:
    """SIGKILL for every process of a run at once: none gets to say or write anything."""
    for number in descendants(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    process.communicate(timeout=30)


def check_history(folder: Path, simulated: float) -> None:
    """Each row begins where the one before it ended, up to the end."""
    history = rows(folder)
    before = 0.0
    for row in history:
        assert float(row["time_s"]) - float(row["dt_s"]) == pytest.approx(before, abs=1e-6)
        before = float(row["time_s"])
        assert row["probe:edge_c"] != "nan"
    assert before == pytest.approx(simulated)
    delivered = [float(row["deposited_j"]) for row in history]
    assert delivered == sorted(delivered)


def check_fields(folder: Path, every: float, simulated: float) -> None:
    """Every time once, at each output and at the end, with all fields."""
    with h5py.File(folder / "fields.h5") as file:
        times = list(file.attrs["times"])
        for name, group in file["Function"].items():
            assert sorted(map(int, group)) == list(range(len(times))), name
    expected = [every * number for number in range(int(simulated / every) + 1)]
    if expected[-1] < simulated:
        expected.append(simulated)
    assert times == pytest.approx(expected)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to find the processes of a run")
def test_killed_three_times_and_resumed_on_other_numbers_of_ranks(uninterrupted, tmp_path):
    """Three moments of one treatment; after the last one the newest checkpoint is truncated as well."""
    folder, chance = tmp_path / "result", random.Random(SEED)
    end = uninterrupted.summary["time"]["simulated_s"]
    moments = [chance.uniform(low, low + end / 4) for low in (end * 0.15, end * 0.4, end * 0.65)]
    for number, (moment, ranks) in enumerate(zip(moments, (1, 2, 3), strict=True)):
        process = start(uninterrupted.case, folder, ranks, *(["--resume"] if number else []))
        wait_for(process, folder, moment)
        kill(process)
        assert not (folder / "summary.json").exists()
    checkpoint = folder / "checkpoint.h5"
    os.truncate(checkpoint, checkpoint.stat().st_size * 2 // 3)
    summary = complete(uninterrupted.case, folder, 2, "--resume")
    resumed = summary["provenance"]["resumed_at_s"]
    assert len(resumed) == 3
    assert resumed == sorted(resumed)
    assert all(at < moment for at, moment in zip(resumed[:2], moments, strict=False))
    assert any(re.search(r"checkpoint\.h5 is refused: it is truncated.*previous", text) for text in summary["warnings"])
    assert margin(summary) == pytest.approx(margin(uninterrupted.summary), abs=0.02)
    assert summary["zone"]["volume_ml"] == pytest.approx(uninterrupted.summary["zone"]["volume_ml"], rel=1e-3)
    assert [kind for kind, _ in decisions(summary)] == [kind for kind, _ in decisions(uninterrupted.summary)]
    for key in ("deposited_j", "stored_j", "vessels_j"):
        assert summary["energy"][key] == pytest.approx(uninterrupted.summary["energy"][key], rel=1e-3)
    assert summary["energy"]["residual_fraction"] < 1e-3
    check_history(folder, end)
    check_fields(folder, 10.0, end)
    assert not (folder / "checkpoint.previous.h5").exists()


@pytest.mark.parametrize("ranks", [None, 2])
def test_sigterm_leaves_a_checkpoint_and_a_message(ranks, uninterrupted, tmp_path):
    folder = tmp_path / "result"
    process = start(uninterrupted.case, folder, ranks, "--set", "output.checkpoint_every=10 min")
    wait_for(process, folder, 8.0)
    process.send_signal(signal.SIGTERM)
    code, out, err = finish(process)
    assert (code, out) == (143, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("pennes: stopped on request at ")
    assert str(folder / "checkpoint.h5") in err
    with h5py.File(folder / "checkpoint.h5") as file:
        assert "vertices/value/temperature" in file
    assert not (folder / "summary.json").exists()
    history = rows(folder)
    assert float(history[-1]["time_s"]) < 60.0


def test_without_a_whole_checkpoint_nothing_is_touched(uninterrupted, tmp_path):
    folder = shutil.copytree(uninterrupted.folder, tmp_path / "result")
    (folder / "summary.json").unlink()
    os.truncate(folder / "checkpoint.h5", 1000)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, out, err = finish(start(uninterrupted.case, folder, None, "--resume"))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "truncated" in err
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_complete_run_is_not_gone_on_with(uninterrupted, tmp_path):
    folder = shutil.copytree(uninterrupted.folder, tmp_path / "result")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, out, err = finish(start(uninterrupted.case, folder, None, "--resume"))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "this run is complete" in err
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_another_case_is_not_gone_on_with(uninterrupted, tmp_path):
    folder = shutil.copytree(uninterrupted.folder, tmp_path / "result")
    (folder / "summary.json").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    words = ("--resume", "--set", "targets.lesion.diameter=11 mm")
    code, out, err = finish(start(uninterrupted.case, folder, 2, *words))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "the case now has 'diameter: 11 mm'" in err
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
