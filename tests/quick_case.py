"""A small treatment that boils, rolls off and pulses within a simulated minute, and ways to run it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

QUICK = """\
title: A quick case
body: {shape: box, size: [60 mm, 60 mm, 60 mm], tissue: liver}
targets:
  - {name: lesion, diameter: 10 mm, centre: [0 mm, 0 mm, 0 mm], tissue: colorectal_metastasis, margin: 1 mm}
vessels:
  - {name: vein, diameter: 5 mm, path: [[-40 mm, 12 mm, 0 mm], [40 mm, 12 mm, 0 mm]], speed: 20 cm/s}
applicators:
  - {name: needle, device: cooled_tip_1cm, tip: [0 mm, 0 mm, -8 mm], direction: [0, 0, -1]}
protocol:
  mode: impedance_controlled
  duration: 60 s
  cool_down: 5 s
  start_power: 50 W
  ramp: 60 W/min
  set_power: 60 W
  roll_off_rise: 10 ohm
  pause: 6 s
death: {criterion: arrhenius}
accuracy:
  mesh: {applicator: 1 mm, shaft: 1.5 mm, lesion: 3 mm, vessel: 2.5 mm, far: 15 mm}
output:
  every: 10 s
  checkpoint_every: 4 s
  report: false
  probes: [{name: edge, point: [8 mm, 0 mm, 0 mm]}]
"""


def write_case(folder: Path, text: str = QUICK) -> Path:
    """The case as a file."""
    path = folder / "quick.yaml"
    path.write_text(text)
    return path


def start(case: Path, result: Path, ranks: int | None, *words: str) -> subprocess.Popen[str]:
    """``pennes run`` in a process of its own; ``ranks`` None: without mpiexec."""
    command = [sys.executable, "-m", "pennes", "run", str(case), "-o", str(result), "--quiet", *words]
    if ranks is not None:
        command += ["-n", str(ranks)]
    # Ranks that wait give way to others: tests run on fewer cores than ranks.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPIR_CVAR_POLLS_BEFORE_YIELD": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr. A run that does not end is stopped."""
    try:
        out, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.terminate()
        raise
    return process.returncode, out, err


def complete(case: Path, result: Path, ranks: int | None, *words: str) -> dict[str, Any]:
    """Run to the end; returns the summary."""
    code, _, err = finish(start(case, result, ranks, *words))
    assert code == 0, err
    return json.loads((result / "summary.json").read_text())


def rows(result: Path) -> list[dict[str, str]]:
    """Whole lines of the history so far."""
    path = result / "history.csv"
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(line for line in file if line.endswith("\n")))


def wait_for(process: subprocess.Popen[str], result: Path, simulated: float) -> None:
    """Until the run has simulated that many seconds."""
    deadline = time.monotonic() + 90.0
    while not (history := rows(result)) or float(history[-1]["time_s"]) < simulated:
        assert process.poll() is None, f"the run ended before {simulated} s: {process.communicate()}"
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.005)


def margin(summary: dict[str, Any]) -> float:
    """Minimal margin in mm."""
    return summary["targets"][0]["minimal_margin_mm"]


def decisions(summary: dict[str, Any]) -> list[tuple[str, float]]:
    """Kind and time of everything that the generator decided."""
    return [(event["kind"], event["time_s"]) for event in summary["generator"]["events"]]
