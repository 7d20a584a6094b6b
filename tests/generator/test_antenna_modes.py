"""Pulsed power and the temperature limit: what antennas are run with."""

from __future__ import annotations

import pytest
from lumped import Patient, make, treat
from pydantic import ValidationError

from pennes.generator import Controller, ControllerState
from pennes.library.protocols import PROTOCOLS, Generator

SENSORS = ("antenna.shaft", "antenna.hub")


def pulsed(**settings):
    given = {"set_power": "80 W", "period": "20 s", "duty_cycle": "60 %", "duration": "70 s", **settings}
    return make("pulsed_power", **given)


def spans(stretches):
    return [pytest.approx(stretch, abs=1e-6) for stretch in stretches]


def test_pulses_take_their_share_of_every_period():
    log = treat(pulsed(), Patient((), None))
    assert log.on() == spans([(0, 12), (20, 32), (40, 52), (60, 70)])
    assert {drive.value for _, _, drive in log.drives if drive.kind == "power"} == {80.0}


def test_a_full_duty_cycle_is_constant_power():
    assert treat(pulsed(duty_cycle="100 %"), Patient((), None)).on() == spans([(0, 70)])


def test_the_schedule_changes_pulses_and_starts_a_new_period_when_it_switches_on():
    schedule = [{"at": "25 s", "period": "10 s"}, {"at": "41 s", "enabled": False}, {"at": "50 s", "enabled": True}]
    log = treat(pulsed(schedule=schedule), Patient((), None))
    assert log.on() == spans([(0, 12), (20, 31), (35, 41), (50, 56), (60, 66)])


def test_pulses_go_on_from_a_saved_state():
    def reloaded(controller: Controller) -> Controller:
        fresh = pulsed()
        fresh.restore(ControllerState.from_dict(controller.state.to_dict()).to_dict())
        return fresh

    log = treat(pulsed(), Patient((), None), each_step=reloaded)
    assert log.on() == spans([(0, 12), (20, 32), (40, 52), (60, 70)])


def heated():
    """A shaft of 20 J/K that loses 0.5 W/K; the hub stays colder."""
    return Patient(
        (37.0,),
        lambda x, power, time: ((0.1 * power - 0.5 * (x[0] - 37.0) * 0.2) / 20.0,),
        temperatures=lambda x, time: {"antenna.shaft": x[0], "antenna.hub": x[0] - 10.0},
    )


def limited(**settings):
    given = {"set_power": "60 W", "limit_temperature": "50 degC", "resume_below": "4 K", "duration": "10 min"}
    return make("temperature_limited", sensor_names=SENSORS, **{**given, **settings})


def test_power_goes_off_at_the_limit_and_on_again_below_it():
    log = treat(limited(), heated())
    hottest = [m.temperatures["antenna.shaft"] for m in log.measured]
    assert max(hottest) == pytest.approx(50.0, abs=0.05)
    stops = log.on()
    assert len(stops) >= 3
    at = {round(m.time, 9): m.temperatures["antenna.shaft"] for m in log.measured}
    for _, end in stops[:-1]:
        assert at[round(end, 9)] == pytest.approx(50.0, abs=0.05)
    for start, _ in stops[1:]:
        assert at[round(start, 9)] == pytest.approx(46.0, abs=0.05)


def test_only_the_thermocouples_that_are_named_count():
    log = treat(limited(sensors=["antenna.hub"]), heated())
    assert max(m.temperatures["antenna.shaft"] for m in log.measured) == pytest.approx(60.0, abs=0.05)


def test_stops_are_told():
    controller = limited()
    treat(controller, heated())
    kinds = [event.kind for event in controller.events]
    assert kinds.count("limit") == controller.state.mode_state.stops >= 3
    assert kinds.count("pause_end") >= kinds.count("limit") - 1


def test_more_power_than_the_generator_has_is_told_without_an_impedance():
    from pennes.generator import Measurement

    protocol = PROTOCOLS["constant_power"](mode="constant_power", duration="10 s", set_power="90 W")
    controller = Controller(protocol, Generator(max_power="60 W"), ("antenna.antenna",), ())
    events = controller.advance(Measurement(0.0, power=40.0))
    assert [event.kind for event in events] == ["limit"] and "60 W" in events[0].message


@pytest.mark.parametrize("wrong", [{"duty_cycle": "0 %"}, {"period": "0 s"}, {"duty_cycle": "120 %"}])
def test_impossible_pulses_are_refused(wrong):
    with pytest.raises(ValidationError):
        pulsed(**wrong)
