"""Job arrays of Slurm: written as plain scripts of sbatch, handed to sbatch. What is done is read from result files;
Slurm is asked one thing, which tasks are still in its queue, so that nothing is handed to it twice.

    jobs/0001.sbatch      the script, fit to be looked at, changed and submitted by hand
    jobs/0001.jsonl       a line a task: its cases
    jobs/0001.job         Slurm's number of the array
"""

from __future__ import annotations

import getpass
import math
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pennes.ensemble.folder import CohortFolder, write_file
from pennes.ensemble.models import Slurm
from pennes.ensemble.worklist import Worklist, read_keys
from pennes.errors import InputError

LARGEST_ARRAY = 1001
"""Slurm's own default of MaxArraySize."""
PATIENCE = 120.0
"""For an answer of Slurm. s."""


def submit(work: Worklist, where: Slurm, say: Callable[[str], None], *, write_only: bool) -> None:
    """Write arrays for the cases of ``work`` that no queued task has, and submit them.

    Raises InputError where Slurm is not here, does not answer or refuses the job, with its words.
    """
    folder = work.place
    queued = set() if write_only else queued_cases(folder)
    left = tuple(case for case in work.cases if case[0] not in queued)
    if queued:
        say(f"Already in the queue of Slurm: {len(work.cases) - len(left)} of the missing cases")
    tasks = [left[i : i + where.cases_per_task] for i in range(0, len(left), where.cases_per_task)]
    largest = _largest_array(quiet=write_only)
    for start in range(0, len(tasks), largest):
        lists = [replace(work, cases=cases) for cases in tasks[start : start + largest]]
        script = _write(folder, lists, where)
        count = f"{len(lists)} tasks, {sum(len(one.cases) for one in lists)} cases"
        if write_only:
            say(f"Written: {script} ({count}); submit it with 'sbatch {script}'")
            continue
        answer = _ask("sbatch", "--parsable", str(script))
        number = answer.strip().partition(";")[0]
        write_file(script.with_suffix(".job"), number + "\n")
        say(f"Submitted: job {number} ({count}), {script}")


def queued_cases(folder: CohortFolder) -> set[str]:
    """Keys of the cases in tasks that wait or run in Slurm. Raises InputError where it does not answer."""
    numbers = {file.read_text().strip(): file for file in sorted(folder.jobs.glob("*.job"))}
    if not numbers:
        return set()
    found: set[str] = set()
    for line in _ask("squeue", "--noheader", "--array", "--user", getpass.getuser(), "--format", "%F %K").splitlines():
        number, _, task = line.partition(" ")
        if number in numbers and task.strip().isdigit():
            found |= read_keys(numbers[number].with_suffix(".jsonl"), int(task))
    return found


def _write(folder: CohortFolder, lists: list[Worklist], where: Slurm) -> Path:
    """The script and its lists, under the next free number."""
    used = [int(file.stem) for file in folder.jobs.glob("*.sbatch") if file.stem.isdigit()]
    script = folder.jobs.resolve() / f"{max(used, default=0) + 1:04d}.sbatch"
    write_file(script.with_suffix(".jsonl"), "".join(one.text() for one in lists))
    write_file(script, script_text(script, len(lists), where, folder))
    return script


def script_text(script: Path, tasks: int, where: Slurm, folder: CohortFolder) -> str:
    """The text of an array's script."""
    lines = ["#!/usr/bin/env bash", "# Written by 'pennes ensemble run'; it may be changed and submitted by hand."]
    lines += [f"#SBATCH --{name}={value}" if value else f"#SBATCH --{name}" for name, value in
              _options(script, tasks, where, folder)]  # fmt: skip
    words = [sys.executable, "-P", "-m", "pennes.ensemble.task", str(script.with_suffix(".jsonl"))]
    rest = ["--parallel", str(where.parallel), "--launch", where.launch, "--retries", str(where.retries),
            "--restarts", str(where.restarts)]  # fmt: skip
    return "\n".join(
        [
            *lines,
            "set -eu",
            *where.setup,
            "# exec: the signal before the time limit goes to this process.",
            f'exec {shlex.join(words)} "$SLURM_ARRAY_TASK_ID" {shlex.join(rest)}',
            "",
        ]
    )


def _options(script: Path, tasks: int, where: Slurm, folder: CohortFolder) -> Iterator[tuple[str, str]]:
    """Options of sbatch, in order; those of ``where.options`` last: they win."""
    throttle = "" if where.tasks_at_once is None else f"%{where.tasks_at_once}"
    yield "job-name", "pennes-" + re.sub(r"[^A-Za-z0-9_.-]", "_", folder.path.resolve().name)
    yield "array", f"0-{tasks - 1}{throttle}"
    yield "output", f"{folder.logs.resolve()}/{script.stem}-%a.out"
    yield "open-mode", "append"
    yield "requeue", ""
    yield "signal", f"B:USR1@{math.ceil(where.warning)}"
    yield "ntasks", str(where.parallel * where.ranks)
    yield "cpus-per-task", "1"
    given = {
        "nodes": where.nodes,
        "time": None if where.time_limit is None else _clock(where.time_limit),
        "mem-per-cpu": where.memory,
        "partition": where.partition,
        "account": where.account,
        "qos": where.qos,
        **where.options,
    }
    for name, value in given.items():
        if value is not None:
            yield name, str(value)


def _clock(seconds: float) -> str:
    """Time as Slurm writes it; it counts whole minutes, so that part of one is a whole one."""
    minutes = max(1, math.ceil(seconds / 60))
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"


def _largest_array(*, quiet: bool) -> int:
    """Tasks that one array may have."""
    try:
        text = _ask("scontrol", "show", "config")
    except InputError:
        if not quiet:
            raise
        text = ""
    found = re.search(r"MaxArraySize\s*=\s*(\d+)", text)
    return max(1, int(found[1]) - 1 if found else LARGEST_ARRAY - 1)


def _ask(*command: str) -> str:
    """What a command of Slurm prints. Raises InputError with its words where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except FileNotFoundError:
        raise InputError(
            f"there is no {command[0]} on this machine", key="where.kind",
            expected="Slurm's commands on PATH; --local to run here; hpc/slurm_one_node/start for a Slurm of one node",
        ) from None  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(f"Slurm does not answer ({command[0]} took more than {PATIENCE:g} s)") from None
    if done.returncode != 0:
        words = " ".join(done.stderr.split()) or f"it ended with {done.returncode}"
        raise InputError(f"{command[0]} refuses: {words}", expected="the same command again, once Slurm agrees")
    return done.stdout
