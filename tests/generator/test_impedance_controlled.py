from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lumped import Patient, make, treat

from pennes.generator import Measurement
from pennes.library.protocols import Generator

PULSED = {"duration": "3 min", "set_power": "100 W", "roll_off_impedance": "120 ohm"}


def heated(load, loss=0.0):
    """A patient who stores energy (J) and gives it away at the rate ``loss`` (1/s); ``load`` of the energy, ohm."""
    return Patient((0.0,), lambda x, power, time: (power - loss * x[0],), load=lambda x, time: load(x[0]))


def drying(energy):
    """Conducts better when warm, dries above 1.5 kJ: 80 ohm, 60 at 1.5 kJ, then steeply up."""
    return 80.0 - 20.0 * min(energy, 1500.0) / 1500.0 + max(0.0, energy - 1500.0) ** 2 / 400.0


@pytest.mark.parametrize("max_step", [0.7, 5.0, 60.0])
@pytest.mark.parametrize(("load", "energy", "allowed"), [
    (lambda e: 60.0 + (e / 100.0) ** 2, 100.0 * 60.0**0.5, 10),
    (lambda e: 60.0 * 2.0 ** (e / 900.0), 900.0, 10),
    (lambda e: 60.0 + 60.0 * (e / 1000.0) ** 0.5, 1000.0, 20),
    (lambda e: 60.0 + 60.05 * min(e / 1000.0, 1.0), 1000.0 * 60.0 / 60.05, 120),
    (lambda e: 60.0 + max(0.0, e - 2999.9) * 1e4, 2999.906, 120),
])  # fmt: skip
def test_the_roll_off_is_met_within_a_millisecond_whatever_the_step(load, energy, allowed, max_step):
    controller = make("impedance_controlled", **PULSED)
    log = treat(controller, heated(load), max_step)
    roll_off = next(event for event in controller.events if event.kind == "roll_off")
    assert roll_off.time == pytest.approx(energy / 100.0, abs=2e-3)
    assert log.repetitions <= allowed


def test_a_roll_off_is_followed_by_the_pause_and_the_next_pulse():
    controller = make("impedance_controlled", pause="12 s", **PULSED)
    log = treat(controller, heated(drying, loss=0.03))
    times = {kind: [e.time for e in controller.events if e.kind == kind] for kind in ("roll_off", "pause_end")}
    assert len(times["roll_off"]) >= 5
    for off, on in zip(times["roll_off"], times["pause_end"], strict=False):
        assert on - off == pytest.approx(12.0, abs=1e-6)
    stretches = log.on()
    assert [end for _, end in stretches[: len(times["roll_off"])]] == pytest.approx(times["roll_off"])
    at_roll_off = [m.impedance for m in log.measured if m.time in times["roll_off"]]
    assert at_roll_off == pytest.approx([120.0] * len(at_roll_off), rel=2e-3)
    assert log.measured[-1].time == pytest.approx(180.0, abs=1e-6)


def test_a_short_pulse_lowers_the_power_of_the_pulses_after_it_and_a_long_one_does_not():
    short = make("impedance_controlled", short_pulse="30 s", short_pulse_factor=0.8, **PULSED)
    log = treat(short, heated(drying, loss=0.03))
    powers = list(dict.fromkeys(round(drive.value, 9) for _, _, drive in log.drives if drive.kind == "power"))
    assert powers[:4] == pytest.approx([100.0, 80.0, 64.0, 51.2])
    long = make("impedance_controlled", short_pulse="1 s", short_pulse_factor=0.8, **PULSED)
    log = treat(long, heated(drying, loss=0.03))
    assert {drive.value for _, _, drive in log.drives if drive.kind == "power"} == {100.0}


def test_tissue_that_stays_dry_gives_short_pulses_and_no_stall():
    controller = make("impedance_controlled", minimum_pulse="2 s", short_pulse_factor=0.5, **PULSED)
    log = treat(controller, heated(lambda energy: 300.0))
    pulses = [end - start for start, end in log.on()]
    assert pulses[:-1] == pytest.approx([2.0] * (len(pulses) - 1), abs=1e-5)
    assert len(pulses) == 11  # 180 s / (2 + 15) s
    assert len(log.drives) < 100
    assert controller.drive(0.0).kind == "off"


