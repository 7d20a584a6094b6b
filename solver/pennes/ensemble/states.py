"""What has become of every case, read from what lies in the cohort's folder: nothing a scheduler says is asked."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import dataclass
from typing import Any, Literal

from pennes.ensemble.claims import holder, is_alive
from pennes.ensemble.folder import CohortFolder, cannot_write, write_file
from pennes.ensemble.manifest import Manifest

State = Literal["done", "failed", "running", "missing"]
SUMMARY = "summary.json"


@dataclass(frozen=True)
class CaseState:
    state: State
    when: float | None = None
    """Done: when the summary was written; failed: when; running: since when. s since the epoch."""
    message: str = ""


def is_done(folder: CohortFolder, key: str) -> float | None:
    """When the case's summary was written, None where there is no whole one."""
    try:
        with open(folder.result(key) / SUMMARY, "rb") as file:
            status = os.fstat(file.fileno())
            file.seek(max(status.st_size - 2, 0))
            return status.st_mtime if file.read() == b"}\n" else None
    except OSError:
        return None


def read_failure(folder: CohortFolder, key: str) -> dict[str, Any] | None:
    """What is noted of a case that failed: ``message``, ``when``."""
    try:
        said = json.loads(folder.beside(key, "failed").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {"message": "it failed; why cannot be read"}
    return said if isinstance(said, dict) else {}


def note_failure(folder: CohortFolder, key: str, message: str, code: int) -> None:
    """Note that a case failed and why; ``code`` as an exit code. Raises InputError where the disk refuses."""
    path = folder.beside(key, "failed")
    said = {"message": message, "exit_code": code, "when": time.time(), "host": platform.node()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(error, path) from None
    write_file(path, json.dumps(said) + "\n")


def states(folder: CohortFolder, manifest: Manifest) -> dict[str, CaseState]:
    """State of every different case, by key. One look into each of at most 256 folders, one at each summary."""
    names = _names(folder)
    found = {}
    for row in manifest.rows:
        if row.key not in found:
            found[row.key] = _state(folder, row.key, names)
    return found


def _names(folder: CohortFolder) -> set[str]:
    names: set[str] = set()
    try:
        with os.scandir(folder.cases) as shards:
            places = [shard.path for shard in shards]
    except OSError:
        return names
    for place in places:
        try:
            names.update(os.listdir(place))
        except OSError:
            continue
    return names


def _state(folder: CohortFolder, key: str, names: set[str]) -> CaseState:
    if key in names and (when := is_done(folder, key)) is not None:
        return CaseState("done", when)
    if f"{key}.running.json" in names:
        path = folder.beside(key, "running")
        said = holder(path)
        if said is not None and is_alive(path, said):
            return CaseState("running", said.get("since"))
    if f"{key}.failed.json" in names:
        said = read_failure(folder, key)
        if said is not None:
            return CaseState("failed", said.get("when"), str(said.get("message", "")))
    return CaseState("missing")
