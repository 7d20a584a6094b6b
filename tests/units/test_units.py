"""Quantities with units: the table of common units agrees with pint, text reads back exactly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pennes import units

TABLE = [(unit, written) for unit, factors in units._COMMON.items() for written in factors]


@pytest.mark.parametrize(("unit", "written"), TABLE)
def test_table_of_common_units_agrees_with_pint(unit, written):
    quantity = units.registry().Quantity(1.0, written.replace("%", "percent"))
    assert units.parse_quantity(f"1 {written}", unit, "") == pytest.approx(quantity.to(unit).magnitude, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("25 mm", "m", 0.025),
        ("2.5cm", "m", 0.025),
        ("1 in", "m", 0.0254),
        ("12 min", "s", 720.0),
        ("310.15 K", "degC", 37.0),
        ("37 °C", "degC", 37.0),
        ("98.6 degF", "degC", 37.0),
        ("75 %", "", 0.75),
        (0.5, "", 0.5),
        ("1.5 %/K", "1/K", 0.015),
        ("1079 kg/m3", "kg/m^3", 1079.0),
        ("0.52 W/m²/K", "W/m^2/K", 0.52),
        ("3 W m^-2 K^-1", "W/m^2/K", 3.0),
        ("3 W*m**-2*K**-1", "W/m^2/K", 3.0),
        ("860 mL/min/L", "1/s", 0.86 / 60),
        ("30 deg", "rad", 0.5235987755982988),
    ],
)
def test_text_becomes_si(text, unit, value):
    assert units.parse_quantity(text, unit, "") == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["1 m**9**9", "1 9**9**9 m", "1 m^99999999", "1 (((m**9)**9)**9)**9 " + "x" * 40, "1 m2m2m2^^2"]
)
def test_towers_of_powers_are_refused_at_once(text):
    with pytest.raises(ValueError, match="unit"):
        units.parse_quantity(text, "m", "25 mm")


@pytest.mark.parametrize(
    "quantity",
    [units.Length, units.Temperature, units.Angle, units.RelativeRate, units.MolarEnergy, units.Speed, units.Number],
)
@given(value=st.floats(1e-9, 1e9))
def test_written_text_reads_back_as_the_same_number(quantity, value):
    adapter = TypeAdapter(quantity)
    value = min(value, 1999.0) if quantity is units.Temperature else value
    assert adapter.validate_python(adapter.dump_python(value, mode="json")) == value


def test_reading_the_demo_case_does_not_wait_for_pint():
    load = "pennes.case.load('configs/cases/rfa_perivascular.yaml')"
    script = f"import sys, pennes.case; {load}; assert 'pint' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
