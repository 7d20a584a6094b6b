import pytest
from lumped import Patient, make, treat

from pennes.errors import SolverError
from pennes.generator import Measurement
from pennes.library.protocols import Generator

CAPACITY, LOSS, BODY = 60.0, 0.8, 37.0
"""J/K, W/K, C: settles with a time constant of 75 s; 34.4 W hold 80 C."""
GAINS = {"proportional": 3.0, "integral": 0.08}
TO_80 = {"set_temperature": "80 degC", "max_power": "60 W", "duration": "12 min"}


def plant(loss=LOSS):
    return Patient(
        (BODY, BODY),
        lambda x, power, time: ((power - loss * (x[0] - BODY)) / CAPACITY, (x[0] - x[1]) / 2.0),
        temperatures=lambda x, time: {"needle.one": x[1] + 1.0, "needle.two": x[1] - 1.0},
    )


def regulated(generator=None, **settings):
    names = ("needle.one", "needle.two")
    return make("temperature_controlled", generator, sensor_names=names, **{**TO_80, **GAINS, **settings})


def mean(measurement):
    return sum(measurement.temperatures.values()) / len(measurement.temperatures)


def test_the_set_temperature_is_reached_and_held_without_error():
    log = treat(regulated(), plant())
    last = [m for m in log.measured if m.time > 500.0]
    assert [mean(m) for m in last] == pytest.approx([80.0] * len(last), abs=0.02)
    assert log.measured[-2].power == pytest.approx(LOSS * 43.0, rel=1e-3)


def test_without_the_integral_term_an_error_stays():
    """P = K e = G (T - 37) holds at T = (K 80 + G 37) / (K + G): the plant shows what the integral is for."""
    log = treat(regulated(integral=0.0), plant())
    assert mean(log.measured[-1]) == pytest.approx((3.0 * 80.0 + 0.8 * 37.0) / 3.8, abs=0.01)


def test_the_integral_adds_up_error_times_time():
    controller = regulated(proportional=0.0, integral=0.5)
    for second, power in enumerate((0.0, 1.0, 2.0, 3.0, 4.0)):
        controller.advance(Measurement(float(second), temperatures={"needle.one": 79.0, "needle.two": 77.0}))
        assert controller.drive(float(second)).value == pytest.approx(power)


@pytest.mark.parametrize("limits", [{}, {"generator": Generator(max_power="45 W"), "max_power": "100 W"}])
def test_the_integral_does_not_wind_up_while_the_power_is_clipped(limits):
    """Most of a minute at full power first: wound up, the integral would carry the temperature far beyond 80 C."""
    log = treat(regulated(**limits), plant())
    assert sum(end - start for start, end, drive in log.drives if drive.value >= 45.0) > 45.0
    assert max(mean(m) for m in log.measured) < 82.0


def test_the_power_stays_within_its_bounds_and_is_held_between_samples():
    log = treat(regulated(sample_interval="4 s", proportional=9.0), plant(), max_step=0.5)
    assert all(0.0 <= drive.value <= 60.0 for _, _, drive in log.drives)
    powers = {}
    for start, end, drive in log.drives:
        powers.setdefault(int((start + end) / 8.0), set()).add(drive.value)
    assert all(len(values) == 1 for values in powers.values())
    assert len(powers) == 180


def test_the_hold_time_ends_the_treatment():
    log = treat(controller := regulated(hold="90 s", hold_tolerance="0.5 K"), plant())
    (arrived,) = [event.time for event in controller.events if event.kind == "target"]
    assert log.measured[-1].time == pytest.approx(arrived + 90.0, abs=1e-3)
    assert "held at target" in controller.events[-1].message


@pytest.mark.parametrize(
    ("choice", "one"), [({"statistic": "max"}, 80.0), ({"statistic": "min"}, 82.0), ({"sensors": ("two",)}, 82.0)]
)
def test_the_statistic_and_the_sensors_that_count(choice, one):
    log = treat(regulated(**choice), plant())
    assert log.measured[-1].temperatures["needle.one"] == pytest.approx(one, abs=0.02)


def test_a_new_set_temperature_and_an_interruption():
    schedule = (
        {"at": "300 s", "enabled": False},
        {"at": "310 s", "enabled": True},
        {"at": "9 min", "set_temperature": "65 degC"},
    )
    log = treat(regulated(schedule=schedule), plant())
    assert log.on()[0][1] == pytest.approx(300.0)
    before = next(m for m in log.measured if m.time > 539.5)
    assert mean(before) == pytest.approx(80.0, abs=0.05)
    assert mean(log.measured[-1]) == pytest.approx(65.0, abs=0.05)


def test_the_first_sample_may_be_taken_before_any_power_flows():
    controller = regulated()
    assert controller.drive(0.0).kind == "off"
    assert controller.next_switch(0.0) == 1.0
    controller.advance(Measurement(0.0, temperatures={"needle.one": 70.0, "needle.two": 70.0}))
    assert controller.drive(0.0).value == pytest.approx(30.0)


def test_a_thermocouple_without_a_temperature_is_an_error():
    with pytest.raises(SolverError, match=r"needle.two has no temperature at t = 3 s"):
        regulated().advance(Measurement(3.0, temperatures={"needle.one": 70.0, "needle.two": float("nan")}))


def test_an_interruption_is_not_integrated():
    schedule = ({"at": "2 s", "enabled": False}, {"at": "20 s", "enabled": True})
    controller = regulated(proportional=0.0, integral=1.0, schedule=schedule)
    for time in (0.0, 1.0, 2.0, 20.0, 21.0):
        controller.advance(Measurement(time, temperatures={"needle.one": 79.0, "needle.two": 79.0}))
    assert controller.drive(21.0).value == pytest.approx(3.0)
