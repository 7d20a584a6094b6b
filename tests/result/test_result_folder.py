"""The result folder: nothing is replaced silently, nothing is left half written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pennes.errors import InputError, SolverError
from pennes.result import ResultFolder
from pennes.result.files import write_whole
from summaries import summary_data


def test_nothing_is_written_before_the_first_write(tmp_path):
    folder = ResultFolder.create(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()
    folder.write_text("history.csv", "time_s\n")
    assert (tmp_path / "a" / "b" / "history.csv").read_text() == "time_s\n"


def test_a_folder_with_a_result_is_refused_and_named(tmp_path):
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(InputError, match=r"summary\.json.*--overwrite"):
        ResultFolder.create(tmp_path)


def test_overwrite_replaces_results_only_once_something_is_written(tmp_path):
    for name in ("summary.json", "zone.vtp", "zone.stl", "checkpoint.previous.h5", ".fields.h5.part"):
        (tmp_path / name).write_text("old")
    folder = ResultFolder.create(tmp_path, overwrite=True)
    assert (tmp_path / "summary.json").read_text() == "old"
    folder.prepare()
    assert list(tmp_path.iterdir()) == []


def test_overwrite_never_touches_what_no_run_writes(tmp_path):
    (tmp_path / "summary.json").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        ResultFolder.create(tmp_path, overwrite=True)
    assert (tmp_path / "summary.json").exists()


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="this is a file"):
        ResultFolder.create(tmp_path / "file")
    with pytest.raises(InputError, match="cannot write in"):
        ResultFolder.create(tmp_path / "file" / "below")


def test_a_resume_without_checkpoint_is_refused(tmp_path):
    with pytest.raises(InputError, match="no checkpoint"):
        ResultFolder.create(tmp_path / "nothing", resume=True)


def test_a_complete_run_keeps_its_last_checkpoint_and_without_it_cannot_be_resumed(tmp_path):
    folder = ResultFolder.create(tmp_path)
    for name in ("checkpoint.h5", "checkpoint.previous.h5"):
        folder.write_text(name, "state")
    folder.write_summary(summary_data())
    folder.remove_previous_checkpoint()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["checkpoint.h5", "summary.json"]
    (tmp_path / "checkpoint.h5").unlink()
    with pytest.raises(InputError, match="this run is complete"):
        ResultFolder.create(tmp_path, resume=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot write"):
        ResultFolder.create(tmp_path / "result")


def test_a_read_only_file_system_is_refused(tmp_path, monkeypatch):
    def refuse(self, *_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    folder = ResultFolder.create(tmp_path / "result")
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"result: cannot write.*Read-only file system"):
        folder.write_text("history.csv", "")


def test_a_full_disk_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    folder = ResultFolder.create(tmp_path / "result")
    folder.write_text("history.csv", "old")

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"history\.csv.*No space left"):
        folder.write_text("history.csv", "new")
    assert [entry.name for entry in folder.path.iterdir()] == ["history.csv"]
    assert (folder.path / "history.csv").read_text() == "old"


def test_a_refused_run_leaves_no_folder(tmp_path):
    folder = ResultFolder.create(tmp_path / "results" / "case")
    folder.write_text("case.yaml", "title: x\n")
    folder.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_run_with_a_checkpoint_is_kept(tmp_path):
    folder = ResultFolder.create(tmp_path / "case")
    folder.write_text("history.csv", "time_s\n")
    write_whole(folder.checkpoint_path, b"state")
    folder.abandon()
    assert (folder.path / "history.csv").exists()


def test_a_result_folder_stands_for_its_path(tmp_path):
    folder = ResultFolder.create(tmp_path / "case")
    assert ResultFolder.create(folder) is folder
    assert Path(folder) == tmp_path / "case"


def test_a_summary_that_does_not_fit_is_not_written(tmp_path):
    folder = ResultFolder.create(tmp_path / "case")
    data = summary_data()
    data["zone"]["volume_ml"] = float("nan")
    with pytest.raises(SolverError, match=r"zone\.volume_ml"):
        folder.write_summary(data)
    assert not (folder.path / "summary.json").exists()
