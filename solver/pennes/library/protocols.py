"""Records of generators and of the protocols they run."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from pennes import units
from pennes.library.records import Record, refuse
from pennes.library.schedule import Change, Coolant, Limits, Pole


class Generator(Record):
    """Limits of the generator."""

    max_power: units.PositivePower = "200 W"
    max_voltage: units.Voltage | None = None
    """Root mean square."""
    max_current: units.Current | None = None
    """Root mean square."""
    internal_resistance: units.Resistance | None = None
    """R_I of P_eff = 4 P_set R R_I / (R + R_I)^2 (Altrogge 2007); none: the set power reaches the tissue."""
    frequency: units.Frequency = "480 kHz"
    lead_resistance: units.Resistance = "0 ohm"
    """Series resistance of leads and pads, added to the displayed impedance; its heat stays outside the body."""


class ProtocolBase(Record):
    name: str = "own"
    """The library's name of the protocol that this one is, or was made from."""
    duration: units.PositiveDuration
    cool_down: units.Duration = "0 s"
    """Time simulated after the generator has been switched off at ``duration``."""
    limits: Limits = Limits()
    coolant: Coolant = Coolant()
    schedule: tuple[Change, ...] = ()
    poles: dict[str, Pole] = {}
    """Poles that are not simply active at full amplitude."""
    coherent: bool = False
    """Several antennas share one oscillator: their fields add with the phases of their poles. False: each has its own,
    and their powers add."""
    pole_cycle: tuple[dict[str, Pole], ...] = ()
    """Switching: patterns of poles applied in turn, each for ``cycle_time``."""
    cycle_time: units.PositiveDuration = "30 s"
    source: str = "stated by the case"

    def changed(self, change: Change) -> ProtocolBase:
        """The settings after a change, without a schedule.

        Raises ValidationError where a new mode lacks what it needs.
        """
        given = {
            name: value
            for name in Change.model_fields.keys() - {"at", "enabled"}
            if (value := getattr(change, name)) is not None
        }
        for name in given.keys() & {"limits", "coolant"}:
            stated = {key: value for key, value in given[name] if value is not None}
            given[name] = getattr(self, name).model_copy(update=stated)
        mode = given.pop("mode", self.mode)
        if mode == self.mode:
            return self.model_copy(update={**given, "schedule": ()})
        model = PROTOCOLS[mode]
        # As text: what both modes have is taken over, and all of it validated anew.
        kept = self.model_dump(mode="json", include=model.model_fields.keys() - {"mode", "schedule"})
        stated = change.model_copy(update=given).model_dump(mode="json", include=given.keys())
        return model.model_validate({**kept, **stated, "mode": mode})

    @model_validator(mode="after")
    def _schedule_fits(self) -> Self:
        settings = Change.model_fields.keys() - {"at", "enabled"}
        now: ProtocolBase = self
        before = 0.0
        for index, change in enumerate(self.schedule):
            if change.at < before or change.at > now.duration:
                raise refuse(
                    f"{change.at:g} s is out of turn",
                    "schedule",
                    index,
                    "at",
                    expected="ascending times within the duration",
                )
            before = change.at
            model = type(now) if change.mode in (None, now.mode) else PROTOCOLS[change.mode]
            own = sorted(settings & model.model_fields.keys())
            for name in sorted(settings - model.model_fields.keys()):
                if getattr(change, name) is not None:
                    expected = " | ".join(own)
                    raise refuse("does not belong to this mode", "schedule", index, name, expected=expected)
            if change.start_power is not None and change.mode in (None, now.mode):
                raise refuse("belongs to the start of a mode", "schedule", index, "start_power", expected="a new mode")
            try:
                now = now.changed(change)
            except ValidationError as error:
                raise _of_change(error, index, str(change.mode)) from None
            if now.duration < change.at:
                problem = f"{now.duration:g} s are over at {change.at:g} s"
                raise refuse(problem, "schedule", index, "duration", expected="an end that is still to come")
        for index, pattern in enumerate(self.pole_cycle):
            if not pattern:
                raise refuse("names no pole", "pole_cycle", index, expected="a pattern such as {needle.active: {...}}")
        return self


