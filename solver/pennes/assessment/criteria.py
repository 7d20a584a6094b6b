"""Published criteria of ablatability, held against what was measured."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

State = Literal["met", "not met", "needs attention", "not assessable"]
SOFT = ("preferred", "optimal", "caution", "aim")
"""Strengths of rules whose breach asks for a second look; the others are breached outright."""


@dataclass(frozen=True)
class Criterion:
    """A rule as published: ``quantity`` compared with ``value``; ``text`` says what the source adds."""

    source: str
    quantity: str
    comparison: str
    value: float
    unit: str
    strength: str
    text: str


@dataclass(frozen=True)
class Measured:
    """A figure, the error that it may have, and what it is of; ``value`` None: why not, in ``remark``."""

    value: float | None
    error: float = 0.0
    remark: str = ""


@dataclass(frozen=True)
class Judgement:
    """A criterion, the figure measured and what follows."""

    criterion: Criterion
    measured: Measured
    state: State

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self.criterion), "measured": self.measured.value, "error": self.measured.error,
                "remark": self.measured.remark, "state": self.state}  # fmt: skip


@cache
def criteria() -> tuple[Criterion, ...]:
    """All rows of ``data/ablatability_criteria.csv``, in its order."""
    text = files("pennes.assessment").joinpath("data/ablatability_criteria.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(Criterion(**{**row, "value": float(row["value"])}) for row in rows)


def judge(criterion: Criterion, measured: Measured) -> Judgement:
    """``met``, ``not met`` for rules that bind, ``needs attention`` for those that do not, and for every figure that is
    closer to the limit than its error."""
    if measured.value is None:
        return Judgement(criterion, measured, "not assessable")
    satisfied = {
        "<=": measured.value <= criterion.value,
        "<": measured.value < criterion.value,
        ">=": measured.value >= criterion.value,
        ">": measured.value > criterion.value,
        "=": measured.value == criterion.value,
    }[criterion.comparison]
    if 0 < abs(measured.value - criterion.value) <= measured.error and criterion.comparison != "=":
        return Judgement(criterion, measured, "needs attention")
    if satisfied:
        return Judgement(criterion, measured, "met")
    return Judgement(criterion, measured, "needs attention" if criterion.strength in SOFT else "not met")


def judge_all(figures: Mapping[str, Measured]) -> tuple[Judgement, ...]:
    """Every criterion against the figures (quantity -> measured); a quantity without figure is not assessable."""
    nothing = Measured(None, remark="no figure for this quantity")
    return tuple(judge(criterion, figures.get(criterion.quantity, nothing)) for criterion in criteria())
