"""The cohort's folder: what lies where.

    cohort.json             what the cohort is; the base case's hash
    manifest.csv            a row a case: hash, inputs, settings
    base-<hash>.yaml        the resolved base case that the cases are changes of
    cases/<2>/<key>/        result folder of a case; beside it
    cases/<2>/<key>.failed.json   why it failed
    cases/<2>/<key>.running.json  who is at work on it
    cases/<2>/<key>.run.json      where and how it was run
    jobs/, logs/            lists of cases for workers, Slurm's scripts, output of processes
    table.parquet           what ``collect`` wrote

A case's key is the hash of its settings: a cohort that is changed keeps the cases that it had before, and two rows with
the same settings are one case.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pennes.errors import InputError
from pennes.result.files import write_whole

SCHEMA = "pennes.cohort/1"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the operating system says where a disk is full."""
FULL_DISK = 28
"""Exit code of a worker that meets one."""
GONE = {errno.ENOENT, errno.ESTALE, errno.ENOTDIR}
"""... and where a folder is no longer there."""


class CohortFolder:
    """Paths below ``path``."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.header_file = self.path / "cohort.json"
        self.manifest_file = self.path / "manifest.csv"
        self.table_file = self.path / "table.parquet"
        self.lock_file = self.path / "run.lock"
        self.cases = self.path / "cases"
        self.jobs = self.path / "jobs"
        self.logs = self.path / "logs"

    def result(self, key: str) -> Path:
        """Result folder of a case."""
        return self.cases / key[:2] / key

    def beside(self, key: str, what: str) -> Path:
        """``failed``, ``running`` or ``run`` of a case."""
        return self.cases / key[:2] / f"{key}.{what}.json"

    def base_file(self, text: str) -> Path:
        """Where a base case of that text lies."""
        return self.path / f"base-{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"

    def read_header(self) -> dict[str, Any] | None:
        """What ``cohort.json`` says; None where there is none. Raises InputError for one that cannot be used."""
        try:
            header = json.loads(self.header_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as problem:
            raise InputError(
                f"cannot be read ({problem})", file=self.header_file, expected="a cohort's header"
            ) from None
        if not isinstance(header, dict) or header.get("schema") != SCHEMA:
            raise InputError("is no header of this version", file=self.header_file, expected=f"schema {SCHEMA}")
        return header

    def prepare(self) -> None:
        """Make the folder. Raises InputError: it is not empty and no cohort's; it cannot be written to."""
        if self.path.is_dir() and not self.header_file.exists():
            own = {place.name for place in (self.lock_file, self.manifest_file, self.cases, self.jobs, self.logs)}
            foreign = [name for name in sorted(os.listdir(self.path)) if not name.startswith((*own, "base-"))]
            if foreign:
                raise InputError(
                    f"this folder holds what is no cohort ({', '.join(foreign[:3])})",
                    file=self.path,
                    expected="another folder (-o)",
                )
        for place in (self.path, self.cases, self.jobs, self.logs):
            try:
                place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise cannot_write(error, place) from None


def default_folder(cohort: Path) -> Path:
    """Where a cohort's results go unless another folder is named."""
    return Path("results") / cohort.stem


def write_file(path: Path, content: str | bytes) -> None:
    """Write a whole file. Raises InputError where the disk refuses."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise cannot_write(error, path) from None


def cannot_write(error: OSError, path: Path) -> InputError:
    """The message for a file that cannot be written; ``errno`` says why."""
    refusal = InputError(f"cannot write this file: {error.strerror or error}", file=path)
    refusal.errno = error.errno
    return refusal
