"""The schedule changes mode, end, limits and coolant, not only the values of a mode."""

from __future__ import annotations

import json

import pytest
from lumped import Patient, make, treat
from pydantic import ValidationError

from pennes.generator import Controller, Measurement
from pennes.library.protocols import PROTOCOLS, Generator

IDLE = Patient((), lambda numbers, power, time: ())
#: One number, a temperature: 1 K/s at 10 W, and it loses a tenth of its excess over 37 C a second.
WARM = Patient(
    (37.0,),
    lambda numbers, power, time: (0.1 * power - 0.1 * (numbers[0] - 37.0),),
    temperatures=lambda numbers, time: {"a.tip": numbers[0]},
)


def energy(log, start, end):
    return sum((t1 - t0) * (d.value + 0.5 * d.rate * (t1 - t0)) for t0, t1, d in log.drives if start <= t0 < end)


def test_another_mode_takes_over_and_keeps_what_both_have():
    """Voltage, then power by impedance (ramped from its start), then pulses of the power that is left out."""
    schedule = (
        {
            "at": "10 s",
            "mode": "impedance_controlled",
            "set_power": "40 W",
            "start_power": "20 W",
            "ramp": "2 W/s",
            "roll_off_impedance": "500 ohm",
        },
        {"at": "40 s", "mode": "pulsed_power", "period": "4 s", "duty_cycle": "50 %"},
    )
    controller = make("constant_voltage", duration="1 min", set_voltage="40 V", cool_down="5 s", schedule=schedule)
    log = treat(controller, IDLE)
    assert {drive.kind for start, _, drive in log.drives if start < 10.0} == {"voltage"}
    assert energy(log, 10.0, 40.0) == pytest.approx(10 * 30 + 20 * 40)
    assert energy(log, 40.0, 60.0) == pytest.approx(20 * 40 / 2)
    assert log.on()[-1] == pytest.approx((56.0, 58.0))
    assert log.measured[-1].time == pytest.approx(65.0)
    messages = [event.message for event in controller.events if event.kind == "schedule"]
    assert messages[1] == "mode pulsed_power, period 4 s, duty_cycle 0.5"


def test_temperature_control_takes_over_with_the_measurement_of_that_moment():
    schedule = (
        {
            "at": "20 s",
            "mode": "temperature_controlled",
            "set_temperature": "70 degC",
            "max_power": "60 W",
            "proportional": 4,
            "integral": 0.5,
        },
    )
    controller = make("constant_power", sensor_names=("a.tip",), duration="3 min", set_power="10 W", schedule=schedule)
    log = treat(controller, WARM)
    before = next(m for m in log.measured if m.time == pytest.approx(20.0))
    first = next(drive for start, _, drive in log.drives if start == pytest.approx(20.0))
    assert first.value == pytest.approx(min(4 * (70.0 - before.temperatures["a.tip"]), 60.0))
    assert log.measured[-1].temperatures["a.tip"] == pytest.approx(70.0, abs=0.1)


def test_a_mode_that_begins_while_the_generator_is_disabled_waits():
    schedule = (
        {"at": "10 s", "enabled": False},
        {"at": "20 s", "mode": "constant_current", "set_current": "1 A"},
        {"at": "30 s", "enabled": True},
    )
    log = treat(make("constant_power", duration="40 s", set_power="9 W", schedule=schedule), IDLE)
    assert log.on() == [pytest.approx((0.0, 10.0)), pytest.approx((30.0, 40.0))]
    assert log.drives[-1][2].kind == "current"


@pytest.mark.parametrize(("end", "simulated"), [("30 s", 36.0), ("90 s", 96.0)])
def test_the_end_can_be_moved(end, simulated):
    schedule = ({"at": "20 s", "duration": end, "cool_down": "6 s"},)
    controller = make("constant_power", duration="1 min", cool_down="2 s", set_power="9 W", schedule=schedule)
    assert controller.end_time() == simulated
    log = treat(controller, IDLE)
    assert log.on() == [pytest.approx((0.0, simulated - 6.0))]
    assert log.measured[-1].time == pytest.approx(simulated)


def test_an_end_that_is_moved_in_the_last_moment():
    schedule = ({"at": "20 s", "duration": "30 s"},)
    log = treat(make("constant_power", duration="20 s", set_power="9 W", schedule=schedule), IDLE)
    assert log.on() == [pytest.approx((0.0, 30.0))]


