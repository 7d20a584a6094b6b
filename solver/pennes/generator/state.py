"""All that a controller remembers, as plain numbers, for the checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from pennes.errors import InputError
from pennes.generator.modes import MODES
from pennes.generator.signals import Event


@dataclass
class ControllerState:
    """Where a protocol stands; times in s."""

    mode: str
    """Name of the mode that is running ..."""
    mode_state: Any
    """... and what it remembers."""
    phase: Literal["treating", "cool_down", "finished"] = "treating"
    ended_at: float | None = None
    """When the generator was switched off for good."""
    stage: int = 0
    """Number of the schedule's stage."""
    pattern: int = 0
    """Number of the pattern of poles."""
    pattern_end: float | None = None
    """When the poles are switched next."""
    limits: list[str] = field(default_factory=list)
    """Limits of the generator met so far."""
    events: list[Event] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Numbers, words, lists and dicts only: ``json`` writes and reads it without loss."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """The state that ``to_dict`` wrote. Raises InputError where it is not one."""
        try:
            values = dict(saved)
            values["mode_state"] = MODES[values["mode"]].State(**values["mode_state"])
            values["events"] = [Event(**event) for event in values["events"]]
            values["limits"] = list(values["limits"])
            return cls(**values)
        except (KeyError, TypeError, ValueError) as problem:
            raise InputError(f"this is not the state of a generator ({problem})", key="generator") from None
