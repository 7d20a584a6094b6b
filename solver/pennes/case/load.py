"""From a file to a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pennes.case.models import Case
from pennes.case.overrides import override
from pennes.case.resolve import resolve
from pennes.errors import InputError
from pennes.library.validation import validate
from pennes.library.written import Written, read_yaml


def load(path: str | Path, overrides: Sequence[str] = ()) -> Case:
    """The complete case in the YAML file ``path``, with ``overrides`` ("a.b.c=VALUE") put in.

    Names of tissues and devices are looked up in the file's folder, in ``library/`` beside it, then in the package.
    Raises InputError, one message, for anything that is not a usable case.
    """
    path = Path(path)
    written = override(read_yaml(path), overrides)
    written = resolve(written, (path.parent,))
    return validate(Case, _with_vessel_files(_with_mesh(written, path.parent), path.parent))


def _with_mesh(written: Written, folder: Path) -> Written:
    """The user's mesh file as an absolute path. Raises InputError if there is no such file."""
    body = written.get("body")
    mesh = body.get("mesh") if body is not None else None
    if body is None or mesh is None or not isinstance(mesh.value, str):
        return written
    file = (folder / mesh.value).resolve()
    if not file.is_file():
        raise _missing(mesh, file)
    replaced = body.with_value({**body.value, "mesh": mesh.with_value(str(file))})
    return written.with_value({**written.value, "body": replaced})


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
            raise name.refuse(f"there is no file '{file}'", expected="a file of centrelines, relative to the case")
        return vessel.with_value({**vessel.value, "file": name.with_value(str(file))})

    return written.with_value({**written.value, "vessels": vessels.with_value([placed(v) for v in vessels.value])})


def _missing(mesh: Written, file: Path) -> InputError:
    return mesh.refuse(f"there is no file '{file}'", expected="a mesh file, relative to the case")
