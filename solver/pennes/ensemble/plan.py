"""From a cohort file to the list of its cases: every input's value, every case's settings and their hash."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pennes.case import case_sha256, dump
from pennes.case import load as load_case
from pennes.ensemble.designs import shares
from pennes.ensemble.draft import Base, Draft
from pennes.ensemble.inputs import BoundInput, CaseInput, Value
from pennes.ensemble.manifest import Row
from pennes.ensemble.models import Cohort
from pennes.ensemble.transforms import order
from pennes.errors import InputError
from pennes.library.validation import validate
from pennes.library.written import Written, parse_yaml, read_yaml


class Plan:
    """A cohort, read and looked up in its base case. The design is made when it is first asked for."""

    def __init__(self, file: Path, cohort: Cohort, written: Written):
        """Raises InputError where cohort and base case do not fit."""
        self.file, self.cohort, self._written = file, cohort, written
        self.base_file = file.parent / cohort.base
        place = _place(written, "base")
        if not self.base_file.is_file():
            raise place.refuse(f"there is no file '{self.base_file}'", expected="a case, relative to the cohort")
        self._fixed = _fixed_settings(cohort)
        fixing = written.get("set") or written.get("accuracy") or place
        self.base_sha256 = case_sha256(load_case(self.base_file))
        """Of the base case as its file has it."""
        self.base_text = dump(_with_place(lambda: load_case(self.base_file, self._fixed), fixing))
        """The resolved base case, with what the cohort sets in all its cases."""
        self._base = Base(parse_yaml(self.base_text, str(self.base_file)))
        self.inputs = {name: self._bind(name) for name in cohort.inputs}
        self._order = sorted(self.inputs, key=lambda name: order(cohort.inputs[name]))
        _refuse_overlaps(cohort, written)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the inputs."""
        return tuple(self.inputs)

    @property
    def definition_sha256(self) -> str:
        """Of what decides the cases: not of where they run."""
        data = self.cohort.model_dump(mode="json", exclude={"title", "base", "where", "keep"})
        return _sha256(json.dumps(data, sort_keys=True))

    @cached_property
    def shares(self) -> np.ndarray:
        """Quantiles (n cases, d inputs)."""
        return shares(self.cohort.design, self.inputs)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All cases, in the order of the design."""
        columns = [given.quantile(self.shares[:, number]) for number, given in enumerate(self.inputs.values())]
        return tuple(self._row(number, values) for number, values in enumerate(zip(*columns, strict=True)))

    def _row(self, number: int, values: tuple[Value, ...]) -> Row:
        settings = self._settings(values)
        return Row(
            number, _sha256("\n".join((*self._fixed, *settings))), values, json.dumps(settings, ensure_ascii=False)
        )

    def _settings(self, values: tuple[Value, ...]) -> tuple[str, ...]:
        draft, given = Draft(self._base), dict(zip(self.inputs, values, strict=True))
        for name in self._order:
            self.inputs[name].apply(draft, given[name])
        return draft.settings()

    def _bind(self, name: str) -> BoundInput:
        place = _place(self._written, "inputs", name)
        return _with_place(lambda: self.cohort.inputs[name].bind(Draft(self._base)), place)

    def check(self) -> None:
        """Load the base case with each input alone at its lowest and highest value (or every listed one), then with all
        in their middle, so that what no case can have is refused once, with its place in the cohort file. Raises
        InputError."""
        for name, given in self.inputs.items():
            ends = (np.arange(given.levels or 1) + 0.5) / (given.levels or 1) if given.listed else np.array([0.0, 1.0])
            for value in given.quantile(ends):
                draft = Draft(self._base)
                shown = f"{value:g}" if isinstance(value, float) else str(value)
                place, when = _place(self._written, "inputs", name), f"at {shown} {given.unit}".rstrip()
                _with_place(lambda draft=draft, given=given, value=value: given.apply(draft, value), place, when)
                _with_place(lambda draft=draft: self._load(draft.settings()), place, when)
        middle = tuple(given.quantile(np.array([0.5]))[0] for given in self.inputs.values())
        everything = _place(self._written, "inputs")
        _with_place(lambda: self._load(self._settings(middle)), everything, "with all in the middle")

    def _load(self, settings: tuple[str, ...]) -> None:
        load_case(self.base_file, (*self._fixed, *settings))


def read_cohort(path: str | Path) -> tuple[Cohort, Written]:
    """The cohort in a YAML file, and its text with places. Raises InputError, one message that names the place."""
    written = read_yaml(Path(path))
    return validate(Cohort, written), written


def make_plan(path: str | Path) -> Plan:
    """Read the cohort file and look its inputs up in the base case. Raises InputError."""
    cohort, written = read_cohort(path)
    return Plan(Path(path), cohort, written)


def _fixed_settings(cohort: Cohort) -> tuple[str, ...]:
    """What all cases of the cohort change in the base case."""
    values = dict(cohort.set)
    if cohort.accuracy is not None:
        values["accuracy"] = cohort.accuracy
    values["output.report"] = False
    return tuple(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items())


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
