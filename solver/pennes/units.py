"""Quantities with units, parsed once at the border: text such as ``"25 mm"`` becomes an SI float.

Temperatures are the exception to SI: inside the program they are degrees Celsius. A bare number where a unit is due
is an error. The annotated types below are fields of pydantic models; dumped in JSON mode they become text again
(``"25 mm"``), so that a resolved case can be read back.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

if TYPE_CHECKING:
    import pint

_NUMBER = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")
_UNIT = re.compile(r"^(1\s*/)?([^\d]|(?<=[\^*-])[1-9](?![\d.]|\s*\*\*|\s*\^))*$")
"""Digits only as exponents of one figure (and in ``1/s``): a tower of powers would keep the registry busy for ever."""
_CELSIUS = {"degC": "degC", "°C": "degC", "C": "degC", "celsius": "degC"}
_COMMON = {
    "m": {"mm": 1e-3, "cm": 1e-2, "um": 1e-6},
    "s": {"ms": 1e-3, "min": 60.0, "h": 3600.0},
    "m/s": {"cm/s": 1e-2, "mm/s": 1e-3},
    "rad": {"deg": math.pi / 180},
    "W": {"mW": 1e-3, "kW": 1e3},
    "W/s": {"W/min": 1 / 60},
    "V": {"mV": 1e-3, "kV": 1e3},
    "A": {"mA": 1e-3},
    "ohm": {"kohm": 1e3},
    "Hz": {"kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    "1/K": {"%/K": 1e-2, "percent/K": 1e-2},
    "1/s": {"1/min": 1 / 60},
    "J/mol": {"kJ/mol": 1e3},
    "": {"%": 1e-2, "dimensionless": 1.0},
}
"""Factors of the common units, so that most runs need not wait half a second for pint (a test compares the two)."""


@cache
def registry() -> pint.UnitRegistry:
    """The unit registry (made once; pint's own percent is kept)."""
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)


def _convert(value: float, written: str, unit: str) -> float:
    """``value`` of the unit as written, in ``unit``. Raises what pint raises."""
    if written == unit:
        return value
    if (factor := _COMMON.get(unit, {}).get(written)) is not None:
        # Dividing by a whole number rounds once where multiplying by its inverse rounds twice.
        return value / round(1 / factor) if factor < 1 and (1 / factor).is_integer() else value * factor
    return float(registry().Quantity(value, written.replace("%", "percent")).to(unit).magnitude)


def split_quantity(text: str) -> tuple[float, str]:
    """Number and unit ("" where there is none) of text such as ``"25 mm"``. Raises ValueError where it begins with no
    number."""
    match = _NUMBER.match(text)
    if match is None:
        raise ValueError(f"'{text}' is not a number with a unit; expected something like '25 mm'")
    return float(match[1]), match[2]


