"""Work that rank 0 does for all: what goes wrong there is raised on every rank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpi4py import MPI

from pennes.errors import PennesError


def on_root(comm: MPI.Intracomm, function: Callable[[], Any]) -> Any:
    """Result of ``function`` on rank 0, None elsewhere (collective). Raises rank 0's error on all ranks."""
    result, error = None, None
    if comm.rank == 0:
        try:
            result = function()
        except PennesError as raised:
            error = raised
        except Exception as raised:  # the other ranks must not wait for one that has died
            error = RuntimeError(f"{type(raised).__name__}: {raised}")
            error.__cause__ = raised
    described = comm.bcast(None if error is None else (type(error), vars(error), error.args))
    if described is None:
        return result
    if error is None:
        kind, attributes, words = described
        error = kind.__new__(kind)
        error.args = words
        vars(error).update(attributes)
    raise error
