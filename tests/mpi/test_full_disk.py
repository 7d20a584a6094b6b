"""A disk that is full: one message, and either nothing is left or a checkpoint to go on from."""

from __future__ import annotations

import pytest

from quick_case import complete, margin, rows

pytest.importorskip("resource")


def check(done, folder):
    assert done.returncode == 2, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("pennes: ")]
    assert len(said) == 1, done.stderr
    assert str(folder) in said[0]
    assert "cannot write" in said[0]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("ranks", "size"), [(1, 0), (1, 15_000), (2, 900_000)], ids=["at the first byte", "first fields", "later fields"]
)
def test_a_run_that_cannot_be_written_leaves_nothing(ranks, size, mpiexec, uninterrupted, tmp_path):
    folder = tmp_path / "results" / "new"
    words = ("run", uninterrupted.case, "-o", folder, "--quiet", "--set", "output.checkpoint_every=10 min")
    check(mpiexec(ranks, "limited.py", size, *words, check=False), folder)
    assert list(tmp_path.iterdir()) == []


def test_a_run_with_a_checkpoint_goes_on_once_there_is_room(mpiexec, uninterrupted, tmp_path):
    folder = tmp_path / "result"
    check(mpiexec(2, "limited.py", 1_500_000, "run", uninterrupted.case, "-o", folder, "--quiet", check=False), folder)
    assert (folder / "checkpoint.h5").exists()
    assert not list(folder.glob(".*"))
    summary = complete(uninterrupted.case, folder, None, "--resume")
    assert margin(summary) == pytest.approx(margin(uninterrupted.summary), abs=0.02)
    assert [row["time_s"] for row in rows(folder)] == sorted((row["time_s"] for row in rows(folder)), key=float)
