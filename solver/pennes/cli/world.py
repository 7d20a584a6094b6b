"""The MPI world that the program runs in: found, started, waited in, and ended with one message."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pennes.errors import InputError, PennesError
from pennes.mpi_launch import find_mpiexec

if TYPE_CHECKING:
    from mpi4py import MPI

#: (rank, size) as MPICH and Intel MPI (also under srun), Open MPI, MVAPICH and PMIx launchers tell their processes.
_LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
    ("PMIX_RANK", "SLURM_NTASKS"),
)
#: Ranks that the process which started mpiexec asked for.
EXPECTED_RANKS = "PENNES_RANKS"
#: How long a failing rank waits for the others to fail alike, before it ends them. s.
PATIENCE = 5.0

_failures: Any = None


def launched() -> tuple[int, int] | None:
    """(rank, size) that a launcher gave this process; None where it was started by hand."""
    for rank, size in _LAUNCHERS:
        if rank in os.environ and size in os.environ:
            return int(os.environ[rank]), int(os.environ[size])
    return None


@contextlib.contextmanager
def quiet_but_first_rank() -> Iterator[None]:
    """Under a launcher only the first rank prints (help, usage errors, warnings)."""
    place = launched()
    if place is None or place[0] == 0:
        yield
        return
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield


def connect() -> MPI.Intracomm:
    """The world's communicator (collective). Raises InputError where MPI is missing or is not the launcher's."""
    global _failures
    # PETSc would answer a signal with a dump of its own; what a signal means here is a matter of pennes.stopping.
    os.environ["PETSC_OPTIONS"] = f"{os.environ.get('PETSC_OPTIONS', '')} -no_signal_handler".strip()
    with contextlib.suppress(ImportError):
        # The DOLFINx wheel brings its own libraries and must come before everything that uses them.
        import dolfinx_solver  # noqa: F401
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise InputError(
            f"MPI for Python cannot be loaded ({error})",
            expected="an environment with DOLFINx: 'make setup', or 'pip install pennes[solver]', or conda",
        ) from None
    comm = MPI.COMM_WORLD
    _failures = comm.Dup()
    expected = os.environ.get(EXPECTED_RANKS)
    if expected is not None and int(expected) != comm.size:
        raise InputError(
            f"{expected} ranks were asked for and MPI reports {comm.size}: mpiexec belongs to another MPI than mpi4py",
            expected="the mpiexec of the environment's MPI first on PATH",
        )
    return comm


def start(ranks: int, arguments: Sequence[str]) -> NoReturn:
    """Become ``mpiexec -n ranks pennes arguments``.

    The process is replaced, so that signals reach mpiexec, which passes them on, and its exit code is ours. Raises
    InputError where there is no mpiexec.
    """
    mpiexec = find_mpiexec()
    command = [mpiexec, "-n", str(ranks), sys.executable, "-P", "-m", "pennes", *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(mpiexec, command, {**os.environ, EXPECTED_RANKS: str(ranks)})
    except OSError as error:
        raise InputError(f"cannot be started: {error.strerror}", file=mpiexec) from None


def on_first_rank(comm: MPI.Intracomm, function: Callable[[], Any]) -> Any:
    """Result of ``function`` on rank 0, None elsewhere; the others sleep meanwhile, instead of spinning (collective).

    An exception of rank 0 is raised on every rank.
    """
    result, error = None, None
    if comm.rank == 0:
        try:
            result = function()
        except Exception as raised:
            error = raised
    waiting = comm.Ibarrier()
    while not waiting.Test():
        time.sleep(0.02)
    failed = comm.bcast(_picklable(error), root=0)
    if failed is not None:
        raise error or failed
    return result


def _picklable(error: Exception | None) -> Exception | None:
    return error if error is None or isinstance(error, PennesError) else RuntimeError(f"on rank 0: {error!r}")


def end(error: Exception) -> NoReturn:
    """Print one message and end with the right exit code, on every rank.

    A PennesError is one line; anything else keeps its traceback and ends with 1. Where all ranks failed, each ends by
    itself; a rank that failed alone ends the others after ``PATIENCE``.
    """
    code, text = _outcome(error)
    module = sys.modules.get("mpi4py.MPI")
    if _failures is None or module is None or module.Is_finalized() or _failures.size == 1:
        place = launched()
        if place is None or place[0] == 0 or _failures is not None:
            print(text, file=sys.stderr, flush=True)
        sys.exit(code)
    waiting, deadline = _failures.Ibarrier(), time.monotonic() + PATIENCE
    while not waiting.Test():
        if time.monotonic() > deadline:
            print(f"rank {_failures.rank}: {text}", file=sys.stderr, flush=True)
            _failures.Abort(code)
        time.sleep(0.02)
    outcomes = _failures.allgather((code, text))
    if _failures.rank == 0:
        print("\n".join(_distinct(outcomes)), file=sys.stderr, flush=True)
    sys.exit(max(code for code, _ in outcomes))


def _distinct(outcomes: list[tuple[int, str]]) -> list[str]:
    """Every message once. Echoes of rank 0's unexpected error on other ranks say nothing more."""
    texts = list(dict.fromkeys(text for _, text in outcomes))
    return [text for text in texts if "on rank 0: " not in text] or texts


def _outcome(error: Exception) -> tuple[int, str]:
    if isinstance(error, PennesError):
        return error.exit_code, f"pennes: {error}"
    return 1, "".join(traceback.format_exception(error)).rstrip()
