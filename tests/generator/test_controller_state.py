"""Interrupted anywhere and taken up again from its saved state, a controller decides the same."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lumped import Patient, make, treat

from pennes.errors import InputError
from pennes.generator import Controller, ControllerState

NAMES, SENSORS = ("a.active", "b.active"), ("a.tip", "b.tip")
CYCLE = ({"a.active": {"role": "ground"}}, {"b.active": {"role": "ground"}})
PROTOCOLS = (
    {"mode": "constant_voltage", "set_voltage": "60 V", "schedule": ({"at": "17 s", "set_voltage": "120 V"},)},
    {
        "mode": "impedance_controlled",
        "set_power": "100 W",
        "start_power": "40 W",
        "ramp": "2 W/s",
        "roll_off_impedance": "120 ohm",
        "roll_off_rise": "30 ohm",
        "pause": "7 s",
        "schedule": ({"at": "21 s", "enabled": False}, {"at": "33 s", "enabled": True}, {"at": "61 s", "pause": "3 s"}),
    },
    {
        "mode": "impedance_controlled",
        "set_power": "100 W",
        "roll_off_rise": "20 ohm",
        "pause_power": "1 W",
        "pause": "4 s",
        "roll_offs_to_end": 3,
        "pole_cycle": CYCLE,
        "cycle_time": "19 s",
    },
    {
        "mode": "temperature_controlled",
        "set_temperature": "80 degC",
        "max_power": "60 W",
        "proportional": 2.0,
        "integral": 0.3,
        "sample_interval": "1.7 s",
        "hold": "20 s",
        "hold_tolerance": "15 K",
        "schedule": ({"at": "40 s", "set_temperature": "60 degC", "integral": 0.1},),
    },
)


def trace(values, time):
    """``values`` every 3 s, joined by lines."""
    place = min(time / 3.0, len(values) - 1.001)
    share = place - int(place)
    return values[int(place)] * (1 - share) + values[int(place) + 1] * share


def begin(number):
    protocol = dict(PROTOCOLS[number])
    return make(
        protocol.pop("mode"), pole_names=NAMES, sensor_names=SENSORS, duration="80 s", cool_down="9 s", **protocol
    )


def taken_up(controller):
    """A new controller that goes on from the saved state, by way of strict JSON."""
    saved = json.dumps(controller.state.to_dict(), allow_nan=False)
    other = Controller(controller.protocol, controller.generator, NAMES, SENSORS)
    other.restore(json.loads(saved))
    assert other.state == controller.state
    assert other.state is not controller.state
    return other


@settings(max_examples=80, deadline=None)
@given(
    number=st.integers(0, len(PROTOCOLS) - 1),
    loads=st.lists(st.floats(30.0, 400.0), min_size=2, max_size=30),
    degrees=st.lists(st.floats(37.0, 110.0), min_size=2, max_size=30),
    max_step=st.floats(0.3, 20.0),
    interruptions=st.sets(st.integers(0, 60)) | st.just(range(100_000)),
)
def test_an_interrupted_controller_decides_the_same(number, loads, degrees, max_step, interruptions):
    patient = Patient(
        (),
        lambda x, power, time: (),
        load=lambda x, time: trace(loads, time),
        temperatures=lambda x, time: {"a.tip": trace(degrees, time), "b.tip": trace(degrees, time) - 3.0},
    )
    whole, steps, last = begin(number), 0, []

    def maybe_interrupted(controller):
        nonlocal steps
        steps += 1
        controller = taken_up(controller) if steps in interruptions else controller
        last[:] = [controller]
        return controller

    uninterrupted = treat(whole, patient, max_step)
    interrupted = treat(begin(number), patient, max_step, maybe_interrupted)
    assert interrupted.drives == uninterrupted.drives
    assert last[0].events == whole.events
    assert last[0].state == whole.state
    assert whole.finished and math.isinf(whole.next_switch(89.0))


def test_looking_does_not_change_the_state():
    controller = begin(1)
    before = controller.state.to_dict()
    controller.drive(0.0), controller.next_switch(0.0), controller.status(0.0), controller.end_time()
    assert controller.state.to_dict() == before


def test_a_state_of_another_protocol_or_a_spoilt_one_is_refused():
    saved = begin(1).state.to_dict()
    for other in (0, 3):
        with pytest.raises(InputError, match="another protocol"):
            begin(other).restore(saved)
    with pytest.raises(InputError, match="another protocol"):
        begin(1).restore({**saved, "stage": 9})
    with pytest.raises(InputError, match="not the state of a generator"):
        ControllerState.from_dict({**saved, "mode_state": {"pulses": 3}})
    with pytest.raises(InputError, match="not the state of a generator"):
        ControllerState.from_dict({})
