"""From a file to a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pennes.case.models import Case
from pennes.case.overrides import override
from pennes.case.places import Places
from pennes.case.resolve import resolve
from pennes.errors import InputError
from pennes.library.validation import validate
from pennes.library.written import Written, read_yaml


def load(path: str | Path, overrides: Sequence[str] = ()) -> Case:
    """The complete case in the YAML file ``path``; see ``load_with_places``."""
    return load_with_places(path, overrides)[0]


def load_with_places(path: str | Path, overrides: Sequence[str] = ()) -> tuple[Case, Places]:
    """The complete case in the YAML file ``path`` and where its keys stand, with ``overrides`` ("a.b.c=VALUE") put in.

    Names of tissues and devices are looked up in the file's folder, in ``library/`` beside it, then in the package.
    Raises InputError, one message, for anything that is not a usable case.
    """
    path = Path(path)
    written = override(read_yaml(path), overrides)
    written = resolve(written, (path.parent,))
    written = _with_vessel_files(_with_files(written, path.parent), path.parent)
    return validate(Case, written), Places(written)


def _with_files(written: Written, folder: Path) -> Written:
    """The user's files as absolute paths. Raises InputError if there is no such file."""
    body = written.get("body")
    for key, what in (("mesh", "a mesh file"), ("labels", "a label map"), ("reference", "a folder")):
        given = body.get(key) if body is not None else None
        if given is None or not isinstance(given.value, str):
            continue
        file = (folder / given.value).resolve()
        if not (file.exists() if key != "mesh" else file.is_file()):
            raise _missing(given, file, what)
        body = body.with_value({**body.value, key: given.with_value(str(file))})
    return written if body is None else written.with_value({**written.value, "body": body})


def _with_vessel_files(written: Written, folder: Path) -> Written:
    """The files of vessels as absolute paths. Raises InputError for a file that is not there."""
    vessels = written.get("vessels")
    if vessels is None or not isinstance(vessels.value, list):
        return written

    def placed(vessel: Written) -> Written:
        name = vessel.get("file")
        if name is None or not isinstance(name.value, str):
            return vessel
        file = (folder / name.value).resolve()
        if not file.is_file():
            raise _missing(name, file, "a file of centrelines")
        return vessel.with_value({**vessel.value, "file": name.with_value(str(file))})

    return written.with_value({**written.value, "vessels": vessels.with_value([placed(v) for v in vessels.value])})


def _missing(place: Written, file: Path, what: str) -> InputError:
    return place.refuse(f"there is no file '{file}'", expected=f"{what}, relative to the case")
