"""The list of cases that workers go through, as a file: what a worker needs and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pennes.ensemble.folder import CohortFolder, write_file


@dataclass(frozen=True)
class Worklist:
    """Cases for the workers of one machine or one task."""

    folder: str
    base: str
    """Name of the base case's file in the folder."""
    base_sha256: str
    ranks: int
    keep: str
    cases: tuple[tuple[str, tuple[str, ...]], ...]
    """Key and settings of each."""

    @property
    def place(self) -> CohortFolder:
        return CohortFolder(self.folder)

    def text(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"

    def write(self, path: Path) -> None:
        """Raises InputError where the disk refuses."""
        write_file(path, self.text())


def read_worklist(path: Path, line: int = 0) -> Worklist:
    """The list in that line of the file."""
    data = _line(path, line)
    return Worklist(**{**data, "cases": tuple((key, tuple(settings)) for key, settings in data["cases"])})


def read_keys(path: Path, line: int) -> set[str]:
    """Keys of the cases in that line; none where there is no such line any more."""
    try:
        return {key for key, _ in _line(path, line)["cases"]}
    except (OSError, IndexError):
        return set()


def _line(path: Path, line: int) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file):
            if number == line:
                return json.loads(text)
    raise IndexError(f"{path} has no line {line}")