def _of_change(error: ValidationError, index: int, mode: str) -> Exception:
    """What a new mode lacks, as an error of its entry of the schedule."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    at = ("schedule", index, *first["loc"], *context.get("at", ()))
    if first["type"] == "missing":
        return refuse("is missing", *at, expected=f"a value that '{mode}' starts with")
    return refuse(context.get("problem", first["msg"]), *at, expected=context.get("expected"))


class ConstantVoltage(ProtocolBase):
    mode: Literal["constant_voltage"]
    set_voltage: units.Voltage


class ConstantCurrent(ProtocolBase):
    mode: Literal["constant_current"]
    set_current: units.Current


class ConstantPower(ProtocolBase):
    mode: Literal["constant_power"]
    set_power: units.Power


class ImpedanceControlled(ProtocolBase):
    """Power ramps up; when the impedance rolls off the generator pauses, then goes on (pulsing) or ends."""

    mode: Literal["impedance_controlled"]
    set_power: units.Power
    start_power: units.Power | None = None
    """Power at t = 0; none: ``set_power`` at once."""
    ramp: units.PowerRate = "0 W/min"
    """Rate at which the set power rises from ``start_power`` to ``set_power``."""
    roll_off_impedance: units.Resistance | None = None
    """Absolute impedance at which the generator pauses."""
    roll_off_rise: units.Resistance | None = None
    """Rise over the smallest impedance of the present pulse at which the generator pauses."""
    pause: units.PositiveDuration = "15 s"
    """Time off after a roll-off."""
    pause_power: units.Power = "0 W"
    """Power during the pause (to keep measuring impedance)."""
    minimum_pulse: units.PositiveDuration = "1 s"
    """No roll-off is acted on before power has flowed for that long in a pulse, or to newly switched poles."""
    short_pulse: units.Duration = "10 s"
    """A pulse that rolls off sooner than this lowers the power of the pulses after it ..."""
    short_pulse_factor: units.Fraction = 0.9
    """... by this factor."""
    roll_offs_to_end: units.Whole | None = Field(default=None, ge=1)
    """Number of roll-offs after which the treatment ends (LeVeen: 2); none: it pulses until ``duration``."""

    @model_validator(mode="after")
    def _can_roll_off(self) -> Self:
        if not self.roll_off_impedance and not self.roll_off_rise:
            raise refuse(
                "is missing (or roll_off_rise): nothing would end a pulse",
                "roll_off_impedance",
                expected="something like '120 ohm'",
            )
        if self.start_power is not None and self.start_power > self.set_power:
            raise refuse(f"{self.start_power:g} W is above set_power ({self.set_power:g} W)", "start_power")
        if self.start_power is not None and self.start_power < self.set_power and self.ramp <= 0:
            raise refuse(
                "is missing or 0: power would never rise from start_power to set_power",
                "ramp",
                expected="something like '20 W/min'",
            )
        return self


class TemperatureControlled(ProtocolBase):
    """Proportional-integral control of the mean thermocouple temperature."""

    mode: Literal["temperature_controlled"]
    set_temperature: units.Temperature
    max_power: units.PositivePower
    proportional: units.Number
    """W per K."""
    integral: units.Number
    """W per K and second."""
    sample_interval: units.PositiveDuration = "1 s"
    sensors: tuple[str, ...] = ()
    """Thermocouples that count; empty: all of the device."""
    statistic: Literal["mean", "max", "min"] = "mean"
    hold: units.PositiveDuration | None = None
    """Time at target temperature after which the treatment ends; none: ``duration`` alone counts."""
    hold_tolerance: units.TemperatureDifference = "1 K"
    """How far below the set temperature the target counts as reached."""

    @model_validator(mode="after")
    def _can_control(self) -> Self:
        if min(self.proportional, self.integral) < 0 or max(self.proportional, self.integral) == 0:
            raise refuse("the gains cannot heat", "proportional", expected="gains that are not negative, one above 0")
        return self


class PulsedPower(ProtocolBase):
    """Power that is on for a share of every period."""

    mode: Literal["pulsed_power"]
    set_power: units.Power
    """While it is on."""
    period: units.PositiveDuration
    duty_cycle: units.Fraction = Field(gt=0)
    """Share of the period, from its start, during which power is on."""


class TemperatureLimited(ProtocolBase):
    """Constant power, off while thermocouples are too hot."""

    mode: Literal["temperature_limited"]
    set_power: units.Power
    limit_temperature: units.Temperature
    """Power goes off when the thermocouples reach it ..."""
    resume_below: units.PositiveTemperatureDifference = "5 K"
    """... and on again when they are so much colder."""
    sensors: tuple[str, ...] = ()
    """Thermocouples that count; empty: all of the device."""
    statistic: Literal["mean", "max", "min"] = "max"


Protocol = Annotated[
    ConstantVoltage
    | ConstantCurrent
    | ConstantPower
    | ImpedanceControlled
    | TemperatureControlled
    | PulsedPower
    | TemperatureLimited,
    Field(discriminator="mode"),
]

PROTOCOLS: dict[str, type[ProtocolBase]] = {
    "constant_voltage": ConstantVoltage,
    "constant_current": ConstantCurrent,
    "constant_power": ConstantPower,
    "impedance_controlled": ImpedanceControlled,
    "temperature_controlled": TemperatureControlled,
    "pulsed_power": PulsedPower,
    "temperature_limited": TemperatureLimited,
}
"""By their ``mode``."""
