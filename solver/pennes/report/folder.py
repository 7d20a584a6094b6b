"""What the report takes out of a result folder. Lengths here are millimetres, times seconds, temperatures C."""

from __future__ import annotations

import csv
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvista as pv

from pennes import units
from pennes.errors import InputError
from pennes.result.summary import read_summary

HISTORY_COLUMNS = ("time_s", "max_temperature_c", "power_w", "impedance_ohm", "voltage_v", "current_a", "deposited_j")


@dataclass(frozen=True)
class Tube:
    """A stretch of vessel: centreline (n, 3) and radius, mm."""

    name: str
    path: np.ndarray
    radius: float


@dataclass(frozen=True)
class Needle:
    """An applicator: its tip (3,) in mm and the unit direction of insertion (3,)."""

    name: str
    tip: np.ndarray
    direction: np.ndarray


@dataclass(frozen=True)
class Surface:
    """A surface file that was read: points (n, 3) in mm, triangles and point data."""

    file: Path
    mesh: pv.PolyData


@dataclass
class Result:
    """A result folder in memory, its fields apart (see ``pennes.report.fields``)."""

    folder: Path
    summary: dict[str, Any]
    history: dict[str, np.ndarray]
    states: list[str]
    """The generator's state in every row of the history."""
    case: dict[str, Any]
    needles: list[Needle]
    tubes: list[Tube]
    zone: Surface | None
    targets: dict[str, Surface]
    vessels: Surface | None
    applicators: Surface | None

    @property
    def title(self) -> str:
        return str(self.case["title"])

    @property
    def axisymmetric(self) -> bool:
        """Whether the treatment was simulated in a half-plane."""
        return (self.case.get("body") or {}).get("form") == "axisymmetric"

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the generator decided: time_s, kind, message."""
        return self.summary["generator"]["events"]


def read_result(folder: Path) -> Result:
    """Read everything but the fields.

    Raises InputError, which names the file, where one is missing or damaged.
    """
    if not folder.is_dir():
        raise InputError("no such folder", file=folder, expected="a result folder")
    summary = read_summary(folder / "summary.json").model_dump(mode="json", by_alias=True)
    history, states = _read_history(folder / "history.csv")
    case = _read_yaml(folder / "case.yaml")
    lasted, ends = summary["time"]["simulated_s"], history["time_s"][-1]
    if not abs(ends - lasted) <= 1e-3 * lasted + 1.0:
        raise InputError(
            f"it ends at {ends:g} s, but by the summary the run lasted {lasted:g} s", file=folder / "history.csv"
        )
    try:
        needles = [_needle(entry) for entry in case["applicators"]]
        tubes = [tube for entry in _drawn(case) for tube in _tubes(entry, entry["name"], None)]
        own_mesh = "mesh" in (case.get("body") or {})
        str(case["title"])
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise InputError(f"not a resolved case ({problem})", file=folder / "case.yaml") from None
    names = [str(entry["name"]) for entry in summary["targets"]]
    has_zone = bool(summary["zone"].get("volume_ml"))
    return Result(
        folder=folder,
        summary=summary,
        history=history,
        states=states,
        case=case,
        needles=needles,
        tubes=tubes,
        zone=read_surface(folder / "zone.vtp") if has_zone else None,
        targets={
            name: read_surface(_target_file(folder, number, name, len(names)), ("margin_mm",))
            for number, name in enumerate(names)
        },
        # A vessel of model 'none' and a label that does not reach into the box have no surface.
        vessels=_optional(folder / "vessels.vtp", required=any(v["heat_removed_j"] for v in summary["vessels"])),
        applicators=_optional(folder / "applicators.vtp", required=not own_mesh),
    )


def read_surface(file: Path, point_data: tuple[str, ...] = ()) -> Surface:
    """Read a VTP file with at least one triangle; ``point_data`` must be there. Raises InputError."""
    if not file.is_file():
        raise InputError("the file is missing", file=file)
    try:
        with warnings.catch_warnings(), pv.VtkErrorCatcher(raise_errors=True, send_to_logging=False):
            warnings.simplefilter("ignore")  # VTK's complaints: the error below says it in one message
            mesh = pv.read(file)
    except Exception:  # VTK and pyvista raise many kinds for a damaged file; the message below stands for all
        raise InputError("the surface cannot be read: the file is damaged", file=file) from None
    if not isinstance(mesh, pv.PolyData) or mesh.n_cells == 0 or not np.isfinite(mesh.points).all():
        raise InputError("the surface is empty or damaged", file=file, expected="a VTP file with triangles, in mm")
    for name in point_data:
        if name not in mesh.point_data:
            raise InputError(f"the point data '{name}' is missing", file=file)
    return Surface(file, mesh.clean())  # corners that triangles have in common become one point


def _optional(file: Path, *, required: bool) -> Surface | None:
    return read_surface(file) if required or file.is_file() else None


def _target_file(folder: Path, number: int, name: str, count: int) -> Path:
    """target.vtp; where there are several targets, target_<number>_<name>.vtp or target_<name>.vtp."""
    if count == 1:
        return folder / "target.vtp"
    numbered = sorted(folder.glob(f"target_{number}_*.vtp"))
    return numbered[0] if numbered else folder / f"target_{re.sub(r'[^A-Za-z0-9_-]+', '_', name)}.vtp"


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError("the file is missing", file=file) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"the file cannot be read ({problem})", file=file) from None


def _read_history(file: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    text = _read_text(file)
    header, *rows = list(csv.reader(text.splitlines())) or [[]]
    for name in HISTORY_COLUMNS:
        if name not in header:
            raise InputError(f"the column '{name}' is missing", file=file, line=1)
    if not rows or not text.endswith("\n"):
        raise InputError("the history has no rows" if not rows else "the last line is cut short", file=file)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(f"{len(row)} values for {len(header)} columns", file=file, line=number)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    states = list(columns.pop("generator_state", [""] * len(rows)))
    try:
        history = {name: np.array([float(text or "nan") for text in texts]) for name, texts in columns.items()}
    except ValueError as problem:
        raise InputError(str(problem), file=file) from None
    return history, states


def _read_yaml(file: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML, YAMLError

    try:
        case = YAML(typ="safe").load(_read_text(file))
    except YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise InputError("damaged YAML", file=file, line=line) from None
    if not isinstance(case, dict):
        raise InputError("not a resolved case", file=file)
    return case


def _point(texts: Any) -> np.ndarray:
    point = np.array([1e3 * units.parse_quantity(text, "m", "25 mm") for text in texts])
    if point.shape != (3,):
        raise ValueError(f"{texts} is not a point")
    return point


def _needle(entry: dict[str, Any]) -> Needle:
    direction = np.array([float(value) for value in entry["direction"]])
    if direction.shape != (3,) or not np.linalg.norm(direction) > 0.0:
        raise ValueError(f"{entry['direction']} is not a direction")
    return Needle(str(entry.get("name", "applicator")), _point(entry["tip"]), direction / np.linalg.norm(direction))


def _drawn(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Vessels whose path stands in the case: not those from files nor grown ones."""
    return [entry for entry in case.get("vessels") or () if "path" in entry]


def _tubes(entry: dict[str, Any], name: str, start: np.ndarray | None) -> list[Tube]:
    path = [_point(texts) for texts in entry["path"]]
    path = path if start is None else [start, *path]
    tube = Tube(name, np.array(path), 0.5e3 * units.parse_quantity(entry["diameter"], "m", "6 mm"))
    return [tube, *(part for branch in entry.get("branches") or () for part in _tubes(branch, name, path[-1]))]
