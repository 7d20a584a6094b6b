"""From a cohort file to the list of its cases: every input's value, every case's settings and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennes.case import case_sha256, dump
from pennes.case import load as load_case
from pennes.ensemble.designs import shares
from pennes.ensemble.draft import Draft
from pennes.ensemble.inputs import BoundInput, CaseInput, Value
from pennes.ensemble.models import Cohort
from pennes.ensemble.transforms import order
from pennes.errors import InputError
from pennes.library.validation import validate
from pennes.library.written import Written, parse_yaml, read_yaml


@dataclass(frozen=True)
class Row:
    """A case of the cohort."""

    number: int
    """From 0, in the order of the design."""
    sha256: str
    """Of its settings and the cohort's own: cases with the same settings are one."""
    values: tuple[Value, ...]
    """Of the inputs, in their units."""
    settings: tuple[str, ...]
    """``KEY=VALUE``, to be put into the cohort's base case."""

    @property
    def key(self) -> str:
        """Name of the case's folder."""
        return self.sha256[:16]


@dataclass(frozen=True)
class Plan:
    """A cohort, read and checked."""

    file: Path
    cohort: Cohort
    base_text: str
    """The resolved base case, with what the cohort sets in all its cases."""
    base_sha256: str
    """Of the base case as its file has it."""
    names: tuple[str, ...]
    units: tuple[str, ...]
    meanings: tuple[str, ...]
    shares: Any
    """Quantiles (n cases, d inputs)."""
    rows: tuple[Row, ...]

    @property
    def definition_sha256(self) -> str:
        """Of what decides the cases: not of where they run."""
        data = self.cohort.model_dump(mode="json", exclude={"title", "base", "where", "keep"})
        return _sha256(json.dumps(data, sort_keys=True))


def read_cohort(path: str | Path) -> tuple[Cohort, Written]:
    """The cohort in a YAML file, and its text with places. Raises InputError, one message that names the place."""
    written = read_yaml(Path(path))
    return validate(Cohort, written), written


def make_plan(path: str | Path) -> Plan:
    """Read the cohort file, look its inputs up in the base case, make the design.

    Every input is tried at its lowest and highest value, so that what no case can have is refused here, with the place
    in the cohort file, and not by every case on its own. Raises InputError.
    """
    path = Path(path)
    cohort, written = read_cohort(path)
    file = path.parent / cohort.base
    place = written.get("base")
    assert place is not None
    if not file.is_file():
        raise place.refuse(f"there is no file '{file}'", expected="a case, relative to the cohort")
    base = load_case(file)
    fixed = _fixed_settings(cohort)
    changed = _with_place(lambda: load_case(file, fixed), written.get("set") or written.get("accuracy") or place)
    text = dump(changed)
    resolved = parse_yaml(text, str(file))
    bound = {name: _bind(name, given, resolved, written) for name, given in cohort.inputs.items()}
    _refuse_overlaps(cohort, written)
    quantiles = shares(cohort.design, bound)
    plan = Plan(
        path, cohort, text, case_sha256(base), tuple(bound),
        tuple(b.unit for b in bound.values()), tuple(b.meaning for b in bound.values()), quantiles,
        tuple(_rows(cohort, bound, quantiles, resolved, fixed)),
    )  # fmt: skip
    _try_extremes(cohort, bound, resolved, fixed, file, written)
    return plan


def _fixed_settings(cohort: Cohort) -> tuple[str, ...]:
    """What all cases of the cohort change in the base case."""
    values = dict(cohort.set)
    if cohort.accuracy is not None:
        values["accuracy"] = cohort.accuracy
    if cohort.keep == "summary":
        values["output.report"] = False
    return tuple(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items())


def _rows(
    cohort: Cohort, bound: dict[str, BoundInput], quantiles: Any, resolved: Written, fixed: tuple[str, ...]
) -> Iterator[Row]:
    columns = [input_.quantile(quantiles[:, i]) for i, input_ in enumerate(bound.values())]
    for number, values in enumerate(zip(*columns, strict=True)):
        settings = _settings(cohort, bound, values, resolved)
        yield Row(number, _sha256("\n".join((*fixed, *settings))), values, settings)


def _settings(
    cohort: Cohort, bound: dict[str, BoundInput], values: tuple[Value, ...], resolved: Written
) -> tuple[str, ...]:
    draft = Draft(resolved)
    given = list(zip(bound, values, strict=True))
    for name, value in sorted(given, key=lambda pair: order(cohort.inputs[pair[0]])):
        bound[name].apply(draft, value)
    return draft.settings()


def _bind(name: str, given: Any, resolved: Written, written: Written) -> BoundInput:
    place = written.get("inputs")
    place = place.get(name) if place is not None else None
    assert place is not None
    return _with_place(lambda: given.bind(Draft(resolved)), place)


def _refuse_overlaps(cohort: Cohort, written: Written) -> None:
    """No two inputs may replace the same value."""
    taken: dict[str, str] = {}
    for name, given in cohort.inputs.items():
        for path in given.paths if isinstance(given, CaseInput) else ():
            for other, owner in taken.items():
                if path == other or path.startswith(f"{other}.") or other.startswith(f"{path}."):
                    place = _place(written, "inputs", name, "path")
                    raise place.refuse(f"'{path}' is changed by the input '{owner}' already", expected="another key")
            taken[path] = name


def _try_extremes(
    cohort: Cohort, bound: dict[str, BoundInput], resolved: Written, fixed: tuple[str, ...], file: Path,
    written: Written,
) -> None:  # fmt: skip
    """Load the cases in which one input is at its lowest or highest value and the others in the middle."""
    import numpy as np

    middle = {name: given.quantile(np.array([0.5]))[0] for name, given in bound.items()}
    for name, given in bound.items():
        count = given.levels if given.listed and given.levels is not None else 2
        ends = (np.arange(count) + 0.5) / count if given.listed else np.array([0.0, 1.0])
        for value in given.quantile(ends):
            values = tuple({**middle, name: value}.values())

            def attempt(values: tuple[Value, ...] = values) -> None:
                load_case(file, (*fixed, *_settings(cohort, bound, values, resolved)))

            _with_place(attempt, _place(written, "inputs", name), f"at {_shown(value)} {given.unit}".rstrip())


def _shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _place(written: Written, *keys: str) -> Written:
    for key in keys:
        below = written.get(key)
        if below is None:
            return written
        written = below
    return written


def _with_place(attempt: Any, place: Written, when: str = "") -> Any:
    """What ``attempt()`` returns; an InputError of the base case is told at ``place`` of the cohort file."""
    try:
        return attempt()
    except InputError as error:
        inner = f"{error.key}: {error.problem}" if error.key else error.problem
        problem = f"{when}: {inner}" if when else inner
        raise place.refuse(problem, expected=error.expected, nearest=error.nearest) from None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
