"""The modes of a generator, one file each; a new one is a record, a file here and a line below."""

from __future__ import annotations

from pennes.generator.modes.constant import ConstantCurrent, ConstantPower, ConstantVoltage
from pennes.generator.modes.impedance_controlled import ImpedanceControlled
from pennes.generator.modes.mode import Demand, Mode
from pennes.generator.modes.pulsed_power import PulsedPower
from pennes.generator.modes.temperature_controlled import TemperatureControlled
from pennes.generator.modes.temperature_limited import TemperatureLimited

__all__ = ["MODES", "Demand", "Mode"]

MODES: dict[str, type[Mode]] = {
    "constant_voltage": ConstantVoltage,
    "constant_current": ConstantCurrent,
    "constant_power": ConstantPower,
    "impedance_controlled": ImpedanceControlled,
    "temperature_controlled": TemperatureControlled,
    "pulsed_power": PulsedPower,
    "temperature_limited": TemperatureLimited,
}
"""By the protocol's ``mode``."""
