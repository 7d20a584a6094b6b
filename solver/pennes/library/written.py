"""YAML as it was written: every value remembers its file, line and key, so that a complaint can name the place.

Reading refuses what is not one plain document: other encodings, tabs, keys given twice, tags, and anchors that expand
into more than ``LARGEST_COUNT`` values.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pennes.errors import InputError

LARGEST_FILE = 2_000_000
"""Bytes; a case is text of a few kilobytes."""
LARGEST_COUNT = 20_000
"""Values in one file, anchors expanded."""
DEEPEST = 60
"""Levels of nesting."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Written:
    """A value with its place. ``value`` is a scalar, a dict of ``Written`` by key, or a list of ``Written``."""

    value: Scalar | dict[str, Written] | list[Written]
    file: str | None = None
    line: int | None = None
    key: str = ""
    """Keys that lead here, joined by dots, as the user writes them for ``--set``."""
    overrides: bool = False
    """Given on the command line, so that it wins over the same value written otherwise in the file."""

    def plain(self) -> Any:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def child(self, value: Any, key: str | int) -> Written:
        """A new value at ``key`` below this one, at the same place in the file."""
        return replace(self, value=value, key=join(self.key, key))

    def with_value(self, value: Any) -> Written:
        return replace(self, value=value)

    def get(self, key: str) -> Written | None:
        return self.value.get(key) if isinstance(self.value, dict) else None

    def refuse(self, problem: str, *, expected: str | None = None, nearest: str | None = None) -> InputError:
        """The error that says what is wrong with this value, to be raised by the caller."""
        return InputError(
            problem, file=self.file, line=self.line, key=self.key or None, expected=expected, nearest=nearest
        )


def join(*parts: str | int) -> str:
    return ".".join(str(part) for part in parts if part != "")


def read_yaml(path: Path, shown: str | None = None, key: str = "") -> Written:
    """The mapping in a YAML file; ``shown`` is the file's name in messages, ``key`` goes before all its keys.

    Raises InputError for anything but one readable mapping.
    """
    name = shown or str(path)
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else None
    except OSError as problem:
        raise InputError(_reason(problem), file=name, expected="a YAML file") from None
    if data is None:
        raise InputError(f"is larger than {LARGEST_FILE // 1_000_000} MB", file=name, expected="a YAML file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise InputError("is not text in UTF-8", file=name, line=line, expected="a YAML file") from None
    written = parse_yaml(text, name, key)
    if written.value is None:
        raise InputError("the file is empty", file=name, expected="keys and values, such as 'title: ...'")
    if not isinstance(written.value, dict):
        raise InputError("is not a list of keys and values", file=name, line=1, expected="lines such as 'title: ...'")
    return written


def parse_yaml(text: str, name: str, key: str = "", *, overrides: bool = False) -> Written:
    """The one document in ``text``. An override is text of the command line, whose lines are not counted."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="rt")
    try:
        document = reader.load(io.StringIO(text))
    except DuplicateKeyError as problem:
        duplicate = str(problem.problem).split('"')
        shown = duplicate[1] if len(duplicate) > 1 else "?"
        raise InputError("is given twice", file=name, line=None if overrides else _line(problem), key=shown) from None
    except MarkedYAMLError as problem:
        found = "; ".join(str(part) for part in (problem.context, problem.problem) if part)
        if "\t" in _text_at(text, problem):
            found = "a tab stands where spaces are needed"
        raise InputError(f"is not YAML ({found})", file=name, line=None if overrides else _line(problem)) from None
    # The reader lets its trouble with odd text through: deep nesting, impossible dates and numbers, unknown escapes.
    except (YAMLError, RecursionError, ValueError, NotImplementedError) as problem:
        found = " ".join(str(problem).split()) or type(problem).__name__
        raise InputError(f"is not YAML ({found[:120]})", file=name) from None
    count = iter(range(LARGEST_COUNT))
    return _convert(document, Written(None, name, None if overrides else 1, key, overrides), count, 0)


def _convert(value: Any, place: Written, count: Iterator[int], depth: int) -> Written:
    """ruamel's value as ``Written`` at ``place``."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq, CommentedSet, TaggedScalar
    from ruamel.yaml.scalarbool import ScalarBoolean

    if next(count, None) is None or depth > DEEPEST:
        raise place.refuse("too many values or too deeply nested (anchors expanded)")
    if isinstance(value, (TaggedScalar, CommentedSet)) or getattr(getattr(value, "tag", None), "value", None):
        raise place.refuse("has a YAML tag", expected="a plain value")
    if isinstance(value, CommentedMap):
        lines = {} if place.overrides else {key: at[0] + 1 for key, at in (value.lc.data or {}).items()}
        children: dict[str, Written] = {}
        for key, item in value.items():
            if isinstance(key, (dict, list, tuple)):
                raise place.refuse("a key is not a word", expected="lines such as 'title: ...'")
            name = str(key)
            at = replace(place, line=lines.get(key, place.line), key=join(place.key, name))
            if name in children:
                raise at.refuse("is given twice")
            children[name] = _convert(item, at, count, depth + 1)
        return place.with_value(children)
    if isinstance(value, CommentedSeq):
        lines = {} if place.overrides else {index: at[0] + 1 for index, at in (value.lc.data or {}).items()}
        items = []
        for index, item in enumerate(value):
            at = replace(place, line=lines.get(index, place.line), key=join(place.key, index))
            items.append(_convert(item, at, count, depth + 1))
        return place.with_value(items)
    if value is None or isinstance(value, bool):
        return place.with_value(value)
    for kind, plain in ((ScalarBoolean, bool), (int, int), (float, float), (str, str)):
        if isinstance(value, kind):
            return place.with_value(plain(value))
    return place.with_value(str(value))


def _line(problem: Any) -> int | None:
    mark = problem.problem_mark or problem.context_mark
    return None if mark is None else mark.line + 1


def _text_at(text: str, problem: Any) -> str:
    lines, line = text.splitlines(), _line(problem)
    return lines[line - 1] if line is not None and line <= len(lines) else ""


def _reason(problem: OSError) -> str:
    if isinstance(problem, FileNotFoundError):
        return "there is no such file"
    return f"cannot be read ({problem.strerror or problem})"