def test_limits_of_the_generator_change_and_are_told_again():
    """80 ohm: 60 W need 69.3 V and 0.87 A. What is left out of the limits stays."""
    schedule = (
        {"at": "10 s", "limits": {"max_voltage": "40 V"}},
        {"at": "20 s", "limits": {"max_power": "10 W"}},
        {"at": "30 s", "limits": {"max_power": "100 W"}},
    )
    controller = make("constant_power", Generator(), duration="40 s", set_power="60 W", schedule=schedule)
    log = treat(controller, IDLE)
    powers = [next(m.power for m in log.measured if m.time == pytest.approx(at)) for at in (5.0, 15.0, 25.0, 35.0)]
    assert powers == pytest.approx([60.0, 20.0, 10.0, 20.0])
    told = [event for event in controller.events if event.kind == "limit"]
    assert [event.message.partition(" limit")[0] for event in told] == [
        "the generator's 40 V",
        "the generator's 10 W",
        "the generator's 40 V",
    ]


def test_the_coolant_is_switched_and_warmed():
    schedule = (
        {"at": "10 s", "coolant": {"on": False}},
        {"at": "20 s", "coolant": {"temperature": "5 degC"}},
        {"at": "30 s", "coolant": {"on": True}},
    )
    controller = make("constant_power", duration="40 s", cool_down="9 s", set_power="9 W", schedule=schedule)
    seen = [controller.coolant]

    def look(controller):
        seen.append(controller.coolant)
        return controller

    treat(controller, IDLE, max_step=10.0, each_step=look)
    assert seen == [(True, None), (False, None), (False, 5.0), (True, 5.0), (False, 5.0), (False, 5.0)]
    messages = [event.message for event in controller.events if event.kind == "schedule"]
    assert messages == ["coolant on False", "coolant temperature 5 degC", "coolant on True"]


def test_a_checkpoint_in_another_mode_goes_on():
    """Put down and taken up after every step."""
    schedule = ({"at": "10 s", "mode": "pulsed_power", "set_power": "30 W", "period": "7 s", "duty_cycle": "40 %"},)

    def again(controller):
        copy = Controller(controller.protocol, controller.generator, ("needle.active",))
        copy.restore(json.loads(json.dumps(controller.state.to_dict())))
        return copy

    controllers = [make("constant_voltage", duration="1 min", set_voltage="9 V", schedule=schedule) for _ in range(2)]
    one, other = treat(controllers[0], IDLE), treat(controllers[1], IDLE, each_step=again)
    assert one.on() == other.on()
    assert len(one.on()) > 5


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"mode": "constant_voltage"}, "set_voltage", "is missing"),
        ({"mode": "constant_voltage", "set_voltage": "9 V", "set_power": "9 W"}, "set_power", "does not belong"),
        ({"mode": "impedance_controlled", "start_power": "30 W", "roll_off_rise": "9 ohm"}, "start_power", "is above"),
        ({"mode": "impedance_controlled"}, "roll_off_impedance", "is missing"),
        ({"start_power": "3 W"}, "start_power", "does not belong"),
        ({"duration": "9 s"}, "duration", "are over at 10 s"),
    ],
)
def test_changes_that_cannot_be(change, at, words):
    with pytest.raises(ValidationError) as caught:
        schedule = ({"at": "10 s", **change},)
        PROTOCOLS["constant_power"](mode="constant_power", duration="1 min", set_power="9 W", schedule=schedule)
    (error,) = caught.value.errors()
    assert words in error["msg"]
    assert tuple(error["ctx"]["at"]) == ("schedule", 0, at)


def test_a_limit_seen_by_a_measurement_without_a_load_is_that_of_the_moment():
    """An antenna has no impedance."""
    schedule = ({"at": "10 s", "limits": {"max_power": "20 W"}},)
    controller = make("constant_power", duration="1 min", set_power="60 W", schedule=schedule)
    assert controller.advance(Measurement(5.0, power=60.0)) == ()
    controller.advance(Measurement(10.0, power=60.0))
    (event,) = controller.advance(Measurement(15.0, power=20.0))
    assert "20 W limit it (60 W asked)" in event.message
