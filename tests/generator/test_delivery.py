import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennes.errors import InputError, SolverError
from pennes.generator import Drive, deliver
from pennes.library.protocols import Generator


def test_internal_resistance_gives_the_published_effective_power():
    generator = Generator(max_power="200 W", internal_resistance="80 ohm")
    drive = Drive("power", 200.0)
    assert deliver(drive, 0.0, 80.0, generator).power == pytest.approx(200.0)
    assert deliver(drive, 0.0, 120.0, generator).power == pytest.approx(192.0)  # 4 x 200 x 120 x 80 / 200^2
    assert deliver(drive, 0.0, 20.0, generator).power == pytest.approx(128.0)


def test_leads_take_their_share_and_show_in_the_impedance():
    generator = Generator(lead_resistance="20 ohm")
    given_power = deliver(Drive("power", 100.0), 0.0, 80.0, generator)
    assert given_power.power == pytest.approx(80.0)
    assert given_power.impedance == pytest.approx(100.0)
    given_voltage = deliver(Drive("voltage", 50.0), 0.0, 80.0, generator)
    assert (given_voltage.voltage, given_voltage.current) == pytest.approx((40.0, 0.5))
    assert deliver(Drive("current", 1.0), 0.0, 80.0, generator).power == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("limits", "drive", "load", "limited_by", "power"),
    [
        ({"max_power": "50 W"}, Drive("power", 100.0), 80.0, "power", 50.0),
        ({"max_power": "50 W"}, Drive("voltage", 100.0), 80.0, "power", 50.0),
        ({"max_voltage": "40 V"}, Drive("power", 100.0), 80.0, "voltage", 20.0),
        ({"max_voltage": "40 V"}, Drive("current", 1.0), 80.0, "voltage", 20.0),
        ({"max_current": "1 A"}, Drive("power", 200.0), 50.0, "current", 50.0),
        ({"max_current": "1 A"}, Drive("voltage", 100.0), 50.0, "current", 50.0),
        ({"max_voltage": "90 V", "max_current": "1 A"}, Drive("power", 60.0), 80.0, None, 60.0),
        ({"max_power": "50 W", "internal_resistance": "80 ohm"}, Drive("voltage", 200.0), 20.0, "power", 32.0),
    ],
)
def test_limits(limits, drive, load, limited_by, power):
    delivery = deliver(drive, 0.0, load, Generator(**limits))
    assert delivery.limited_by == limited_by
    assert delivery.power == pytest.approx(power)


@given(
    kind=st.sampled_from(["power", "voltage", "current"]),
    value=st.floats(0.01, 1000),
    load=st.floats(0.1, 1e5),
    lead=st.floats(0, 50),
    inner=st.none() | st.floats(1, 500),
)
def test_no_limit_is_ever_passed_and_the_numbers_fit_together(kind, value, load, lead, inner):
    generator = Generator(
        max_power="150 W",
        max_voltage="120 V",
        max_current="1.8 A",
        lead_resistance=f"{lead!r} ohm",
        internal_resistance=None if inner is None else f"{inner!r} ohm",
    )
    got = deliver(Drive(kind, value), 0.0, load, generator)
    terminal = load + lead
    assert got.impedance == terminal
    assert got.voltage == pytest.approx(got.current * load)
    assert got.power == pytest.approx(got.current * got.voltage)
    assert got.current <= 1.8 * (1 + 1e-12)
    assert got.current * terminal <= 120 * (1 + 1e-12)
    assert got.current**2 * terminal <= 150 * (1 + 1e-12)
    if got.limited_by is None and kind != "power":
        assert {"voltage": got.current * terminal, "current": got.current}[kind] == pytest.approx(value)


def test_a_ramp_counts_from_the_start_of_the_drive():
    assert deliver(Drive("power", 10.0, rate=2.0), 15.0, 80.0, Generator()).power == pytest.approx(40.0)


def test_off_delivers_nothing_and_shows_no_impedance():
    got = deliver(Drive("off"), 0.0, 80.0, Generator())
    assert (got.power, got.voltage, got.current) == (0.0, 0.0, 0.0)
    assert math.isnan(got.impedance)


def test_loads_that_cannot_be():
    with pytest.raises(InputError, match="no current can flow"):
        deliver(Drive("power", 10.0), 0.0, math.inf, Generator())
    for load in (0.0, -1.0, math.nan):
        with pytest.raises(SolverError, match="impedance of the tissue"):
            deliver(Drive("power", 10.0), 0.0, load, Generator())
