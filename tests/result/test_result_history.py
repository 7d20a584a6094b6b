"""history.csv: rows are there at once, a resume cuts them to the checkpoint."""

from __future__ import annotations

import csv
import math

import pytest

from pennes.errors import InputError
from pennes.result import History

COLUMNS = ("time_s", "power_w", "generator_state")


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_on_the_disk_before_the_file_is_closed(tmp_path):
    history = History(tmp_path / "history.csv", COLUMNS)
    history.append({"time_s": 0.1 + 0.2, "power_w": 60.0, "generator_state": "on"})
    (row,) = rows_of(history.path)
    assert float(row["time_s"]) == pytest.approx(0.3, rel=1e-9)
    assert row["generator_state"] == "on"
    history.close()


def test_what_is_not_known_is_nan(tmp_path):
    history = History(tmp_path / "history.csv", COLUMNS)
    history.append({"time_s": 1.0})
    assert math.isnan(float(rows_of(history.path)[0]["power_w"]))


def test_a_name_that_is_no_column_is_refused(tmp_path):
    history = History(tmp_path / "history.csv", COLUMNS)
    with pytest.raises(ValueError, match="powr_w"):
        history.append({"time_s": 1.0, "powr_w": 2.0})


def test_a_resume_keeps_the_rows_up_to_the_checkpoint_and_drops_a_torn_line(tmp_path):
    path = tmp_path / "history.csv"
    history = History(path, COLUMNS)
    for step in range(1, 8):
        history.append({"time_s": step / 3, "power_w": step, "generator_state": "on, ramp"})
    history.close()
    with open(path, "a") as file:
        file.write("2.4,8")
    resumed = History(path, COLUMNS, resume_time=4 / 3)
    resumed.append({"time_s": 1.5, "power_w": 50.0})
    resumed.close()
    assert [float(row["power_w"]) for row in rows_of(path)] == [1, 2, 3, 4, 50]
    assert rows_of(path)[0]["generator_state"] == "on, ramp"


def test_a_resume_with_other_columns_is_refused(tmp_path):
    History(tmp_path / "history.csv", COLUMNS).close()
    with pytest.raises(InputError, match=r"history\.csv.*columns"):
        History(tmp_path / "history.csv", ("time_s", "power_w"), resume_time=1.0)


def test_a_folder_that_is_not_there_is_one_message(tmp_path):
    with pytest.raises(InputError, match=r"missing/history\.csv.*No such file"):
        History(tmp_path / "missing" / "history.csv", COLUMNS)
