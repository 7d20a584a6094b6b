"""``--set a.b.c=VALUE``: values given on the command line, written into the case before it is resolved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pennes.errors import InputError, nearest_name
from pennes.library.written import Written, parse_yaml

NAMED_BLOCKS = {"tissue": "name", "blood": "name", "device": "name", "protocol": "name", "accuracy": "level"}
"""Keys whose value may be one word instead of a block, and the key that the word becomes in the block."""


def override(written: Written, overrides: Sequence[str]) -> Written:
    """``written`` with every ``KEY=VALUE`` put in, in turn; a new tree, the old one is left as it is.

    A list's entry is named by its index or by its ``name``. Raises InputError for text that is no assignment and for
    an entry of a list that does not exist; keys that do not exist are found when the case is validated.
    """
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InputError("is not an assignment", file=f"--set {text}", expected="KEY=VALUE")
        source = f"--set {text.strip()}"
        given = parse_yaml(value, source, key.strip(), overrides=True)
        written = _put(written, key.strip(), given)
    return written


def _put(place: Written, path: str, given: Written) -> Written:
    """``place`` with ``given`` at ``path`` below it."""
    if isinstance(place.value, list):
        index, rest = entry(place, path, given)
        items = list(place.value)
        items[index] = _put(items[index], rest, given) if rest else given
        return place.with_value(items)
    children = dict(place.value) if isinstance(place.value, dict) else {}
    step, rest = _step(children, path)
    if not step:
        raise given.refuse("has an empty part between two dots", expected="KEY=VALUE")
    if not rest:
        children[step] = given
        return place.with_value(children)
    below = children.get(step)
    if below is None or below.value is None:
        below = Written({}, given.file, None, given.key[: len(given.key) - len(rest) - 1], True)
    elif not isinstance(below.value, (dict, list)):
        word = NAMED_BLOCKS.get(step) or ("name" if place.key.endswith("regions") else None)
        if word is not None:
            below = below.with_value({word: below.child(below.value, word)})
        else:
            raise given.refuse(f"'{below.key}' is a single value ({below.value}), without keys below it")
    children[step] = _put(below, rest, given)
    return place.with_value(children)


def _step(children: dict[str, Any], path: str) -> tuple[str, str]:
    """First part of ``path`` and the rest; a key of the block that itself holds dots is taken whole."""
    whole = [key for key in children if "." in key and (path == key or path.startswith(key + "."))]
    if whole:
        step = max(whole, key=len)
        return step, path[len(step) + 1 :]
    step, _, rest = path.partition(".")
    return step, rest


def entry(place: Written, path: str, given: Written) -> tuple[int, str]:
    """Index in the list of the entry that ``path`` begins with, and the rest of the path."""
    step, _, rest = path.partition(".")
    names = {}
    for index, item in enumerate(place.value):
        name = item.get("name")
        if name is not None and isinstance(name.value, str):
            names[name.value] = index
    if step in names:
        return names[step], rest
    if step.isdigit() and int(step) < len(place.value):
        return int(step), rest
    known = [*names, *(str(index) for index in range(len(place.value)))]
    problem = f"'{place.key}' has no entry '{step}'"
    raise given.refuse(problem, expected=" | ".join(known) or None, nearest=nearest_name(step, names))
