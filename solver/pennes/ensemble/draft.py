"""A case being changed: reads the resolved base case by the keys of ``--set``, collects what replaces its values."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pennes.case.overrides import entry
from pennes.errors import InputError, nearest_name
from pennes.library.written import Written
from pennes.units import parse_quantity, split_quantity

PROPERTY = {"value", "source"}
"""Keys by which a property of a tissue is known."""
SOURCE = "an uncertain input of a cohort"
"""Of a property's value that a cohort changes."""
_VALUE = ".value"


class Base:
    """The resolved base case as written, with what has been looked up in it."""

    def __init__(self, written: Written):
        self.written = written
        self._found: dict[str, Written] = {}
        self._plain: dict[str, Any] = {}

    def find(self, path: str) -> Written:
        if path not in self._found:
            self._found[path] = find(self.written, path)
        return self._found[path]

    def plain(self, path: str) -> Any:
        if path not in self._plain:
            self._plain[path] = self.find(path).plain()
        return self._plain[path]


class Draft:
    """Changes of one case. ``base`` is shared by all drafts and never changed."""

    def __init__(self, base: Base):
        self._base = base
        self._changes: dict[str, Any] = {}

    def find(self, path: str) -> Written:
        """The base case's value at ``path``. Raises InputError naming the nearest key."""
        return self._base.find(path)

    def plain(self, path: str) -> Any:
        """The value at ``path``, changes included."""
        return self._changes[path] if path in self._changes else self._base.plain(path)

    def length(self, path: str) -> float:
        """The length at ``path`` in m. Raises InputError where there is none."""
        return _length(self.plain(path))

    def point(self, path: str) -> list[float]:
        """The point (3 lengths) at ``path`` in m."""
        return [_length(coordinate) for coordinate in self.plain(path)]

    def line(self, path: str) -> list[list[float]]:
        """The points (n, 3) at ``path`` in m."""
        return [[_length(coordinate) for coordinate in point] for point in self.plain(path)]

    def change(self, path: str, value: Any) -> None:
        """Put plain ``value`` (text, number, list, ...) at ``path``; what stood there before is replaced."""
        self._changes[path] = value

    def settings(self) -> tuple[str, ...]:
        """``KEY=VALUE`` for ``pennes.case.load``, in the order of the changes."""
        return tuple(f"{path}={json.dumps(value, ensure_ascii=False)}" for path, value in self._changes.items())


@lru_cache(1000)
def _length(text: str) -> float:
    return parse_quantity(text, "m", "25 mm")


def find(place: Written, path: str) -> Written:
    """The value at ``path`` below ``place``; entries of lists by index or name, as after ``--set``.

    Raises InputError naming the nearest key that exists.
    """
    whole = path
    while path:
        if isinstance(place.value, list):
            asked = Written(None, None, None, whole)
            index, path = entry(place, path, asked)
            place = place.value[index]
            continue
        known = place.value if isinstance(place.value, dict) else {}
        step = max((key for key in known if path == key or path.startswith(f"{key}.")), key=len, default=None)
        if step is None:
            missing = path.partition(".")[0]
            where = f"'{place.key}'" if place.key else "the base case"
            raise InputError(
                f"{where} has no key '{missing}'",
                expected=" | ".join(known) or "a value without keys below it",
                nearest=nearest_name(missing, known),
            )
        place, path = known[step], path[len(step) + 1 :]
    return place


def value_path(place: Written, path: str) -> str:
    """Where the value itself stands: a property's value is below it."""
    return f"{path}{_VALUE}" if isinstance(place.value, dict) and place.value.keys() >= PROPERTY else path


def change_value(draft: Draft, key: str, value: Any) -> None:
    """Put ``value`` at ``key``; of a property the source says where it comes from."""
    draft.change(key, value)
    if key.endswith(_VALUE):
        draft.change(f"{key.removesuffix(_VALUE)}.source", SOURCE)


def base_quantity(place: Written) -> tuple[float, str]:
    """Number and unit of a quantity of the base case. Raises InputError where it is none."""
    value = place.plain()
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise InputError(f"{place.key} is not a quantity in the base case")
    try:
        return split_quantity(str(value))
    except ValueError:
        raise InputError(f"{place.key} is not a quantity in the base case ({value})") from None


def text(value: float, unit: str) -> str | float:
    """A quantity as a case writes it: text with a unit, or a bare number."""
    rounded = float(f"{value:.12g}")
    return f"{rounded!r} {unit}" if unit else rounded
