"""The controller: a protocol as a state machine without a mesh.

The time loop at time t asks ``drive(t)`` and ``next_switch(t)``, takes a step that does not pass the latter, measures
before (with the drive that begins at t) and after, asks ``crossing(before, after)``, repeats the step shorter where a
fraction below 1 comes back, and calls ``advance(after)`` once the step is accepted. Decisions are made in ``advance``
alone, and from its measurement alone, so a run that goes on from a checkpoint decides the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pennes.errors import InputError
from pennes.generator.electrics import deliver
from pennes.generator.signals import Drive, Event, Measurement, first_after, is_due
from pennes.generator.stages import Stage, make_stages
from pennes.generator.state import ControllerState
from pennes.library.protocols import Generator, ProtocolBase


class Controller:
    """Runs ``protocol`` on ``generator``.

    ``pole_names`` and ``sensor_names`` are all poles and thermocouples of the case by full name, "applicator.part".
    All that changes is in ``state``. Raises InputError where the protocol names a pole or a thermocouple that does
    not exist.
    """

    def __init__(
        self,
        protocol: ProtocolBase,
        generator: Generator,
        pole_names: Sequence[str],
        sensor_names: Sequence[str] = (),
    ):
        self.protocol, self.generator = protocol, generator
        self._stages = make_stages(protocol, generator, tuple(pole_names), tuple(sensor_names))
        first = self._stages[0]
        self.state = ControllerState(first.settings.mode, first.mode.start(0.0))
        self._start_cycle(0.0)
        if not first.enabled:
            first.mode.suspend(self.state.mode_state, 0.0)

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from ``state.to_dict()``. Raises InputError where it does not belong to this protocol."""
        state = ControllerState.from_dict(saved)
        stage = self._stages[state.stage] if 0 <= state.stage < len(self._stages) else None
        if stage is None or stage.settings.mode != state.mode or not 0 <= state.pattern < len(stage.patterns):
            raise InputError("the saved state of the generator belongs to another protocol", key="protocol")
        self.state = state

    @property
    def finished(self) -> bool:
        """Treatment and cool-down are over."""
        return self.state.phase == "finished"

    @property
    def events(self) -> list[Event]:
        """All decisions so far."""
        return self.state.events

    def end_time(self) -> float:
        """Latest end (s) of treatment and cool-down."""
        if self.state.ended_at is not None:
            return self.state.ended_at + self._stage.settings.cool_down
        last = self._stages[-1].settings
        return last.duration + last.cool_down

    @property
    def coolant(self) -> tuple[bool, float | None]:
        """Whether the applicators' coolant flows, and its temperature (C; None: the device's). The pump stops with the
        generator."""
        coolant = self._stage.settings.coolant
        return self.state.phase == "treating" and coolant.on is not False, coolant.temperature

    def status(self, time: float) -> str:
        """One word for the history: ``on, ramp, pulse, pause, heating, hold, disabled, cool_down`` or ``finished``."""
        if self.state.phase != "treating":
            return self.state.phase
        stage = self._stage
        return stage.mode.status(self.state.mode_state, time) if stage.enabled else "disabled"

    def drive(self, time: float) -> Drive:
        """What to deliver from ``time`` until the next decision."""
        stage = self._stage
        poles = stage.patterns[self.state.pattern]
        if not self._delivering:
            return Drive("off", poles=poles)
        demand = stage.mode.demand(self.state.mode_state, time)
        if demand.value <= 0 and demand.rate <= 0:
            return Drive("off", poles=poles)
        return Drive(demand.kind, demand.value, demand.rate, poles, stage.generator)

    def next_switch(self, time: float) -> float:
        """The next time (s) after ``time`` at which something planned happens; inf where there is none.

        What is due within ``TIME_TOLERANCE`` of ``time`` has been decided already.
        """
        if self.state.phase == "cool_down":
            return first_after((self.end_time(),), time)
        if self.finished:
            return math.inf
        moments: list[float | None] = [self._stage.settings.duration, self.state.pattern_end]
        moments += [stage.at for stage in self._stages[self.state.stage + 1 :]]
        if self._delivering:
            moments += self._stage.mode.switches(self.state.mode_state, time)
        return first_after(moments, time)

    def crossing(self, before: Measurement, after: Measurement) -> float | None:
        """Fraction in (0, 1] of the step from ``before`` to ``after`` at which a threshold is first crossed, or None.

        1 means that the step ends at the crossing, within a millisecond: it need not be repeated.
        """
        return self._stage.mode.crossing(self.state.mode_state, before, after) if self._delivering else None

    def crossing_reached(self, measurement: Measurement) -> bool:
        """Whether ``advance(measurement)`` would take a threshold as reached (within a small relative tolerance)."""
        return self._delivering and self._stage.mode.reached(self.state.mode_state, measurement)

    def advance(self, measurement: Measurement) -> tuple[Event, ...]:
        """Make the decisions that are due at the end of an accepted step; they are also kept in ``state.events``.

        The order at one moment: end of the treatment, thresholds and samples under the settings that held during the
        step, changes of the schedule, switching of poles. It may be called at t = 0 with a measurement before
        any power has flowed, which a temperature-controlled protocol takes as its first sample.
        """
        time, state = measurement.time, self.state
        events: list[Event] = []
        if state.phase == "treating":
            events += self._check_limits(measurement)
            if is_due(self._ending(time), time):
                events += self._end(time, "its duration is over")
            else:
                events += self._treat(measurement)
        if state.phase == "cool_down" and is_due(self.end_time(), time):
            state.phase = "finished"
            if self._stage.settings.cool_down > 0:
                events.append(Event(time, "cool_down_end", "cool-down is over"))
        state.events += events
        return tuple(events)

    @property
    def _stage(self) -> Stage:
        return self._stages[self.state.stage]

    @property
    def _delivering(self) -> bool:
        return self.state.phase == "treating" and self._stage.enabled

    def _treat(self, measurement: Measurement) -> list[Event]:
        time, state = measurement.time, self.state
        events: list[Event] = []
        if self._delivering:
            events += self._stage.mode.advance(state.mode_state, measurement)
            reason = self._stage.mode.ending(state.mode_state)
            if reason is not None:
                return events + self._end(time, reason)
        while state.stage + 1 < len(self._stages) and is_due(self._stages[state.stage + 1].at, time):
            events += self._change(measurement)
        if is_due(state.pattern_end, time):
            events.append(self._switch_poles(time))
        return events

    def _ending(self, time: float) -> float:
        """When the treatment is to end, as it stands once the changes that are due at ``time`` have been made."""
        due = [stage for stage in self._stages[self.state.stage + 1 :] if is_due(stage.at, time)]
        return (due[-1] if due else self._stage).settings.duration

    def _change(self, measurement: Measurement) -> list[Event]:
        """Enter the next stage of the schedule."""
        time, state, old = measurement.time, self.state, self._stage
        state.stage += 1
        new = self._stage
        events = [Event(time, "schedule", new.message)]
        if new.generator != old.generator:
            state.limits.clear()
        if new.settings.mode != old.settings.mode:
            state.mode, state.mode_state = new.settings.mode, new.mode.start(time)
            if new.enabled:
                # What has just been measured is the new mode's first sample.
                events += new.mode.advance(state.mode_state, measurement)
            else:
                new.mode.suspend(state.mode_state, time)
        else:
            new.mode.adopt(state.mode_state, old.mode, measurement)
            if old.enabled and not new.enabled:
                new.mode.suspend(state.mode_state, time)
            elif new.enabled and not old.enabled:
                new.mode.resume(state.mode_state, measurement)
        if old.patterns != new.patterns or old.settings.cycle_time != new.settings.cycle_time:
            self._start_cycle(time)
            new.mode.repole(state.mode_state, time)
        return events

    def _start_cycle(self, time: float) -> None:
        cycled = len(self._stage.patterns) > 1
        self.state.pattern = 0
        self.state.pattern_end = time + self._stage.settings.cycle_time if cycled else None

    def _switch_poles(self, time: float) -> Event:
        state, stage = self.state, self._stage
        state.pattern = (state.pattern + 1) % len(stage.patterns)
        state.pattern_end += stage.settings.cycle_time
        stage.mode.repole(state.mode_state, time)
        return Event(time, "poles", f"pattern {state.pattern + 1} of {len(stage.patterns)}")

    def _check_limits(self, measurement: Measurement) -> list[Event]:
        """Say once for each limit of the generator that it cannot deliver what it was set to."""
        drive, generator = self.drive(measurement.time), self._stage.generator
        load = measurement.impedance - generator.lead_resistance
        if load > 0:
            limit = deliver(drive, 0.0, load, generator).limited_by
        else:  # an antenna has no impedance in ohm
            limit = "power" if drive.kind == "power" and drive.value > generator.max_power else None
        if limit is None or limit in self.state.limits:
            return []
        self.state.limits.append(limit)
        unit = {"power": "W", "voltage": "V", "current": "A"}
        most = getattr(generator, f"max_{limit}")
        message = f"the generator's {most:g} {unit[limit]} limit it ({drive.value:.4g} {unit[drive.kind]} asked)"
        return [Event(measurement.time, "limit", message)]

    def _end(self, time: float, reason: str) -> list[Event]:
        self.state.phase, self.state.ended_at = "cool_down", time
        return [Event(time, "end", f"generator off: {reason}")]
