"""What passes between the generator and the patient: what is measured, what is to be delivered, what was decided."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Literal

from pennes.errors import SolverError
from pennes.library.protocols import Generator
from pennes.library.schedule import Pole

_STATISTICS = {"mean": fmean, "max": max, "min": min}
DriveKind = Literal["off", "voltage", "current", "power"]

TIME_TOLERANCE = 1e-6
"""s; what falls due within this time is due now. It keeps steps from becoming slivers between two decisions."""


@dataclass(frozen=True)
class Measurement:
    """What the generator sees at ``time`` (s), with the drive that has been acting up to then.

    ``impedance`` ohm as displayed, leads included, nan while nothing flows; ``power`` W, ``voltage`` V and ``current``
    A (rms) at the tissue; ``temperatures`` of the thermocouples by name and ``max_temperature`` in C.
    """

    time: float
    impedance: float = math.nan
    power: float = 0.0
    voltage: float = 0.0
    current: float = 0.0
    temperatures: Mapping[str, float] = field(default_factory=dict)
    max_temperature: float = math.nan

    def sensed(self, sensors: Sequence[str], statistic: str) -> float:
        """The ``statistic`` ("mean", "max", "min") of some thermocouples, C. Raises SolverError where one is silent."""
        values = [self.temperatures.get(name, math.nan) for name in sensors]
        for name, value in zip(sensors, values, strict=True):
            if not math.isfinite(value):
                raise SolverError(f"thermocouple {name} has no temperature at t = {self.time:.6g} s")
        return _STATISTICS[statistic](values)


@dataclass(frozen=True)
class Drive:
    """What to deliver until the next decision: ``value`` (V, A or W, rms at the generator's terminals) now.

    ``rate`` is its change per second (a ramp); ``poles`` holds every pole by its full name. A drive of no value and
    no rate is of kind ``off``.
    """

    kind: DriveKind
    value: float = 0.0
    rate: float = 0.0
    poles: Mapping[str, Pole] = field(default_factory=dict)
    generator: Generator | None = None
    """With the limits that hold now; None: the device's own."""


@dataclass(frozen=True)
class Event:
    """A decision.

    Kinds: ``roll_off``, ``pause_end``, ``target`` (temperature control reached its target), ``schedule``, ``poles``
    (switching), ``limit`` (the generator cannot deliver what was asked), ``end`` (off for good), ``cool_down_end``.
    """

    time: float
    kind: str
    message: str


def is_due(moment: float | None, time: float) -> bool:
    """Whether something planned for ``moment`` (None: never) has to happen at ``time``."""
    return moment is not None and moment <= time + TIME_TOLERANCE


def first_after(moments: Iterable[float | None], time: float) -> float:
    """The earliest of ``moments`` that is not due at ``time`` yet; inf where there is none."""
    return min((m for m in moments if m is not None and not is_due(m, time)), default=math.inf)