def parse_quantity(text: Any, unit: str, example: str) -> float:
    """Value of ``text`` in ``unit``.

    Parameters: ``text`` such as ``"25 mm"``; ``unit`` a pint expression (``"degC"`` for a temperature);
    ``example`` shown in the message. Raises ValueError for a bare number, an unknown or incompatible unit, or a
    value that is not finite.
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise ValueError(f"'{text}' is not a quantity; expected a number with a unit, such as '{example}'")
    if isinstance(text, (int, float)):
        if not math.isfinite(text):
            raise ValueError(f"{text} is not finite; expected a number with a unit, such as '{example}'")
        if unit == "":
            return float(text)
        raise ValueError(f"{text} has no unit; expected a number with a unit, such as '{example}'")
    match = _NUMBER.match(text)
    if match is None:
        raise ValueError(f"'{text}' is not a number with a unit; expected something like '{example}'")
    value, written = float(match[1]), match[2]
    if unit == "":
        written = written or "dimensionless"
    elif not written:
        raise ValueError(f"'{text}' has no unit; expected a number with a unit, such as '{example}'")
    if unit == "degC":
        written = _CELSIUS.get(written, written)
    written = re.sub(r"(?<=[A-Za-z])([23])(?!\d)", r"^\1", written)  # kg/m3 as people write it
    if _UNIT.match(written) is None or len(written) > 40:
        raise ValueError(f"'{text}' has no known unit; expected something like '{example}'")
    try:
        result = _convert(value, written, unit)
    except Exception as problem:  # pint raises many kinds for text that is no unit
        kind = "has the wrong kind of unit" if type(problem).__name__ == "DimensionalityError" else "has no known unit"
        raise ValueError(f"'{text}' {kind}; expected something like '{example}'") from None
    if not math.isfinite(result):
        raise ValueError(f"'{text}' is not finite; expected something like '{example}'")
    return result


def _bounded(value: float, low: float | None, high: float | None, strict: bool, text: Any, unit: str) -> float:
    if low is not None and (value < low or (strict and value == low)):
        bound = f"{'greater than' if strict else 'at least'} {low:g} {unit}".rstrip()
        raise ValueError(f"'{text}' is too small; it must be {bound}")
    if high is not None and value > high:
        raise ValueError(f"'{text}' is too large; it must be at most {f'{high:g} {unit}'.rstrip()}")
    return value


def quantity(
    unit: str,
    example: str,
    *,
    shown: str | None = None,
    low: float | None = None,
    high: float | None = None,
    strict: bool = False,
) -> Any:
    """An annotated float type: text with a unit in, ``unit`` inside, text in unit ``shown`` when dumped as JSON."""
    shown = unit if shown is None else shown

    def validate(text: Any) -> float:
        return _bounded(parse_quantity(text, unit, example), low, high, strict, text, unit)

    def write(value: float) -> str | float:
        """Short text where it reads back as the same number, else all digits in ``unit``; a bare number if unitless."""
        if unit == "":
            return value
        scale = 1.0 if unit == shown else _convert(1.0, shown, unit)
        short = f"{value / scale:.12g} {shown}".rstrip()
        return short if parse_quantity(short, unit, example) == value else f"{value!r} {unit}".rstrip()

    return Annotated[
        float,
        BeforeValidator(validate),
        PlainSerializer(write, when_used="json"),
        WithJsonSchema({"type": "string" if unit else ["string", "number"], "examples": [example]}),
    ]


Length = quantity("m", "25 mm", shown="mm")
PositiveLength = quantity("m", "25 mm", shown="mm", low=0.0, strict=True)
EdgeLength = quantity("m", "2 mm", shown="mm", low=1e-5)
"""Of a mesh: no shorter than a cell of tissue is wide."""
NonNegativeLength = quantity("m", "25 mm", shown="mm", low=0.0)
Angle = quantity("rad", "30 deg", shown="deg")
Duration = quantity("s", "12 min", shown="s", low=0.0, high=86400.0)
PositiveDuration = quantity("s", "12 min", shown="s", low=0.0, high=86400.0, strict=True)
Temperature = quantity("degC", "37 degC", low=-50.0, high=2000.0)
BodyTemperature = quantity("degC", "37 degC", low=0.0, high=45.0)
"""Of living tissue and its blood, or of an organ outside the body."""
CoolantTemperature = quantity("degC", "20 degC", low=-20.0, high=100.0)
TemperatureDifference = quantity("K", "5 K", shown="K")
PositiveTemperatureDifference = quantity("K", "0.05 K", low=0.0, strict=True)
Pressure = quantity("Pa", "1.2 kPa", low=0.0)
Speed = quantity("m/s", "20 cm/s", shown="cm/s", low=0.0)
Power = quantity("W", "200 W", low=0.0, high=1e4)
PositivePower = quantity("W", "200 W", low=0.0, high=1e4, strict=True)
PowerRate = quantity("W/s", "10 W/min", shown="W/min", low=0.0)
Voltage = quantity("V", "25 V", low=0.0)
Current = quantity("A", "1.5 A", low=0.0)
Resistance = quantity("ohm", "120 ohm", low=0.0)
Frequency = quantity("Hz", "480 kHz", shown="kHz", low=0.0, strict=True)
Density = quantity("kg/m^3", "1079 kg/m^3", low=0.0, strict=True)
HeatCapacity = quantity("J/kg/K", "3540 J/kg/K", low=0.0, strict=True)
ThermalConductivity = quantity("W/m/K", "0.52 W/m/K", low=0.0, strict=True)
ElectricConductivity = quantity("S/m", "0.333 S/m", low=0.0, strict=True)
Conductivity = quantity("S/m", "1.69 S/m", low=0.0)
MicrowaveFrequency = quantity("Hz", "2.45 GHz", shown="MHz", low=0.0, strict=True)
Decibel = quantity("dB", "0.5 dB", low=0.0)
Attenuation = quantity("dB/m", "1.5 dB/m", low=0.0)
HeatTransferCoefficient = quantity("W/m^2/K", "3366 W/m^2/K", low=0.0)
PerfusionRate = quantity("1/s", "0.0064 1/s", low=0.0)
RelativeRate = quantity("1/K", "1.5 %/K", shown="percent/K")
Rate = quantity("1/s", "0.1 1/s", low=0.0)
MolarEnergy = quantity("J/mol", "257.7 kJ/mol", shown="kJ/mol", low=0.0, strict=True)
Whole = Annotated[int, Field(strict=True)]
"""An integer; neither text nor true/false will do."""
Real = Annotated[float, Field(strict=True)]
"""A number; neither text nor true/false will do."""
Fraction = quantity("", "75 %", low=0.0, high=1.0)
Number = quantity("", "1.0")
