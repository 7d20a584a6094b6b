import pytest
from lumped import Patient, make, treat
from pydantic import ValidationError

from pennes.errors import InputError
from pennes.generator import Measurement
from pennes.library.protocols import PROTOCOLS, Generator
from pennes.library.schedule import Change

IDLE = Patient((), lambda numbers, power, time: ())


@pytest.mark.parametrize(
    ("kind", "text", "power"), [("voltage", "40 V", 20.0), ("current", "1 A", 80.0), ("power", "60 W", 60.0)]
)
def test_constant_modes_hold_their_value(kind, text, power):
    log = treat(make(f"constant_{kind}", duration="1 min", **{f"set_{kind}": text}), IDLE)
    assert log.measured[-1].time == pytest.approx(60.0, abs=1e-6)
    assert [m.power for m in log.measured] == pytest.approx([power] * len(log.measured))


def test_the_schedule_lands_on_its_times_and_changes_the_value():
    schedule = ({"at": "10 s", "set_power": "30 W"}, {"at": "47 s", "enabled": False}, {"at": "50 s", "enabled": True})
    controller = make("constant_power", duration="1 min", set_power="60 W", schedule=schedule)
    log = treat(controller, IDLE, max_step=20.0)
    assert sum((end - start) * drive.value for start, end, drive in log.drives) == pytest.approx(
        600 + 37 * 30 + 10 * 30
    )
    assert log.on() == [pytest.approx((0.0, 47.0)), pytest.approx((50.0, 60.0))]
    messages = [event.message for event in controller.events if event.kind == "schedule"]
    assert messages == ["set_power 30 W", "off", "on"]


def test_a_change_at_the_start_holds_from_the_start():
    controller = make("constant_power", duration="1 min", set_power="60 W", schedule=({"at": "0 s", "enabled": False},))
    assert controller.drive(0.0).kind == "off"
    assert controller.status(0.0) == "disabled"


def test_cool_down_is_off_and_ends():
    controller = make("constant_power", duration="20 s", cool_down="30 s", set_power="60 W")
    assert controller.end_time() == 50.0
    log = treat(controller, IDLE)
    assert log.on() == [pytest.approx((0.0, 20.0))]
    assert log.measured[-1].time == pytest.approx(50.0)
    assert [event.kind for event in controller.events] == ["end", "cool_down_end"]
    assert controller.next_switch(50.0) == float("inf")


def test_poles_are_switched_in_turn():
    poles = ("a.active", "b.active", "c.active")
    ground, floating = {"role": "ground"}, {"role": "floating"}
    cycle = ({"b.active": ground, "c.active": floating}, {"a.active": floating, "c.active": ground})
    controller = make(
        "constant_power", pole_names=poles, duration="100 s", set_power="60 W", pole_cycle=cycle, cycle_time="30 s"
    )
    log = treat(controller, IDLE, max_step=7.0)
    roles = {(start // 30, tuple(drive.poles[name].role for name in poles)) for start, _, drive in log.drives}
    first, second = ("active", "ground", "floating"), ("floating", "active", "ground")
    assert roles == {(0, first), (1, second), (2, first), (3, second)}
    assert [event.time for event in controller.events if event.kind == "poles"] == pytest.approx([30.0, 60.0, 90.0])


def test_a_bare_pole_name_means_that_pole_of_every_applicator_unless_one_is_named_in_full():
    pattern = {"b.outer": {"amplitude": 0.5}, "outer": {"role": "ground"}}
    names = ("a.outer", "b.outer", "a.inner")
    controller = make("constant_power", pole_names=names, duration="9 s", set_power="9 W", poles=pattern)
    drive = controller.drive(0.0)
    assert [drive.poles[name].role for name in names] == ["ground", "active", "active"]
    assert drive.poles["b.outer"].amplitude == 0.5


def test_the_schedule_can_end_switching_and_start_it_again():
    cycle = ({"a.active": {"role": "ground"}}, {"b.active": {"role": "ground"}})
    schedule = ({"at": "35 s", "pole_cycle": ()}, {"at": "50 s", "pole_cycle": cycle, "cycle_time": "4 s"})
    controller = make(
        "constant_power",
        pole_names=("a.active", "b.active"),
        duration="60 s",
        set_power="9 W",
        pole_cycle=cycle,
        schedule=schedule,
    )
    treat(controller, IDLE)
    assert [event.time for event in controller.events if event.kind == "poles"] == pytest.approx([30.0, 54.0, 58.0])


def test_every_setting_of_every_mode_can_be_changed_by_the_schedule():
    """All but its names and sources, the schedule itself, and what antennas share by their wiring."""
    fixed = {"name", "source", "schedule", "coherent"}
    settings = {name for model in PROTOCOLS.values() for name in model.model_fields} - fixed
    assert settings == Change.model_fields.keys() - {"at", "enabled"}


def test_a_limit_of_the_generator_is_reported_once():
    controller = make("constant_power", Generator(max_voltage="40 V"), duration="1 min", set_power="60 W")
    treat(controller, IDLE)
    (event,) = [event for event in controller.events if event.kind == "limit"]
    assert "40 V limit it (60 W asked)" in event.message


def test_what_does_not_exist_is_refused_with_the_nearest_name():
    with pytest.raises(
        InputError, match=r"schedule\.0\.poles: there is no pole 'neddle.active'.*did you mean 'needle.active'"
    ):
        make(
            "constant_power", duration="9 s", set_power="9 W", schedule=({"at": "1 s", "poles": {"neddle.active": {}}},)
        )
    settings = {"set_temperature": "90 degC", "max_power": "90 W", "proportional": 1, "integral": 1, "duration": "9 s"}
    with pytest.raises(InputError, match="temperature control needs a device with thermocouples"):
        make("temperature_controlled", **settings)
    with pytest.raises(InputError, match="there is no thermocouple 'tin 1'"):
        make("temperature_controlled", sensor_names=("needle.tine 1",), sensors=("tin 1",), **settings)
    with pytest.raises(ValidationError, match="does not belong to this mode"):
        make("constant_power", duration="9 s", set_power="9 W", schedule=({"at": "1 s", "pause": "5 s"},))


def test_time_at_zero_may_be_handed_in():
    controller = make("constant_power", duration="9 s", set_power="9 W")
    assert controller.advance(Measurement(0.0)) == ()
    assert controller.next_switch(0.0) == 9.0
