"""Impedance control: power until the tissue dries, a pause in which it wets again, and so on.

How pulsed cooled-tip protocols run
-----------------------------------
A radiofrequency electrode heats what is next to it: the power density falls with the fourth power of the distance from
a point, with the square of it from a line. With constant power the tissue at the metal boils within a minute or
two. Vapour does not conduct; a dry sleeve around the electrode takes most of the voltage, dries further, and the
displayed impedance climbs from some 60 to 90 ohm to several hundred within seconds. That is *roll-off*. From then on
hardly any current flows, and the zone has stopped growing while its outer half was still being heated.

Two remedies came together in the cooled-tip systems. Chilled water inside the electrode moves the hottest place a few
millimetres into the tissue, so that more power can be given before anything boils. And the generator watches the
impedance: when it *rolls off* the generator stops, for some 15 s. In that pause heat flows outwards (a pause is not
lost: the edge of the zone goes on warming), vapour condenses, blood and water come back, the impedance falls to its
baseline; then the next pulse begins. Over twelve minutes this gives about ten to thirty pulses. The mean power is well
below the set power, and that mean, not the number on the front panel, makes the zone.

What the clinic varies, and where it stands in the protocol's record:

- *Start and ramp* (``start_power``, ``ramp``, ``set_power``). The power is raised in steps, say from 80 W by 20 W every
  minute, because a cold start at 200 W rolls off early. Here the ramp is continuous, and its clock runs only while
  power flows: nobody turns the knob up while the generator is off. Pauses interrupt it; it goes on where it was.
- *Roll-off* (``roll_off_impedance``, ``roll_off_rise``). Either an absolute impedance, such as 120 ohm, or a rise over
  a baseline, such as 10 to 30 ohm. The baseline is the smallest impedance of the present pulse: impedance first
  *falls* as warm tissue conducts better, so that the value at the start of a pulse would be too large. Where both are
  given the smaller threshold counts.
- *Pause* (``pause``, ``pause_power``). Usually off altogether; some generators keep a watt or two to go on measuring.
  The pause is a fixed time. It does not wait for the impedance to fall.
- *Short pulses* (``short_pulse``, ``short_pulse_factor``). A pulse that rolls off after less than 10 s says that the
  power is too large for what the tissue can pass on; the pulses after it get less, by the factor, and it
  multiplies: three short pulses at 0.9 leave 73 %. A new ``set_power`` in the schedule starts again at the full value.
- *Shortest pulse* (``minimum_pulse``). A generator has to switch on and measure before it can know that the tissue is
  still dry, and it filters what it measures. So no roll-off is acted on within the first second of a pulse, or
  after the poles have been switched. If the impedance is then still above the threshold, the pulse ends there, counts
  as a short one, and the next pause begins: dry tissue gives a train of one-second pulses of falling power, not
  a generator that hangs and not one that switches on and off without time passing.
- *End* (``roll_offs_to_end``). Umbrella electrodes without cooling are run the other way round: the operator *wants*
  the roll-off, as the sign that the volume between the tines has dried. Power starts low, rises by 10 W/min until
  the first roll-off; after a pause of 30 s a second pulse runs to the second roll-off, and the treatment is over.

The threshold in time
---------------------
Impedance climbs steeply at the end of a pulse, and each pulse decides when all later ones begin; a roll-off found only
at the end of a time step of some seconds would make the result depend on the step. ``crossing`` therefore says where in
a step the threshold lay, and the step is repeated shorter, to end there. It interpolates the conductance linearly:
drying takes conductance away, and where the impedance shoots up to some kilohm a line through it would say that the
threshold lay at the very start of the step. The curve is no line either way, so the repeated step lands a little
beside the threshold. Four rules make an end of this:

1. at the end of a step an impedance within ``IMPEDANCE_TOLERANCE`` (relative) of the threshold has reached it;
2. a crossing less than ``CROSSING_TIME`` before the end of a step lies at its end;
3. a crossing less than ``CROSSING_TIME`` after the start of a step lies that much after it;
4. otherwise a repeated step is shorter by a tenth at least (``LARGEST_FRACTION``): on a plateau just above the
   threshold the interpolation alone would creep back from the end of the step.

So every repetition is a good deal shorter, every step a millisecond long, and the roll-off is met to about that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pennes.generator.modes.mode import Demand, Mode
from pennes.generator.signals import Event, Measurement, is_due

CROSSING_TIME = 1e-3
"""s; how closely a step has to end at a roll-off."""
LARGEST_FRACTION = 0.9
"""Of a step that has to be repeated shorter."""
IMPEDANCE_TOLERANCE = 1e-4
"""Relative distance below the threshold at which it counts as reached."""


@dataclass
class PulseState:
    """Where the pulsing stands; times in s, impedances in ohm, powers in W."""

    pulse_start: float | None
    """Start of the present pulse; None in a pause and while the generator is disabled."""
    armed_at: float
    """From then on a roll-off is acted on."""
    ramp_power: float
    """Power from which the present ramp started ..."""
    ramp_on_time: float = 0.0
    """... when power had flowed for that long."""
    on_time: float = 0.0
    """Time during which power had flowed before the present pulse."""
    smallest: float | None = None
    """Smallest impedance of the present pulse."""
    pause_end: float | None = None
    level: float = 1.0
    """Product of the reductions after short pulses."""
    roll_offs: int = 0


class ImpedanceControlled(Mode):
    """See the module's text."""

    State = PulseState

    def start(self, time: float) -> PulseState:
        settings = self.settings
        power = settings.set_power if settings.start_power is None else settings.start_power
        return PulseState(pulse_start=time, armed_at=time + settings.minimum_pulse, ramp_power=power)

    def demand(self, state: PulseState, time: float) -> Demand:
        if state.pulse_start is None:
            return Demand("power", self.settings.pause_power)
        ramp_end = self._ramp_end(state)
        rate = self.settings.ramp if ramp_end is not None and not is_due(ramp_end, time) else 0.0
        return Demand("power", state.level * self._ramped(state, time), state.level * rate)

    def switches(self, state: PulseState, time: float) -> tuple[float | None, ...]:
        if state.pulse_start is None:
            return (state.pause_end,)
        return (self._ramp_end(state), state.armed_at)

    def crossing(self, state: PulseState, before: Measurement, after: Measurement) -> float | None:
        if state.pulse_start is None or not is_due(state.armed_at, before.time):
            return None
        threshold = self.threshold(state, before.impedance)
        if not after.impedance >= threshold:
            return None
        if not before.impedance < threshold:
            return 1.0
        duration = after.time - before.time
        start, level, end = 1.0 / before.impedance, 1.0 / threshold, 1.0 / after.impedance
        lies_at = max(duration * (start - level) / (start - end), CROSSING_TIME)
        return 1.0 if lies_at >= duration - CROSSING_TIME else min(lies_at / duration, LARGEST_FRACTION)

    def reached(self, state: PulseState, measurement: Measurement) -> bool:
        if state.pulse_start is None or not is_due(state.armed_at, measurement.time):
            return False
        threshold = self.threshold(state, measurement.impedance)
        return measurement.impedance >= threshold * (1.0 - IMPEDANCE_TOLERANCE)

    def threshold(self, state: PulseState, impedance: float) -> float:
        """Impedance (ohm) of the roll-off when ``impedance`` has just been measured in the present pulse."""
        settings = self.settings
        thresholds = [settings.roll_off_impedance or math.inf]
        known = [z for z in (state.smallest, impedance) if z is not None and not math.isnan(z)]
        if settings.roll_off_rise and known:
            thresholds.append(min(known) + settings.roll_off_rise)
        return min(thresholds)

    def advance(self, state: PulseState, measurement: Measurement) -> list[Event]:
        time = measurement.time
        if is_due(state.pause_end, time):
            state.pause_end = None
            self._pulse(state, time)
            return [Event(time, "pause_end", f"on again at {state.level * self._ramped(state, time):.4g} W")]
        if state.pulse_start is None:
            return []
        if self.reached(state, measurement):
            return [self._roll_off(state, measurement)]
        if not math.isnan(measurement.impedance):
            smallest = math.inf if state.smallest is None else state.smallest
            state.smallest = min(smallest, measurement.impedance)
        return []

    def suspend(self, state: PulseState, time: float) -> None:
        self._stop(state, time)

    def resume(self, state: PulseState, measurement: Measurement) -> None:
        if state.pause_end is None or is_due(state.pause_end, measurement.time):
            state.pause_end = None
            self._pulse(state, measurement.time)

    def adopt(self, state: PulseState, previous: ImpedanceControlled, measurement: Measurement) -> None:
        old, new, time = previous.settings, self.settings, measurement.time
        if new.set_power != old.set_power:
            state.level = 1.0
        if (new.set_power, new.ramp) != (old.set_power, old.ramp):
            state.ramp_power = previous._ramped(state, time)
            state.ramp_on_time = self._flowed(state, time)

    def repole(self, state: PulseState, time: float) -> None:
        state.smallest = None
        state.armed_at = time + self.settings.minimum_pulse

    def ending(self, state: PulseState) -> str | None:
        wanted = self.settings.roll_offs_to_end
        return f"{state.roll_offs} roll-offs" if wanted is not None and state.roll_offs >= wanted else None

    def status(self, state: PulseState, time: float) -> str:
        if state.pulse_start is None:
            return "pause"
        return "ramp" if self.demand(state, time).rate else "pulse"

    def _pulse(self, state: PulseState, time: float) -> None:
        state.pulse_start, state.smallest = time, None
        state.armed_at = time + self.settings.minimum_pulse

    def _stop(self, state: PulseState, time: float) -> None:
        state.on_time = self._flowed(state, time)
        state.pulse_start = None

    def _roll_off(self, state: PulseState, measurement: Measurement) -> Event:
        settings, time = self.settings, measurement.time
        pulse = time - state.pulse_start
        self._stop(state, time)
        state.pause_end = time + settings.pause
        state.roll_offs += 1
        message = f"roll-off {state.roll_offs} at {measurement.impedance:.4g} ohm after {pulse:.4g} s"
        if pulse < settings.short_pulse:
            state.level *= settings.short_pulse_factor
            message += f"; a short pulse: {100 * state.level:.3g} % of the power from now on"
        return Event(time, "roll_off", message)

    def _flowed(self, state: PulseState, time: float) -> float:
        """Time (s) during which power has flowed until ``time``."""
        return state.on_time + (0.0 if state.pulse_start is None else time - state.pulse_start)

    def _ramped(self, state: PulseState, time: float) -> float:
        """Power (W) of the ramp at ``time``, before reductions."""
        target, rate = self.settings.set_power, self.settings.ramp
        if (target - state.ramp_power) * rate <= 0:
            return target
        reached = state.ramp_power + rate * (self._flowed(state, time) - state.ramp_on_time)
        return min(target, reached) if rate > 0 else max(target, reached)

    def _ramp_end(self, state: PulseState) -> float | None:
        """When the ramp will arrive if power goes on flowing; None where none is running."""
        target, rate = self.settings.set_power, self.settings.ramp
        if state.pulse_start is None or (target - state.ramp_power) * rate <= 0:
            return None
        return state.pulse_start + (target - state.ramp_power) / rate + state.ramp_on_time - state.on_time