def test_the_rise_counts_from_the_smallest_impedance_of_the_present_pulse():
    """80 ohm at first, 60 at the lowest: a rise of 15 ohm is met at 75 ohm, below where the pulse began."""
    rise = {**PULSED, "roll_off_impedance": None, "roll_off_rise": "15 ohm"}
    controller = make("impedance_controlled", **rise)
    log = treat(controller, heated(drying, loss=0.01), max_step=0.5)
    first = next(event for event in controller.events if event.kind == "roll_off")
    (impedance,) = [m.impedance for m in log.measured if m.time == first.time]
    assert impedance == pytest.approx(75.0, abs=0.5)


def test_the_baseline_is_forgotten_with_the_pulse_and_when_poles_are_switched():
    rise = {**PULSED, "roll_off_impedance": None, "roll_off_rise": "15 ohm"}
    cycle = ({"a.active": {"role": "ground"}}, {"b.active": {"role": "ground"}})
    by_time = Patient((), lambda x, power, time: (), load=lambda x, time: 60.0 if time <= 30.0 else 90.0)
    names = ("a.active", "b.active")
    controller = make("impedance_controlled", pole_names=names, pole_cycle=cycle, cycle_time="30 s", **rise)
    treat(controller, by_time)
    assert "roll_off" not in {event.kind for event in controller.events}
    schedule = ({"at": "30 s", "poles": {"b.active": {"role": "ground"}}},)
    controller = make("impedance_controlled", pole_names=names, schedule=schedule, **rise)
    treat(controller, by_time)
    assert "roll_off" not in {event.kind for event in controller.events}
    controller = make("impedance_controlled", pole_names=names, **rise)
    treat(controller, by_time)
    assert [event.kind for event in controller.events].count("roll_off") == 1


def test_the_smaller_of_two_thresholds_counts():
    both = {**PULSED, "roll_off_rise": "500 ohm"}
    controller = make("impedance_controlled", **both)
    treat(controller, heated(lambda energy: 60.0 + energy / 50.0))
    assert controller.events[0].time == pytest.approx(30.0, abs=2e-3)


def test_the_ramp_rises_while_power_flows_and_waits_in_a_pause():
    ramp = {**PULSED, "start_power": "40 W", "ramp": "60 W/min", "short_pulse": "0 s"}
    by_time = Patient((), lambda x, power, time: (), load=lambda x, time: 200.0 if 20.0 < time < 25.0 else 60.0)
    controller = make("impedance_controlled", pause="10 s", **ramp)
    log = treat(controller, by_time, max_step=1.0)
    off = next(event.time for event in controller.events if event.kind == "roll_off")
    assert log.asked(10.0) == pytest.approx(50.0)
    assert log.asked(off + 5.0) == 0.0
    assert log.asked(off + 10.5) == pytest.approx(40.0 + off + 0.5)
    reached = 60.0 + 10.0  # on for 60 s in all: full power
    full = [start for start, _, drive in log.drives if drive.value == pytest.approx(100.0) and drive.rate == 0.0]
    assert full[0] == pytest.approx(reached, abs=1e-6)


def test_the_ramp_waits_while_the_schedule_disables_the_generator():
    schedule = ({"at": "10 s", "enabled": False}, {"at": "40 s", "enabled": True})
    ramp = {**PULSED, "start_power": "40 W", "ramp": "60 W/min"}
    log = treat(make("impedance_controlled", schedule=schedule, **ramp), heated(lambda energy: 60.0))
    assert [log.asked(t) for t in (10.0, 35.0, 50.0)] == pytest.approx([50.0, 0.0, 60.0])


def test_a_new_set_power_is_ramped_to_from_where_the_ramp_stands():
    schedule = ({"at": "2 min", "set_power": "130 W"},)
    ramp = {"duration": "4 min", "set_power": "70 W", "start_power": "40 W", "ramp": "30 W/min"}
    controller = make("impedance_controlled", schedule=schedule, roll_off_impedance="120 ohm", **ramp)
    log = treat(controller, heated(lambda energy: 60.0), max_step=15.0)
    assert [log.asked(t) for t in (30.0, 60.0, 120.0, 180.0, 240.0)] == pytest.approx([55.0, 70.0, 70.0, 100.0, 130.0])


