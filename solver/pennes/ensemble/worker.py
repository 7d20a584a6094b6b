"""A worker: one process, or the ranks of one MPI world, that takes case after case of a list.

``python -m pennes.ensemble.worker LISTS LINE NAME SUPERVISOR`` with the process id of what started it. Started once for
many cases, so that interpreter, imports and compiled forms are paid for once. Exit codes: 0 the list is through, 143 it
was asked to stop, ``FULL_DISK`` nothing can be written any more, else its world is broken.
"""

from __future__ import annotations

import contextlib

with contextlib.suppress(ImportError):
    # The DOLFINx wheel brings its own libraries and must come before everything that uses them.
    import dolfinx_solver  # noqa: F401

import json
import os
import platform
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

from mpi4py import MPI

from pennes.ensemble.claims import Claim, process_lives
from pennes.ensemble.folder import FULL, FULL_DISK, GONE, CohortFolder, cannot_write
from pennes.ensemble.states import is_done, note_failure, read_failure
from pennes.ensemble.worklist import Worklist, read_worklist
from pennes.errors import InputError, Interrupted, PennesError, SolverError
from pennes.result.files import write_whole

STOPPED = Interrupted.exit_code
PATIENCE = 10.0
"""How long a failing rank waits for the others to fail alike, before it ends them. s."""
KEPT = {"summary.json", "history.csv", "case.yaml"}
JOB = "PENNES_JOB"
"""Slurm's number of the task that a worker belongs to; Slurm's own variables are not for workers."""
ATTEMPTS = 2
"""Of a case whose result folder is taken away while it runs."""


