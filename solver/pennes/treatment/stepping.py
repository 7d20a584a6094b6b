"""Step length: how far to go next, and how to end exactly where something changes."""

from __future__ import annotations

import math

from pennes.case.accuracy import Accuracy
from pennes.errors import SolverError

GROW, SHRINK, SAFETY = 2.5, 0.2, 0.9
#: First step after a switch of the generator.
RESTART = 0.1
#: Steps are taken from this geometric series, so that rounding does not change them from one rank count to another.
SERIES = 2.0 ** (1.0 / 8.0)


class StepControl:
    """Proposes step lengths and learns from their errors (1 is what is tolerated). ``next_dt`` is all its state."""

    def __init__(self, accuracy: Accuracy):
        self.accuracy = accuracy
        self.next_dt = RESTART
        self.rejected = 0
        self.failed = 0

    def propose(self, remaining: float) -> float:
        """Length of the next step, which must not pass ``remaining`` seconds; no sliver is left over."""
        dt = min(self.next_dt, self.accuracy.max_step)
        if dt >= remaining * (1.0 - 1e-9):
            return remaining
        return remaining / 2.0 if dt > 0.6 * remaining else dt

    def accepted(self, dt: float, error: float) -> None:
        """Learn from an accepted step. A step cut short by an event does not shorten the next one."""
        factor = min(GROW, max(SHRINK, SAFETY * max(error, 1e-6) ** (-1.0 / 3.0)))
        proposed = dt * factor
        self.next_dt = _rounded(max(proposed, self.next_dt) if error < 0.3 else proposed)

    def rejected_step(self, dt: float, error: float) -> None:
        """Learn from a step whose error was too large."""
        self.rejected += 1
        self.next_dt = self._at_least(dt * max(SHRINK, SAFETY * error ** (-1.0 / 3.0)), "its error stayed too large")

    def failed_step(self, dt: float, why: SolverError) -> None:
        """Learn from a step that could not be solved."""
        self.failed += 1
        self.next_dt = self._at_least(dt / 2.0, str(why))

    def restart(self) -> None:
        """The source has changed abruptly."""
        self.next_dt = min(self.next_dt, RESTART)

    def _at_least(self, dt: float, why: str) -> float:
        if dt < self.accuracy.min_step:
            raise SolverError(f"a step of {self.accuracy.min_step:g} s could not be taken: {why}")
        return _rounded(dt)


def _rounded(dt: float) -> float:
    return SERIES ** math.floor(math.log(dt, SERIES) + 1e-6)
