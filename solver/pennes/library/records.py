"""Records of tissues: every property carries its value, temperature law, distribution and source in one place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from pennes import units

Name = Annotated[str, Field(pattern=r"^[^./\x00-\x1f]+$", min_length=1, max_length=60)]
"""A name that can stand in paths such as ``applicator.pole`` and ``applicator/part``."""


def refuse(problem: str, *at: str | int, expected: str | None = None, nearest: str | None = None) -> Exception:
    """The error that a validator of a record raises: what is wrong with the value at the keys ``at`` below it."""
    context: dict[str, Any] = {"problem": problem, "at": at}
    if expected is not None:
        context["expected"] = expected
    if nearest is not None:
        context["nearest"] = nearest
    return PydanticCustomError("refused", "{problem}", context)


def check_unique(names: Sequence[str], *at: str | int) -> None:
    """Refuse a name that is given twice in the list at the keys ``at``."""
    for index, name in enumerate(names):
        if name in names[:index]:
            raise refuse(f"the name '{name}' is given twice", *at, index, "name", expected="another name")


class Record(BaseModel):
    """Base of all records and case models: frozen, unknown keys refused, every default written out when dumped."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class LinearLaw(Record):
    """value x (1 + rate (T - reference)), held constant below 0 C and above ``until``."""

    kind: Literal["linear"] = "linear"
    rate: units.RelativeRate
    reference: units.Temperature = "37 degC"
    until: units.Temperature = "100 degC"

    @model_validator(mode="after")
    def _stays_positive(self) -> Self:
        if self.until <= 0:
            raise refuse(f"{self.until:g} degC is not above 0 degC", "until", expected="a temperature above 0 degC")
        for temperature in (0.0, self.until):
            if 1.0 + self.rate * (temperature - self.reference) <= 0:
                raise refuse(f"makes the property zero or negative at {temperature:g} degC", "rate")
        return self


