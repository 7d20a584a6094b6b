"""Distributions of uncertain inputs. All are bounded: a design may ask for the quantiles 0 and 1."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from pennes import units
from pennes.library.records import Distribution, Record, refuse
from pennes.units import parse_quantity, split_quantity

CUT = 3.0
"""Standard deviations at which normal and lognormal distributions without bounds of their own end."""


def _written(value: Any) -> str:
    """A quantity as it was written: a number, with its unit where it has one. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(
            f"{value!r} is not a quantity; expected a number, with its unit if it has one, such as '25 mm'"
        )
    number, unit = split_quantity(str(value))
    if not math.isfinite(number):
        raise ValueError(f"'{value}' is not finite")
    return f"{number!r} {unit}".strip()


Quantity = Annotated[
    str, BeforeValidator(_written), WithJsonSchema({"type": ["string", "number"], "examples": ["25 mm", 0.2]})
]
"""A number with the unit of what it stands for (none for pure numbers)."""


class _Spread(Record):
    """Base: ``unit`` is that of the first quantity; the others are converted to it."""

    @property
    def unit(self) -> str:
        return split_quantity(self._quantities()[0][1])[1]

    def number(self, key: str) -> float:
        """The quantity at ``key`` in ``unit``. Raises KeyError where it is not given."""
        text = dict(self._quantities())[key]
        value, unit = split_quantity(text)
        return value if unit == self.unit else parse_quantity(text, self.unit, f"1 {self.unit}".strip())

    def _quantities(self) -> list[tuple[str, str]]:
        """Key and text of what is given as a quantity."""
        return [(key, value) for key in type(self).model_fields if isinstance(value := getattr(self, key), str)][1:]

    @model_validator(mode="after")
    def _units_agree(self) -> Self:
        for key, _ in self._quantities():
            try:
                self.number(key)
            except ValueError as problem:
                raise refuse(str(problem), key) from None
        low, high = self.bounds()
        if not low < high:
            raise refuse(f"runs from {low:g} to {high:g} {self.unit}".rstrip(), expected="low < high")
        self._check()
        return self

    def _check(self) -> None:
        """What the kind asks for beyond ordered bounds."""

    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value, in ``unit``."""
        return self.number("low"), self.number("high")

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Values in ``unit`` below which ``share`` (any shape, 0 to 1) of the probability lies."""
        raise NotImplementedError

    def _given(self, key: str, otherwise: float) -> float:
        return otherwise if getattr(self, key) is None else self.number(key)


class Uniform(_Spread):
    kind: Literal["uniform"]
    low: Quantity
    high: Quantity

    def quantile(self, share: np.ndarray) -> np.ndarray:
        low, high = self.bounds()
        return low + share * (high - low)


class LogUniform(_Spread):
    """The logarithm is uniform."""

    kind: Literal["log_uniform"]
    low: Quantity
    high: Quantity

    def _check(self) -> None:
        if self.bounds()[0] <= 0:
            raise refuse(f"{self.low} has no logarithm", "low", expected="more than 0")

    def quantile(self, share: np.ndarray) -> np.ndarray:
        low, high = self.bounds()
        return low * (high / low) ** share


class Triangular(_Spread):
    kind: Literal["triangular"]
    low: Quantity
    mode: Quantity
    high: Quantity

    def _check(self) -> None:
        low, high = self.bounds()
        if not low <= self.number("mode") <= high:
            raise refuse(f"{self.mode} is not between low and high", "mode")

    def quantile(self, share: np.ndarray) -> np.ndarray:
        return _triangular(share, *self.bounds(), self.number("mode"))


class Normal(_Spread):
    """Cut off at ``low`` and ``high``."""

    kind: Literal["normal"]
    mean: Quantity
    sd: Quantity
    low: Quantity | None = None
    """None: the mean less three standard deviations."""
    high: Quantity | None = None
    """None: the mean and three standard deviations."""

    def _check(self) -> None:
        if self.number("sd") <= 0:
            raise refuse(f"{self.sd} is not above 0", "sd")

    def bounds(self) -> tuple[float, float]:
        mean, reach = self.number("mean"), CUT * self.number("sd")
        return self._given("low", mean - reach), self._given("high", mean + reach)

    def quantile(self, share: np.ndarray) -> np.ndarray:
        return _normal(share, self.number("mean"), self.number("sd"), *self.bounds())


class LogNormal(_Spread):
    """Cut off at ``low`` and ``high``."""

    kind: Literal["lognormal"]
    median: Quantity
    sd: units.Real = Field(gt=0)
    """Standard deviation of the natural logarithm."""
    low: Quantity | None = None
    """None: three standard deviations of the logarithm below the median."""
    high: Quantity | None = None
    """None: three above it."""

    def _check(self) -> None:
        if self.number("median") <= 0 or self.bounds()[0] <= 0:
            raise refuse("values of 0 or less have no logarithm", "median", expected="more than 0")

    def bounds(self) -> tuple[float, float]:
        median, reach = self.number("median"), math.exp(CUT * self.sd)
        return self._given("low", median / reach), self._given("high", median * reach)

    def quantile(self, share: np.ndarray) -> np.ndarray:
        low, high = self.bounds()
        return np.exp(_normal(share, math.log(self.number("median")), self.sd, math.log(low), math.log(high)))


Spread = Annotated[Uniform | LogUniform | Triangular | Normal | LogNormal, Field(discriminator="kind")]
"""The distribution of an input's value."""


def factor_quantile(distribution: Distribution, share: np.ndarray) -> np.ndarray:
    """Factors on a property's value at the quantiles ``share``, as ``pennes.library.records.Distribution`` says:
    mean 1 (normal), median 1 (lognormal), mode 1 (triangular), cut off at its ``low`` and ``high``."""
    low, high = distribution.low, distribution.high
    if distribution.kind == "uniform":
        return low + share * (high - low)
    if distribution.kind == "triangular":
        return _triangular(share, low, high, min(max(1.0, low), high))
    if distribution.kind == "normal":
        reach = CUT * distribution.sd
        return _normal(share, 1.0, distribution.sd, max(low, 1.0 - reach), min(high, 1.0 + reach))
    reach = CUT * distribution.sd
    low = max(math.log(low), -reach) if low > 0 else -reach
    return np.exp(_normal(share, 0.0, distribution.sd, low, min(math.log(high), reach)))


def _normal(share: np.ndarray, mean: float, sd: float, low: float, high: float) -> np.ndarray:
    from scipy.stats import truncnorm

    values = truncnorm.ppf(share, (low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)
    return np.clip(values, low, high)


def _triangular(share: np.ndarray, low: float, high: float, mode: float) -> np.ndarray:
    from scipy.stats import triang

    return triang.ppf(share, (mode - low) / (high - low), loc=low, scale=high - low)