def test_the_treatment_ends_with_the_last_roll_off_asked_for():
    controller = make("impedance_controlled", roll_offs_to_end=2, cool_down="20 s", pause="30 s", **PULSED)
    log = treat(controller, heated(drying, loss=0.03))
    second = [event.time for event in controller.events if event.kind == "roll_off"][1]
    assert [event.kind for event in controller.events][-2:] == ["end", "cool_down_end"]
    assert log.measured[-1].time == controller.end_time() == pytest.approx(second + 20.0)
    assert len(log.on()) == 2


def test_pause_power_keeps_flowing_and_cannot_roll_off():
    controller = make("impedance_controlled", pause_power="2 W", **PULSED)
    log = treat(controller, heated(lambda energy: 300.0))
    assert {drive.value for _, _, drive in log.drives} >= {100.0, 2.0}
    assert [event.kind for event in controller.events[:4]] == ["roll_off", "pause_end", "roll_off", "pause_end"]


def test_disabling_starts_a_new_pulse_when_enabled_again():
    schedule = ({"at": "5 s", "enabled": False}, {"at": "8 s", "enabled": True})
    controller = make("impedance_controlled", schedule=schedule, **PULSED)
    log = treat(controller, heated(lambda energy: 60.0 if energy < 501.0 else 200.0), max_step=0.4)
    off = next(event for event in controller.events if event.kind == "roll_off")
    assert off.time == pytest.approx(9.0, abs=1e-3)  # the shortest pulse, counted from 8 s
    assert log.on()[0] == pytest.approx((0.0, 5.0), abs=1e-6)
    assert log.on()[1] == pytest.approx((8.0, 9.0), abs=1e-3)


def test_what_lies_within_the_tolerance_of_the_threshold_has_reached_it():
    controller = make("impedance_controlled", Generator(), **PULSED)
    controller.advance(Measurement(1.0, impedance=70.0, power=100.0))
    assert not controller.crossing_reached(Measurement(9.0, impedance=119.98))
    assert controller.crossing_reached(Measurement(9.0, impedance=119.9999))
    controller.advance(Measurement(5.0, impedance=80.0, power=100.0))
    below, above = Measurement(5.0, impedance=80.0), Measurement(9.0, impedance=160.0)
    assert controller.crossing(below, above) == pytest.approx((1 / 80 - 1 / 120) / (1 / 80 - 1 / 160))
    assert controller.crossing(below, Measurement(9.0, impedance=119.0)) is None
    assert controller.crossing(below, Measurement(5.0009, impedance=130.0)) == 1.0
    assert controller.crossing(below, Measurement(9.0, impedance=120.1)) == 0.9
    assert controller.crossing(Measurement(5.0, impedance=119.99999), above) == pytest.approx(1e-3 / 4.0)


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.floats(20.0, 2000.0), min_size=2, max_size=30), max_step=st.floats(0.05, 30.0))
def test_any_impedance_is_survived(values, max_step):
    """Impedances that jump about every 4 s: no stall, no pulse below the shortest, pauses as long as they should be."""

    def load(x, time):
        place = min(time / 4.0, len(values) - 1.001)
        share = place - int(place)
        return values[int(place)] * (1 - share) + values[int(place) + 1] * share

    patient = Patient((), lambda x, power, time: (), load=load)
    controller = make("impedance_controlled", duration="90 s", set_power="100 W", roll_off_impedance="120 ohm")
    log = treat(controller, patient, max_step)
    on = log.on()
    assert all(end - start >= 1.0 - 1e-5 for start, end in on[:-1])
    assert all(after[0] - before[1] == pytest.approx(15.0, abs=1e-5) for before, after in pairwise(on))
    assert log.measured[-1].time == pytest.approx(90.0, abs=1e-6)


def test_a_new_set_power_forgets_the_reductions():
    schedule = ({"at": "100 s", "set_power": "70 W"},)
    controller = make("impedance_controlled", schedule=schedule, short_pulse="30 s", **PULSED)
    log = treat(controller, heated(drying, loss=0.03))
    assert max(drive.value for start, _, drive in log.drives if 50.0 < start < 100.0) < 95.0
    assert max(drive.value for start, _, drive in log.drives if start >= 100.0 - 1e-6) == 70.0


def test_no_crossing_is_told_before_the_shortest_pulse_is_over():
    controller = make("impedance_controlled", **PULSED)
    below, above = Measurement(0.1, impedance=80.0), Measurement(0.9, impedance=160.0)
    assert controller.crossing(below, above) is None
    assert not controller.crossing_reached(above)
    assert controller.advance(above) == ()