class TableLaw(Record):
    """value x factor, interpolated linearly in temperature and held constant beyond the ends."""

    kind: Literal["table"] = "table"
    temperatures: tuple[units.Temperature, ...] = Field(min_length=2)
    factors: tuple[units.Number, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _is_a_function(self) -> Self:
        if len(self.factors) != len(self.temperatures):
            raise refuse(
                f"has {len(self.factors)} entries",
                "factors",
                expected=f"{len(self.temperatures)}, as many as temperatures",
            )
        for index, (before, after) in enumerate(pairwise(self.temperatures), start=1):
            if after <= before:
                raise refuse(
                    f"{after:g} degC does not follow {before:g} degC",
                    "temperatures",
                    index,
                    expected="ascending temperatures",
                )
        if min(self.factors) <= 0:
            raise refuse(f"{min(self.factors):g} is not above 0", "factors", expected="factors greater than 0")
        return self


class SigmoidLaw(Record):
    """value x s(T) / s(reference), s(T) = span (1 - 1 / (1 + exp(centre - rate T))) + floor, T in C.

    The form in which Ji and Brace (2011) and Lopresto et al. (2012) give the dielectric properties of heated liver.
    """

    kind: Literal["sigmoid"] = "sigmoid"
    span: units.Number = Field(gt=0)
    """s1, in the unit of the property."""
    centre: units.Real
    """s2; half the span is gone at ``centre / rate``."""
    rate: units.Real = Field(gt=0)
    """s3, per K."""
    floor: units.Number = Field(default=0.0, ge=0)
    """s4, in the unit of the property."""
    reference: units.Temperature = "37 degC"


Law = Annotated[LinearLaw | TableLaw | SigmoidLaw, Field(discriminator="kind")]


class Distribution(Record):
    """Uncertainty of a property as a factor on its value; ``spread`` is what the kind says."""

    kind: Literal["normal", "lognormal", "uniform", "triangular"]
    low: units.Number = 0.0
    """Smallest factor (uniform, triangular) or truncation of the others."""
    high: units.Number = 10.0
    """Largest factor."""
    sd: units.Number = 0.0
    """Standard deviation of the factor (normal) or of its logarithm (lognormal)."""

    @model_validator(mode="after")
    def _has_spread(self) -> Self:
        if not 0 <= self.low < self.high:
            raise refuse(
                f"low {self.low:g} and high {self.high:g} are no interval of factors", "low", expected="0 <= low < high"
            )
        if self.kind in ("normal", "lognormal") and self.sd <= 0:
            raise refuse(f"a {self.kind} distribution needs a standard deviation", "sd", expected="a number above 0")
        return self


class Property[ValueT](Record):
    """One property of a tissue."""

    value: ValueT
    law: Law | None = None
    distribution: Distribution | None = None
    source: str


class Dielectric(Record):
    """Relative permittivity and effective conductivity in a band of microwaves."""

    band: tuple[units.MicrowaveFrequency, units.MicrowaveFrequency]
    """Lowest and highest frequency for which the figures may be used."""
    permittivity: Property[units.Number]
    conductivity: Property[units.Conductivity]
    dry_permittivity: units.Number = 3.5
    """Once all water has vaporised."""
    dry_conductivity: units.Conductivity = "0.05 S/m"
    """Once all water has vaporised."""
    dry_source: str = "an assumption: what the sigmoid laws of Ji and Brace 2011 tend to above 120 C, rounded"

    @model_validator(mode="after")
    def _is_physical(self) -> Self:
        if self.band[0] >= self.band[1]:
            raise refuse("does not ascend", "band", expected="the lowest, then the highest frequency")
        for key in ("permittivity", "dry_permittivity"):
            value = getattr(self, key)
            value = value.value if isinstance(value, Property) else value
            if value < 1:
                raise refuse(f"{value:g} is below that of vacuum", key, expected="at least 1")
        return self


class Drying(Record):
    """What is left of a conductivity once the tissue's water has gone."""

    residual: units.Fraction = "1 %"
    """Fraction of the wet value that remains when all water has vaporised."""
    length: units.NonNegativeLength = "0.6 mm"
    """Vapour moves before it condenses: dryness acts through its average over about this length; 0 mm: where it is."""
    source: str = "Trujillo and Berjano 2013: two orders of magnitude over 5 K around 100 C"
    length_source: str = (
        "an assumption, not a measurement: with it a cooled 17-gauge needle delivers in 12 minutes what Song 2015 "
        "report, 32 to 36 kJ"
    )


class Hyperaemia(Record):
    """Perfusion rises with temperature before damage stops it: linearly from 1 at ``start`` to ``peak`` at ``to``."""

    start: units.Temperature = "37 degC"
    to: units.Temperature = "45 degC"
    peak: units.Number = 1.0
    source: str

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.to <= self.start:
            raise refuse(f"{self.to:g} degC is not above start ({self.start:g} degC)", "to")
        if self.start < 37:
            raise refuse(f"{self.start:g} degC would raise the perfusion of healthy tissue at 37 degC", "start")
        if self.peak < 0:
            raise refuse(f"{self.peak:g} is negative", "peak", expected="a factor on the perfusion")
        return self


class Contraction(Record):
    """How much shorter every length of heated tissue becomes: strains measured after ``duration`` at constant
    temperatures, approached with a time constant. It tells the size of a zone as it is measured afterwards; the
    temperatures are computed in the tissue as it was."""

    temperatures: tuple[units.Temperature, ...] = ("50 degC", "60 degC", "65 degC", "75 degC", "85 degC", "95 degC")
    strains: tuple[units.Fraction, ...] = ("0 %", "12.3 %", "13.8 %", "16.6 %", "19.2 %", "21.7 %")
    """Share by which lengths have shrunk; interpolated linearly, constant above the last temperature."""
    duration: units.PositiveDuration = "15 min"
    time_constant: units.PositiveDuration = "60 s"
    dry_strain: units.Fraction = "33 %"
    """Once all water has vaporised."""
    source: str = (
        "Rossmann et al. 2014 (Physiol Meas 35:55): porcine liver after 15 min at 60 to 95 C, contraction above 50 C; "
        "they saw most of it within the first 150 to 200 s: the time constant is an assumption. Dry tissue: the middle "
        "of the radial 23 to 43 % of Farina et al. 2014 (Int J Hyperthermia 30:419), an assumption"
    )

    @model_validator(mode="after")
    def _is_a_function(self) -> Self:
        if len(self.temperatures) != len(self.strains) or len(self.strains) < 2:
            raise refuse(
                f"has {len(self.strains)} entries", "strains", expected=f"{len(self.temperatures)}, one a temperature"
            )
        for key in ("temperatures", "strains"):
            values = getattr(self, key)
            for index, (before, after) in enumerate(pairwise(values), start=1):
                if after < before or (key == "temperatures" and after == before):
                    raise refuse("does not ascend", key, index, expected="ascending values")
        if max(*self.strains, self.dry_strain) >= 0.6:
            raise refuse("leaves next to nothing of the tissue", "strains", expected="less than 60 %")
        return self


class TissueRecord(Record):
    """A tissue, or blood, as the library holds it."""

    name: str
    title: str
    density: Property[units.Density]
    heat_capacity: Property[units.HeatCapacity]
    """Specific heat of wet tissue."""
    thermal_conductivity: Property[units.ThermalConductivity]
    electric_conductivity: Property[units.ElectricConductivity]
    """At about 500 kHz and the law's reference temperature."""
    perfusion: Property[units.PerfusionRate]
    """Volume of blood per volume of tissue and second."""
    water_fraction: Property[units.Fraction]
    """Mass of water per mass of tissue: what can vaporise."""
    drying: Drying = Drying()
    hyperaemia: Hyperaemia | None = None
    contraction: Contraction = Contraction()
    dielectric: tuple[Dielectric, ...] = ()
    """At microwave frequencies, one entry a band."""
