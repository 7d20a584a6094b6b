"""A wish to stop: SIGTERM from a batch system, SIGINT from the keyboard."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from pennes.errors import Interrupted

if TYPE_CHECKING:
    from mpi4py import MPI


class _StopNow(BaseException):
    """Passes every ``except Exception`` on its way out: a mesher's failure is one thing, a wish to stop another."""


class StopRequest:
    """Handles SIGTERM and SIGINT inside a ``with`` block.

    ``at_once``: the block ends right there, with ``Interrupted(message)``. Otherwise the wish is noted, for ``asked``
    and ``check``: ranks that work together (``comm``) must leave together, and a time step is not left half done.
    """

    def __init__(self, message: str, comm: MPI.Intracomm | None = None, *, at_once: bool):
        self.message, self.comm, self.at_once = message, comm, at_once
        self.noted = False
        self._old: dict[int, object] = {}

    def __enter__(self) -> StopRequest:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._old[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, old in self._old.items():
            signal.signal(number, old)
        if isinstance(error, _StopNow):
            raise Interrupted(self.message) from None

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.noted = True
        if self.at_once:
            raise _StopNow

    def asked(self) -> bool:
        """Whether any rank was asked to stop (collective)."""
        return self.noted if self.comm is None else self.comm.allreduce(int(self.noted)) > 0

    def check(self) -> None:
        """Raise Interrupted, on every rank, where one was asked to stop (collective)."""
        if self.asked():
            raise Interrupted(self.message)
