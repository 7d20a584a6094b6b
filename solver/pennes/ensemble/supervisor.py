"""Starts workers, watches over them, starts them again where they die. The same on this machine and in a Slurm task."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennes.ensemble.claims import holder
from pennes.ensemble.folder import FULL_DISK, CohortFolder
from pennes.ensemble.states import is_done, note_failure, read_failure
from pennes.ensemble.worklist import Worklist
from pennes.errors import InputError, Interrupted, SolverError
from pennes.mpi_launch import find_mpiexec

POLL = 0.2
"""Between looks at the workers. s."""
GRACE = 90.0
"""For workers that were asked to stop, to write their checkpoints. s."""


@dataclass
class _Running:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


def supervise(
    work: Worklist,
    list_file: Path,
    *,
    line: int = 0,
    parallel: int,
    launch: str,
    retries: int,
    watch: Callable[[], None] | None = None,
    signals: Sequence[int] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    """Run the cases of ``work`` (written in that line of ``list_file``) with ``parallel`` workers until each is done or
    has failed.

    ``watch`` is called now and then. One of ``signals`` stops the workers, which write their checkpoints. Raises
    Interrupted after that; InputError where the disk is full or no worker can be started.
    """
    crew = _Crew(work, list_file, line, launch, retries, crowded=parallel * work.ranks > cores())
    with _noted(signals) as asked:
        try:
            for number in range(max(1, min(parallel, len(work.cases)))):
                crew.start(number)
            while crew.workers:
                if asked:
                    crew.stop()
                    raise crew.interrupted()
                if not crew.look() and watch is not None:
                    watch()
                time.sleep(POLL)
        finally:
            crew.stop()


class _Crew:
    def __init__(self, work: Worklist, list_file: Path, line: int, launch: str, retries: int, *, crowded: bool):
        self.work, self.list_file, self.line, self.retries = work, list_file, line, retries
        self.folder: CohortFolder = work.place
        self.workers: list[_Running] = []
        self._launch = _launcher(launch, work.ranks)
        self._environment = _environment(self._launch, crowded=crowded)
        self._deaths: dict[str, int] = {}
        self._idle_deaths = 0

    def start(self, number: int) -> None:
        name = f"{self.list_file.stem}-{self.line}-{number}"
        log = self.folder.logs / f"{name}.log"
        module = [sys.executable, "-P", "-m", "pennes.ensemble.worker"]
        command = [*self._launch, *module, str(self.list_file), str(self.line), name, str(os.getpid())]
        try:
            with open(log, "ab") as output:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._environment,
                    start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise InputError(f"cannot be started: {error.strerror}", file=command[0], key="where.launch") from None
        self.workers.append(_Running(name, process, log))

    def look(self) -> bool:
        """See who has ended and act on it; whether anyone had."""
        ended = [worker for worker in self.workers if worker.process.poll() is not None]
        for worker in ended:
            self.workers.remove(worker)
            code = worker.process.returncode
            if code == 0:
                continue
            if code in (Interrupted.exit_code, -signal.SIGTERM):
                raise self.interrupted()
            if code == FULL_DISK:
                raise InputError(_last_words(worker.log), expected="room on the disk; then the same command goes on")
            self._bury(worker, code)
        return bool(ended)

    def _bury(self, worker: _Running, code: int) -> None:
        """A worker died: give its case another chance or note that it failed, and start another worker."""
        case = self._case_of(worker)
        if case is None:
            self._idle_deaths += 1
            if self._idle_deaths > 1 + self.retries:
                raise SolverError(f"workers end before they take a case: {_last_words(worker.log)} (see {worker.log})")
        else:
            self._deaths[case] = self._deaths.get(case, 0) + 1
            if read_failure(self.folder, case) is None and self._deaths[case] > self.retries:
                times = "" if self._deaths[case] == 1 else f", {self._deaths[case]} times"
                message = f"its process {_how(code)}{times}; see {worker.log}"
                note_failure(self.folder, case, message, SolverError.exit_code)
        if any(is_done(self.folder, key) is None for key, _ in self.work.cases):
            self.start(int(worker.name.rpartition("-")[2]))

    def _case_of(self, worker: _Running) -> str | None:
        """The case that a dead worker had claimed, its claim removed."""
        # Its ranks may have outlived what launched them.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process.pid, signal.SIGKILL)
        for key, _ in self.work.cases:
            path = self.folder.beside(key, "running")
            said = holder(path)
            if said and said.get("worker") == worker.name and said.get("supervisor") == os.getpid():
                path.unlink(missing_ok=True)
                return key
        return None

    def interrupted(self) -> Interrupted:
        return Interrupted(
            f"stopped on request; cases that were running go on from their checkpoints in {self.folder.path} with the "
            "same command"
        )

    def stop(self) -> None:
        """Ask all workers to stop and wait for them; end those that do not."""
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                worker.process.terminate()
        deadline = time.monotonic() + GRACE
        for worker in self.workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(worker.process.pid, signal.SIGKILL)
                worker.process.wait()
        for worker in self.workers:
            self._case_of(worker)
        self.workers.clear()


def _launcher(launch: str, ranks: int) -> list[str]:
    """Words before the worker's command."""
    if ranks == 1 and launch == "mpiexec":
        return []
    words = shlex.split(launch)
    if words[:1] == ["mpiexec"]:
        words[0] = find_mpiexec()
    return [*words, "-n", str(ranks)]


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _environment(launch: list[str], *, crowded: bool) -> dict[str, str]:
    """One thread a rank; where there are more ranks than cores, those that wait give way (MPICH).

    What is not started by srun must not take itself for a part of Slurm's job: mpiexec would start its ranks through
    srun, beside the task's own.
    """
    job = os.environ.get("SLURM_JOB_ID")
    polite = {"MPIR_CVAR_POLLS_BEFORE_YIELD": "1"} if crowded else {}
    inherited = {"OMP_NUM_THREADS": "1", **polite, **os.environ, **({} if job is None else {"PENNES_JOB": job})}
    if "srun" in launch[:1]:
        return inherited
    return {name: value for name, value in inherited.items() if not name.startswith(("SLURM_", "PMI_"))}


def _how(code: int) -> str:
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"ended with code {code}"
    return f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


def _last_words(log: Path) -> str:
    """The last line of a log that is a message of the program."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return "no output"
    said = [line.removeprefix("pennes: ") for line in lines if line.startswith("pennes: ")]
    return (said or lines or ["no output"])[-1]


@contextlib.contextmanager
def _noted(signals: Sequence[int]) -> Iterator[list[Any]]:
    """A list that fills where a signal comes; the handlers before are put back."""
    asked: list[Any] = []
    before = {number: signal.signal(number, lambda *said: asked.append(said)) for number in signals}
    try:
        yield asked
    finally:
        for number, old in before.items():
            signal.signal(number, old)
