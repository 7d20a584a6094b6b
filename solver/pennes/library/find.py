"""Look records up by name: first in the user's folders, then in the package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pennes.errors import InputError, nearest_name
from pennes.library.devices import DeviceRecord
from pennes.library.records import TissueRecord
from pennes.library.validation import validate
from pennes.library.written import Written, read_yaml

Kind = Literal["tissues", "devices"]
PACKAGE_DATA = Path(__file__).parent / "data"
_MARKS: dict[Kind, str] = {"tissues": "density", "devices": "shafts"}
"""A key that only records of this kind have at their top level: other files may lie in the same folder."""

_MARKS_OF_CASES = ("body", "applicators")


@dataclass(frozen=True)
class Listing:
    """A record that can be named: its kind, name, title and file."""

    kind: Kind
    name: str
    title: str
    file: Path


def find_tissue(name: str, folders: Sequence[Path] = ()) -> TissueRecord:
    """The tissue ``name`` from ``folders`` or the package. Raises InputError for an unknown or unusable one."""
    return validate(TissueRecord, written_record("tissues", name, folders))


def find_device(name: str, folders: Sequence[Path] = ()) -> DeviceRecord:
    """The device ``name`` from ``folders`` or the package. Raises InputError for an unknown or unusable one."""
    return validate(DeviceRecord, written_record("devices", name, folders))


def list_records(folders: Sequence[Path] = ()) -> tuple[Listing, ...]:
    """All records that can be named, tissues first; one of the user's hides the package's of the same name."""
    found: dict[tuple[Kind, str], Listing] = {}
    for kind in _MARKS:
        for file in _files(kind, folders):
            written = _record_in(file, kind, quiet=True)
            if written is not None and (kind, file.stem) not in found:
                title = written.get("title")
                found[kind, file.stem] = Listing(kind, file.stem, str(title.value if title else ""), file)
    return tuple(found.values())


def written_record(kind: Kind, name: str, folders: Sequence[Path] = (), asked: Written | None = None) -> Written:
    """The record's text with places. ``asked`` is where the name was written, for the message if there is none.

    Raises InputError naming the nearest record that exists.
    """
    for file in _files(kind, folders, name):
        written = _record_in(file, kind, quiet=False)
        if written is None:
            continue
        given = written.get("name")
        if given is not None and given.value != name:
            raise given.refuse(f"the name '{given.value}' differs from the file's name", expected=f"'{name}'")
        return written.with_value({"name": written.child(name, "name"), **written.value})
    known = [listing.name for listing in list_records(folders) if listing.kind == kind]
    problem, nearest = f"there is no {kind[:-1]} '{name}'", nearest_name(name, known)
    expected = " | ".join(known)
    if asked is not None:
        raise asked.refuse(problem, expected=expected, nearest=nearest)
    raise InputError(problem, expected=expected, nearest=nearest)


def _files(kind: Kind, folders: Sequence[Path], name: str | None = None) -> Iterator[Path]:
    if name is not None and (not name or Path(name).name != name):
        return
    places = [place for folder in folders for place in (folder, folder / "library", folder / "library" / kind)]
    for place in (*places, PACKAGE_DATA / kind):
        if name is None:
            yield from sorted(file for file in place.glob("*.y*ml") if file.suffix in (".yaml", ".yml"))
        else:
            yield from (file for file in (place / f"{name}.yaml", place / f"{name}.yml") if file.is_file())


def _record_in(file: Path, kind: Kind, quiet: bool) -> Written | None:
    """The file's text if it is a record of this kind; a file that cannot be read is passed over when ``quiet``."""
    try:
        written = _read(file, file.stat().st_mtime_ns)
    except (InputError, OSError):
        if quiet:
            return None
        raise
    if written.get(_MARKS[kind]) is not None:
        return written
    other = any(written.get(mark) is not None for mark in (*_MARKS.values(), *_MARKS_OF_CASES))
    return None if quiet or other else written  # asked for by name: its key may be misspelt


@cache
def _read(file: Path, modified: int) -> Written:
    return read_yaml(file)
