"""What can go wrong, and the exit code that says so."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Self


class PennesError(Exception):
    """Base of all errors that are reported to the user as one message, without a traceback."""

    exit_code = 1


class InputError(PennesError):
    """The user's input cannot be used.

    The message names the place (file, line, key), what was found, what was expected and, where a name was
    misspelt, the nearest name that exists.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        key: str | None = None,
        expected: str | None = None,
        nearest: str | None = None,
    ):
        self.problem, self.file, self.line, self.key = problem, file, line, key
        self.expected, self.nearest = expected, nearest
        self.errno: int | None = None
        """Number of the operating system's error where a file could not be read or written."""
        super().__init__(str(self))

    def below(self, key: str) -> Self:
        """The same error where its key's first word stands for ``key``: of one entry instead of the whole list."""
        if self.key is not None:
            rest = self.key.partition(".")[2]
            self.key = f"{key}.{rest}" if rest else key
        return self

    def __str__(self) -> str:
        place = ""
        if self.file is not None:
            place = str(self.file) + (f", line {self.line}" if self.line is not None else "") + ": "
        key = f"{self.key}: " if self.key else ""
        expected = f"; expected {self.expected}" if self.expected else ""
        nearest = f"; did you mean '{self.nearest}'?" if self.nearest else ""
        return f"{place}{key}{self.problem}{expected}{nearest}"


class SolverError(PennesError):
    """The solver failed: the message says what, at which simulated time, and where the checkpoint is."""

    exit_code = 3


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to a misspelt one, or None where nothing is close."""
    matches = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.55)
    return matches[0] if matches else None


class Interrupted(PennesError):
    """The run was asked to stop (SIGTERM or SIGINT) and wrote a checkpoint first."""

    exit_code = 143
