"""history.csv: one row a step, appended and flushed as the run goes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennes.errors import InputError
from pennes.result.collective import on_root
from pennes.result.files import write_whole

if TYPE_CHECKING:
    from mpi4py import MPI

TIME = "time_s"
#: Rows at the time of the checkpoint belong to it: times are equal up to rounding in the file.
TIME_TOLERANCE = 1e-6


class History:
    """The history file of a run. All methods are collective; rank 0 writes.

    ``columns``: names in order, the first one is ``time_s``. With ``resume_time`` the rows after that time are removed
    from the file that exists and the rest is kept. Raises InputError on every rank where the file cannot be written
    or, on a resume, does not fit the columns.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], comm: MPI.Comm | None = None, *, resume_time: float | None = None
    ):
        self.path, self.columns, self.comm = Path(path), tuple(columns), comm
        if not self.columns or self.columns[0] != TIME:
            raise ValueError(f"the first column of a history is {TIME}")
        self._file: io.TextIOWrapper | None = None
        on_root(comm, lambda: self._open(resume_time), self.path)

    def _open(self, resume_time: float | None) -> None:
        rows = [] if resume_time is None else self._kept(resume_time)
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([self.columns, *rows])
        write_whole(self.path, text.getvalue())
        self._file = open(self.path, "a", encoding="utf-8", newline="")  # noqa: SIM115

    def _kept(self, resume_time: float) -> list[list[str]]:
        with open(self.path, encoding="utf-8", newline="") as file:
            # A line that a power cut left without its end does not count.
            rows = list(csv.reader(line for line in file if line.endswith("\n")))
        if not rows or tuple(rows[0]) != self.columns:
            raise InputError(
                "the columns of this history are not those of the run",
                file=self.path,
                expected=", ".join(self.columns),
            )
        return [row for row in rows[1:] if float(row[0]) <= resume_time + TIME_TOLERANCE]

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row and flush it: numbers or words by column; a column that is left out becomes nan.

        Raises ValueError for a name that is no column, InputError where the disk refuses.
        """
        unknown = set(row) - set(self.columns)
        if unknown:
            raise ValueError(f"not columns of the history: {', '.join(sorted(unknown))}")
        on_root(self.comm, lambda: self._append([_text(row.get(name)) for name in self.columns]), self.path)

    def _append(self, cells: list[str]) -> None:
        assert self._file is not None
        csv.writer(self._file, lineterminator="\n").writerow(cells)
        self._file.flush()

    def close(self) -> None:
        """Close the file (collective)."""
        on_root(self.comm, self._close, self.path)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "nan" if value is None else f"{float(value):.10g}"
