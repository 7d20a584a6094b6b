"""A cohort whose cases take a second, and ways to run it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pennes.ensemble.folder import CohortFolder
from pennes.ensemble.manifest import Manifest, read_manifest

CASE = """\
title: A tiny case
body: {shape: cylinder, form: axisymmetric, diameter: 60 mm, height: 60 mm, tissue: liver}
targets:
  - {name: lesion, shape: ball, diameter: 10 mm, tissue: colorectal_metastasis, margin: 1 mm}
applicators:
  - {name: needle, device: cooled_tip_1cm, tip: [0 mm, 0 mm, -8 mm], direction: [0, 0, -1]}
protocol: {mode: constant_power, set_power: 20 W, duration: 60 s}
accuracy: {level: screening, mesh: {applicator: 1 mm, shaft: 1.5 mm, lesion: 3 mm, far: 12 mm}}
output: {every: 60 s, checkpoint_every: 4 s}
"""
COHORT = """\
title: A tiny cohort
base: tiny.yaml
inputs:
  perfusion: {path: body.tissue.perfusion}
  lesion: {path: targets.lesion.diameter, distribution: {kind: uniform, low: 8 mm, high: 1.2 cm}}
design: {kind: sobol, size: 4, seed: 2}
"""
SLOW = "set: {accuracy.max_step: 0.025 s, output.checkpoint_every: 2 s}\n"
"""A line of a cohort that makes its cases take many seconds."""
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MPIR_CVAR_POLLS_BEFORE_YIELD": "1"}


def write_cohort(folder: Path, text: str = COHORT, case: str = CASE) -> Path:
    """The cohort and its base case as files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.yaml").write_text(case)
    path = folder / "cohort.yaml"
    path.write_text(text)
    return path


def start(*words: object, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """``pennes ensemble WORDS`` in a process of its own."""
    command = [sys.executable, "-m", "pennes", "ensemble", *map(str, words)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **ENVIRONMENT, **(environment or {})},
    )  # fmt: skip


def finish(process: subprocess.Popen[str], seconds: float = 150.0) -> tuple[int, str, str]:
    """Exit code, stdout and stderr. A command that does not end is stopped."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        raise
    return process.returncode, out, err


def ensemble(*words: object, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run ``pennes ensemble WORDS`` to its end."""
    return finish(start(*words, environment=environment))


def manifest(folder: Path) -> Manifest:
    return read_manifest(CohortFolder(folder))


def wait_until(done: Callable[[], object], what: str, seconds: float = 90.0) -> None:
    """Until ``done()`` says so."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def running(folder: Path) -> list[dict[str, object]]:
    """What the claims of cases say that are being worked on."""
    found = []
    for path in folder.glob("cases/*/*.running.json"):
        # A claim may be given up, or not be written yet, while it is looked at.
        with contextlib.suppress(OSError, ValueError):
            found.append(json.loads(path.read_text()))
    return found


def summaries(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Inode and content of every summary, by case: equal where nothing was run again."""
    return {path.parent.name: (path.stat().st_ino, path.read_bytes()) for path in folder.glob("cases/*/*/summary.json")}
