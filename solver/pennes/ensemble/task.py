"""One task of a job array: ``python -m pennes.ensemble.task LISTS.jsonl LINE [--parallel N] [--launch WORDS] ...``.

It runs the cases of its line that are not done, as ``pennes ensemble run`` does on one's own machine. On SIGUSR1 (which
Slurm sends before the time limit) and SIGTERM (preemption) the cases write checkpoints and the task asks to be queued
again; it then goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from pennes.ensemble.supervisor import supervise
from pennes.ensemble.worklist import read_worklist
from pennes.errors import Interrupted, PennesError


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="pennes.ensemble.task")
    parser.add_argument("lists", type=Path)
    parser.add_argument("line", type=int)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--launch", default="mpiexec")
    parser.add_argument("--retries", type=int, default=1)
    parser.add_argument("--restarts", type=int, default=20)
    asked = parser.parse_args(words)
    try:
        supervise(
            read_worklist(asked.lists, asked.line),
            asked.lists,
            line=asked.line,
            parallel=asked.parallel,
            launch=asked.launch,
            retries=asked.retries,
            signals=(signal.SIGUSR1, signal.SIGTERM, signal.SIGINT),
        )
    except Interrupted as stopped:
        print(f"pennes: {stopped}", file=sys.stderr, flush=True)
        _queue_again(asked.restarts)
        return stopped.exit_code
    except PennesError as error:
        print(f"pennes: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    return 0


def _queue_again(most: int) -> None:
    """Ask Slurm to start this task again later, unless it has been so often enough."""
    number, count = os.environ.get("SLURM_JOB_ID"), int(os.environ.get("SLURM_RESTART_COUNT", "0"))
    if number is None:
        return
    if count >= most:
        print(f"pennes: started {count + 1} times; not queued again", file=sys.stderr, flush=True)
        return
    subprocess.run(["scontrol", "requeue", number], check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
