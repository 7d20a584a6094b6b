"""What every mode of the generator offers to the controller."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from pennes.generator.signals import DriveKind, Event, Measurement
from pennes.library.protocols import Generator


@dataclass(frozen=True)
class Demand:
    """What a mode asks for: a kind, a value (V, A or W) now and its change per second."""

    kind: DriveKind
    value: float
    rate: float = 0.0


@dataclass
class NoState:
    """State of a mode that remembers nothing."""


class Mode(ABC):
    """The rules of a mode under fixed settings; what changes with time is in a ``State`` that is handed in.

    ``settings`` the protocol's record as it stands after the schedule's changes so far; ``generator`` its limits;
    ``sensors`` full names of the thermocouples that count. A state is a dataclass of plain numbers (and None), so that
    it can be written to a checkpoint. Methods with a state may change it, except those that only look: ``demand``,
    ``switches``, ``crossing``, ``reached``, ``ending`` and ``status``.
    """

    State: ClassVar[type[Any]] = NoState

    def __init__(self, settings: Any, generator: Generator, sensors: tuple[str, ...]):
        self.settings, self.generator, self.sensors = settings, generator, sensors

    def start(self, time: float) -> Any:
        """The state with which the mode starts to deliver at ``time``."""
        return self.State()

    @abstractmethod
    def demand(self, state: Any, time: float) -> Demand:
        """What to deliver from ``time`` until the next decision."""

    def switches(self, state: Any, time: float) -> Iterable[float | None]:
        """Moments at which this mode has something planned (None: not at all); those past are passed over."""
        return ()

    def crossing(self, state: Any, before: Measurement, after: Measurement) -> float | None:
        """Fraction in (0, 1] of a step at which a threshold is first crossed, or None."""
        return None

    def reached(self, state: Any, measurement: Measurement) -> bool:
        """Whether a measured threshold counts as reached."""
        return False

    def advance(self, state: Any, measurement: Measurement) -> list[Event]:
        """The decisions due at the end of a step during which the generator was enabled."""
        return []

    def suspend(self, state: Any, time: float) -> None:
        """The schedule disables the generator."""

    def resume(self, state: Any, measurement: Measurement) -> None:
        """The schedule enables the generator again."""

    def adopt(self, state: Any, previous: Any, measurement: Measurement) -> None:
        """The schedule has replaced the rules ``previous`` (of the same class) by these."""

    def repole(self, state: Any, time: float) -> None:
        """The pattern of poles has been switched: impedances before and after do not compare."""

    def ending(self, state: Any) -> str | None:
        """Why the treatment is over before its duration, or None."""
        return None

    def status(self, state: Any, time: float) -> str:
        """One word for the history."""
        return "on"
