"""Records of what a schedule changes: poles, limits, coolant, and all settings of all modes."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pennes import units
from pennes.library.records import Record, refuse


class Pole(Record):
    """How a pole is driven: relative amplitude and phase of its potential, ground, or floating (no net current)."""

    role: Literal["active", "ground", "floating"] = "active"
    amplitude: units.Number = 1.0
    phase: units.Angle = "0 deg"


class Limits(Record):
    """Limits of the generator that replace the device's; what is left out stays as it is."""

    max_power: units.PositivePower | None = None
    max_voltage: units.Voltage | None = None
    """Root mean square."""
    max_current: units.Current | None = None
    """Root mean square."""


class Coolant(Record):
    """The coolant of all applicators while the generator treats; what is left out stays as it is."""

    on: bool | None = None
    """Whether it flows; none: it does."""
    temperature: units.CoolantTemperature | None = None
    """None: the device's."""


MODE_NAMES = Literal[
    "constant_voltage",
    "constant_current",
    "constant_power",
    "impedance_controlled",
    "temperature_controlled",
    "pulsed_power",
    "temperature_limited",
]


class Change(Record):
    """An entry of the schedule: from ``at`` on, the given values replace the protocol's. Anything left out stays."""

    at: units.Duration
    mode: MODE_NAMES | None = None
    """Another mode, which starts anew: what it needs and the protocol has not stands beside it."""
    duration: units.PositiveDuration | None = None
    """Another end of the treatment, from its start."""
    cool_down: units.Duration | None = None
    limits: Limits | None = None
    coolant: Coolant | None = None
    start_power: units.Power | None = None
    """Beside ``mode: impedance_controlled`` only."""
    set_voltage: units.Voltage | None = None
    set_current: units.Current | None = None
    set_power: units.Power | None = None
    set_temperature: units.Temperature | None = None
    poles: dict[str, Pole] | None = None
    """Poles by "applicator.pole"; a pole's name alone means that pole of every applicator."""
    pole_cycle: tuple[dict[str, Pole], ...] | None = None
    """An empty list ends the switching."""
    cycle_time: units.PositiveDuration | None = None
    ramp: units.PowerRate | None = None
    roll_off_impedance: units.Resistance | None = None
    roll_off_rise: units.Resistance | None = None
    pause: units.PositiveDuration | None = None
    pause_power: units.Power | None = None
    minimum_pulse: units.PositiveDuration | None = None
    short_pulse: units.Duration | None = None
    short_pulse_factor: units.Fraction | None = None
    roll_offs_to_end: units.Whole | None = Field(default=None, ge=1)
    max_power: units.PositivePower | None = None
    proportional: units.Number | None = None
    integral: units.Number | None = None
    sample_interval: units.PositiveDuration | None = None
    sensors: tuple[str, ...] | None = None
    statistic: Literal["mean", "max", "min"] | None = None
    hold: units.PositiveDuration | None = None
    hold_tolerance: units.TemperatureDifference | None = None
    period: units.PositiveDuration | None = None
    duty_cycle: units.Fraction | None = Field(default=None, gt=0)
    limit_temperature: units.Temperature | None = None
    resume_below: units.PositiveTemperatureDifference | None = None
    enabled: bool | None = None
    """False: the generator pauses; true: it goes on."""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields if name != "at"):
            raise refuse("changes nothing", expected="at least one value beside 'at'")
        return self