class _Worker:
    def __init__(self, work: Worklist, name: str, supervisor: int):
        self.work, self.name, self.supervisor = work, name, supervisor
        self.comm = MPI.COMM_WORLD
        self.failures = self.comm.Dup()
        self.folder: CohortFolder = work.place
        self.root = self.comm.rank == 0
        self.claim: Claim | None = None
        self.stopped = False

    def run(self) -> int:
        """Go through the list (collective); returns the exit code."""
        if self.comm.size != self.work.ranks:
            raise InputError(
                f"{self.work.ranks} ranks were asked for and MPI reports {self.comm.size}: the launcher belongs to "
                "another MPI than mpi4py",
                expected="the launcher of this environment's MPI (where.launch)",
            )
        signal.signal(signal.SIGTERM, self._note)
        signal.signal(signal.SIGINT, self._note)
        number = -1
        while True:
            number = self._next(number)
            if number is None:
                return STOPPED if self._any_stopped() else 0
            key, settings = self.work.cases[number]
            try:
                self._attempt(key, settings)
            except Interrupted:
                return STOPPED
            finally:
                self._release()

    def _note(self, *_: object) -> None:
        self.stopped = True

    def update(self, **_: float) -> None:
        """Called by the run at every step: a signal that came before its loop began is handed on."""
        if self.stopped:
            os.kill(os.getpid(), signal.SIGTERM)

    def _any_stopped(self) -> bool:
        return self.comm.allreduce(int(self.stopped)) > 0

    def _next(self, number: int) -> int | None:
        """Index of the next case that is neither done, failed nor another's, claimed (collective); None: no more."""
        if self._any_stopped():
            return None
        found, error = None, None
        if self.root:
            try:
                found = self._claim_next(number)
            except OSError as raised:
                error = raised
        found, error = self.comm.bcast((found, error), root=0)
        if error is not None:
            raise error
        return found

    def _claim_next(self, number: int) -> int | None:
        for index in range(number + 1, len(self.work.cases)):
            key = self.work.cases[index][0]
            if is_done(self.folder, key) is not None or read_failure(self.folder, key) is not None:
                continue
            path = self.folder.beside(key, "running")
            path.parent.mkdir(parents=True, exist_ok=True)
            claim = Claim.take(path, worker=self.name, key=key, supervisor=self.supervisor)
            if claim is None:
                continue
            if is_done(self.folder, key) is not None:  # by another, since it was looked at
                claim.release()
                continue
            claim.beat(self._watch)
            self.claim = claim
            return index
        return None

    def _watch(self) -> None:
        """Stop, with a checkpoint, once what started the worker is gone."""
        if not process_lives(self.supervisor):
            os.kill(os.getpid(), signal.SIGTERM)

    def _release(self) -> None:
        if self.claim is not None:
            # Where the folder is gone so is the claim.
            with contextlib.suppress(OSError):
                self.claim.release()
            self.claim = None

    def _attempt(self, key: str, settings: tuple[str, ...]) -> None:
        """Run a case and note how it ended (collective). Raises Interrupted; InputError where the disk is full."""
        for attempt in range(1, ATTEMPTS + 1):
            started, used = time.time(), time.process_time()
            error: Exception | None = None
            try:
                self._treat(key, settings)
            except Exception as raised:
                error = raised
            error = self._together(key, error)
            number = getattr(error, "errno", None)
            if error is None:
                self._write_record(key, started, self.comm.allreduce(time.process_time() - used), attempt)
            elif isinstance(error, Interrupted) or number in FULL:
                raise error
            elif number in GONE and attempt < ATTEMPTS and isinstance(error, (OSError, InputError)):
                if self.root:
                    print(f"{key} is begun again: {error}", file=sys.stderr, flush=True)
                continue
            elif self.root:
                self._write_failure(key, error)
            return

    def _treat(self, key: str, settings: tuple[str, ...]) -> None:
        from pennes import treatment
        from pennes.case import load
        from pennes.result import ResultFolder
        from pennes.result.collective import on_root

        case = load(self.folder.path / self.work.base, settings)
        path = self.folder.result(key)
        resume = self.comm.bcast((path / "checkpoint.h5").exists() if self.root else None, root=0)
        for again in (True, False) if resume else (False,):
            folder = None
            try:
                folder = ResultFolder.create(path, self.comm, resume=again, overwrite=not again)
                treatment.run(case, folder, self.comm, resume=again, progress=self)
                break
            except InputError as refused:
                if not again or getattr(refused, "errno", None) is not None:
                    if folder is not None and self.root:
                        folder.abandon()
                    raise
                # A checkpoint that cannot be gone on from (damaged, of another base case): from the start.
                if self.root:
                    print(f"{key} is begun anew: {refused}", file=sys.stderr, flush=True)
        if self.work.keep == "summary":
            on_root(self.comm, lambda: _trim(path), path, "remove")

    def _together(self, key: str, error: Exception | None) -> Exception | None:
        """Wait until all ranks have come to an end and return the first error of any (collective). A rank that fails
        alone while the others go on notes why and ends them all."""
        waiting, deadline = self.failures.Ibarrier(), time.monotonic() + PATIENCE
        while not waiting.Test():
            if error is not None and time.monotonic() > deadline:
                self._write_failure(key, error)
                self.failures.Abort(1)
            time.sleep(0.005)
        errors = self.failures.allgather(error if isinstance(error, PennesError) else _as_told(error))
        return error or next((other for other in errors if other is not None), None)

    def _write_failure(self, key: str, error: Exception) -> None:
        if not isinstance(error, PennesError):
            traceback.print_exception(error)
        note_failure(self.folder, key, _message(error), getattr(error, "exit_code", 1))

    def _write_record(self, key: str, started: float, cpu_s: float, attempt: int) -> None:
        """Where, when and from what base case the case was run."""
        record = {
            "key": key,
            "base_sha256": self.work.base_sha256,
            "host": platform.node(),
            "job": os.environ.get(JOB),
            "worker": self.name,
            "started": started,
            "ended": time.time(),
            "cpu_s": round(cpu_s, 3),
            "attempt": attempt,
        }
        if self.root:
            _write(self.folder.beside(key, "run"), record)


def _write(path: Path, data: dict[str, object]) -> None:
    try:
        write_whole(path, json.dumps(data) + "\n")
    except OSError as error:
        raise cannot_write(error, path) from None


def _message(error: Exception) -> str:
    if isinstance(error, PennesError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _as_told(error: Exception | None) -> Exception | None:
    """An error that can be sent to other ranks."""
    return None if error is None else SolverError(_message(error))


def _trim(path: Path) -> None:
    """Leave of a result folder what a table is made of."""
    for entry in path.iterdir():
        if entry.name not in KEPT and entry.is_file():
            entry.unlink()


def main(words: list[str]) -> NoReturn:
    work = read_worklist(Path(words[0]), int(words[1]))
    try:
        code = _Worker(work, words[2], int(words[3])).run()
    except (PennesError, OSError) as error:
        if MPI.COMM_WORLD.rank == 0:
            print(f"pennes: {error}", file=sys.stderr, flush=True)
        code = FULL_DISK if getattr(error, "errno", None) in FULL else SolverError.exit_code
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
