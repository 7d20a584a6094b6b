"""Uncertain inputs: what each changes in the base case, and what values it takes.

A ``CaseInput`` replaces values at keys of the case; what is no single value of a file is a transform
(``pennes.ensemble.transforms``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from pennes import units
from pennes.ensemble.distributions import Spread, factor_quantile
from pennes.ensemble.draft import Draft, base_quantity, change_value, text, value_path
from pennes.ensemble.manifest import NONE
from pennes.errors import InputError
from pennes.library.records import Distribution, Record, refuse
from pennes.library.validation import validate
from pennes.library.written import Written
from pennes.units import parse_quantity, split_quantity

TABULATED = 2001
"""Quantiles of a record's distribution that are kept, for keys that follow another's."""
Value = float | str | bool | None
Change = Callable[[Draft, Any], None]


@dataclass(frozen=True)
class BoundInput:
    """An input of one base case: from quantiles to values, from a value to changes of a draft."""

    unit: str
    """Of the values; "" for pure numbers, factors and words."""
    meaning: str
    quantile: Callable[[np.ndarray], list[Value]]
    """Values at shares (n,) of the probability, 0 to 1."""
    apply: Callable[[Draft, Value], None]
    levels: int | None = None
    """How many levels a grid takes: all values of a list; None: the design says."""
    listed: bool = False
    """The values are chosen from a list."""


class Input(Record):
    """What all inputs have in common."""

    distribution: Spread | None = None
    """Of the value."""
    values: tuple[Any, ...] = ()
    """Instead: these values, equally probable."""
    levels: units.Whole | None = Field(default=None, ge=1)
    """Of a grid."""

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if self.values and self.distribution is not None:
            raise refuse("is given beside a distribution", "values", expected="one of them")
        return self

    def bind(self, base: Draft) -> BoundInput:
        """The input with what the base case says of it. Raises InputError where the base case has no such thing."""
        raise NotImplementedError


class CaseInput(Input):
    """Values at one or several keys of the case. Without a distribution, factor or values, each key takes the
    distribution of its own record (a property of a tissue), at the same quantile."""

    kind: Literal["case"] = "case"
    path: str | tuple[str, ...]
    """Key or keys as after ``--set``; a property's name stands for its value."""
    factor: Distribution | None = None
    """Of a factor on the base case's value, instead of that of the record."""

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,) if isinstance(self.path, str) else self.path

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self.paths:
            raise refuse("is empty", "path", expected="a key of the case, such as 'body.tissue.perfusion'")
        if self.factor is not None and (self.values or self.distribution is not None):
            raise refuse("is given beside values or a distribution", "factor", expected="one of them")
        return self

    def bind(self, base: Draft) -> BoundInput:
        places = [base.find(path) for path in self.paths]
        keys = [value_path(place, path) for place, path in zip(places, self.paths, strict=True)]
        names = " and ".join(self.paths)

        def put(draft: Draft, value: Value) -> None:
            for key in keys:
                change_value(draft, key, value)

        if self.values:
            return listed(self.values, f"value of {names}", put)
        if self.distribution is not None:
            return spread(self.distribution, f"value of {names}", put, self.levels)
        return self._by_factor(places, keys, names)

    def _by_factor(self, places: list[Written], keys: list[str], names: str) -> BoundInput:
        """Factors on what stands in the base case; the value of the input is the factor at the first key."""
        spreads = [self.factor or _of_record(place, path) for place, path in zip(places, self.paths, strict=True)]
        bases = [base_quantity(_inner(place)) for place in places]
        shares = np.linspace(0.0, 1.0, TABULATED)
        tables = [factor_quantile(spread, shares) for spread in spreads]

        def quantile(share: np.ndarray) -> list[Value]:
            return list(factor_quantile(spreads[0], share).tolist())

        def put(draft: Draft, value: Value) -> None:
            assert isinstance(value, float)
            # The other keys take the quantile at which the first has this factor.
            share = np.interp(value, tables[0], shares) if len(keys) > 1 else 0.0
            for key, (number, unit), spread, table in zip(keys, bases, spreads, tables, strict=True):
                factor = value if spread == spreads[0] else float(np.interp(share, shares, table))
                change_value(draft, key, text(number * factor, unit))

        shown = ", ".join(f"{number:g} {unit}".strip() for number, unit in bases)
        return BoundInput("", f"factor on {names} ({shown})", quantile, put, self.levels)


def _of_record(place: Written, path: str) -> Distribution:
    """The distribution that the property at ``place`` carries. Raises InputError where there is none."""
    given = place.get("distribution")
    if given is None or given.value is None:
        raise InputError(
            f"'{path}' carries no distribution in its record", expected="distribution: {...}, factor: {...} or values"
        )
    return validate(Distribution, given)


def _inner(place: Written) -> Written:
    value = place.get("value")
    return place if value is None else value


def spread(distribution: Spread, meaning: str, change: Change, levels: int | None) -> BoundInput:
    """An input with a distribution; ``change(draft, quantity)`` is handed text with a unit, or a bare number."""
    unit = distribution.unit

    def quantile(share: np.ndarray) -> list[Value]:
        return list(distribution.quantile(share).tolist())

    return BoundInput(unit, meaning, quantile, lambda draft, value: change(draft, text(value, unit)), levels)


def listed(values: tuple[Any, ...], meaning: str, change: Change) -> BoundInput:
    """An input with listed values. Where all (but ``none``) are quantities of one kind they are numbers in the unit of
    the first, else words."""
    unit, shown = _numbers(values)
    originals = dict(zip(shown, values, strict=True))

    def quantile(share: np.ndarray) -> list[Value]:
        return [shown[i] for i in np.minimum((share * len(shown)).astype(int), len(shown) - 1)]

    def apply(draft: Draft, value: Value) -> None:
        change(draft, originals[value])

    return BoundInput(unit, meaning, quantile, apply, len(shown), listed=True)


def _numbers(values: tuple[Any, ...]) -> tuple[str, list[float | str]]:
    """The unit and the values in it; no unit and words where they are not all quantities of one kind."""
    quantities = [value for value in values if value != NONE]
    words = "", [str(value) for value in values]
    if not quantities or any(isinstance(v, bool) or not isinstance(v, (int, float, str)) for v in quantities):
        return words
    try:
        unit = split_quantity(str(quantities[0]))[1]
        return unit, [NONE if value == NONE else _in(unit, value) for value in values]
    except ValueError:
        return words


def _in(unit: str, value: Any) -> float:
    number, written = split_quantity(str(value))
    return number if written == unit else parse_quantity(value, unit, f"1 {unit}")
