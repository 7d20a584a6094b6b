"""Checkpoints and fields written on one number of ranks and read, or continued, on another."""

from __future__ import annotations

import csv
import shutil

import h5py
import meshio
import numpy as np
import pytest


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory, request):
    """A result written on n ranks, made once."""
    made = {}

    def get(ranks, mpiexec):
        if ranks not in made:
            made[ranks] = tmp_path_factory.mktemp("result") / f"ranks_{ranks}"
            mpiexec(ranks, "result_folder.py", "write", made[ranks])
        return made[ranks]

    return get


@pytest.mark.parametrize(("written", "read"), [(1, 3), (2, 3), (3, 2), (2, 1)])
def test_a_checkpoint_is_the_same_on_another_number_of_ranks(written, read, folder_of, mpiexec):
    assert mpiexec(read, "result_folder.py", "check", folder_of(written, mpiexec)).stdout.split() == ["read", "30"]


def test_a_truncated_checkpoint_is_refused_on_every_rank_and_the_previous_used(folder_of, mpiexec, tmp_path):
    folder = shutil.copytree(folder_of(2, mpiexec), tmp_path / "result")
    checkpoint = folder / "checkpoint.h5"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    said = mpiexec(3, "result_folder.py", "check", folder).stdout
    assert said.startswith("read 0 checkpoint.h5 is refused: it is truncated")
    assert "checkpoint.previous.h5 is used instead" in said


def test_fields_and_history_go_on_after_a_resume_on_another_number_of_ranks(folder_of, mpiexec, tmp_path):
    folder = shutil.copytree(folder_of(3, mpiexec), tmp_path / "result")
    mpiexec(2, "result_folder.py", "continue", folder)
    with meshio.xdmf.TimeSeriesReader(folder / "fields.xdmf") as reader:
        points, cells = reader.read_points_cells()
        assert len(points) == 216
        corners = points[cells[0].data]
        assert np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])).sum() / 6 == pytest.approx(1.0)
        times = []
        for index in range(reader.num_steps):
            time, values, tags = reader.read_data(index)
            times.append(time)
            np.testing.assert_allclose(values["damage"], time * points[:, 2], atol=1e-12)
            expected = 37 + time * np.sin(3 * points[:, 0]) + points[:, 1] * points[:, 2]
            np.testing.assert_allclose(values["temperature"], expected, rtol=1e-14)
            np.testing.assert_array_equal(tags["region"][0], np.round(10 * corners.mean(axis=1)[:, 0]))
    assert times == [0, 30, 60, 90, 120]
    with open(folder / "history.csv", newline="") as file:
        rows = [(float(row["time_s"]), float(row["power_w"])) for row in csv.DictReader(file)]
    assert rows == [(0, 3), (30, 3), (60, 2), (90, 2), (120, 2)]


def test_fields_that_are_damaged_start_anew_with_a_warning(folder_of, mpiexec, tmp_path):
    folder = shutil.copytree(folder_of(2, mpiexec), tmp_path / "result")
    (folder / "fields.h5").write_bytes(b"not a file of fields")
    mpiexec(2, "result_folder.py", "continue", folder)
    with h5py.File(folder / "fields.h5") as file:
        assert list(file.attrs["times"]) == [60, 90, 120]
