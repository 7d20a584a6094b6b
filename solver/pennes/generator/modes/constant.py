"""Constant voltage, current or power: the set value is held; the schedule may change it at any time."""

from __future__ import annotations

from typing import Any, ClassVar

from pennes.generator.modes.mode import Demand, Mode
from pennes.generator.signals import DriveKind


class _Constant(Mode):
    kind: ClassVar[DriveKind]

    def demand(self, state: Any, time: float) -> Demand:
        return Demand(self.kind, getattr(self.settings, f"set_{self.kind}"))


class ConstantVoltage(_Constant):
    """Rms voltage at the generator's terminals."""

    kind = "voltage"


class ConstantCurrent(_Constant):
    """Rms current."""

    kind = "current"


class ConstantPower(_Constant):
    """Power as set on the generator; internal resistance and leads take their part of it."""

    kind = "power"
