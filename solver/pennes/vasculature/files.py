"""Centrelines from files: SWC, CSV lists of edges, VTP with radii."""

from __future__ import annotations

import csv
import warnings
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from pennes.errors import InputError

METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6}
RADIUS_NAMES = ("radius", "Radius", "MaximumInscribedSphereRadius", "radii", "r")
COLUMNS = ("from", "to", "x1", "y1", "z1", "x2", "y2", "z2", "radius")


@dataclass(frozen=True, eq=False)
class Centrelines:
    """``points`` (n, 3) m, ``edges`` (m, 2), ``radii`` (m,) m with nan where the file says nothing, and the number of
    each node by its ``names`` in the file."""

    points: np.ndarray
    edges: np.ndarray
    radii: np.ndarray
    names: dict[str, int]


def read_centrelines(file: str | Path, length_unit: str) -> Centrelines:
    """Read by the file's ending. Raises InputError for what cannot be read, with the line."""
    file = Path(file)
    readers = {".swc": _swc, ".csv": _csv, ".vtp": _vtp}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"'{file.suffix}' is no ending of centrelines", file=file, expected=" | ".join(readers))
    try:
        return reader(file, METRES[length_unit])
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"cannot be read: {problem}", file=file) from None


def _swc(file: Path, scale: float) -> Centrelines:
    """Lines ``id type x y z radius parent``; a segment has the mean radius of its two samples."""
    rows, lines = [], []
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        text = text.partition("#")[0].split()
        if not text:
            continue
        try:
            row = (int(text[0]), *(float(word) for word in text[2:6]), int(text[6]))
        except (ValueError, IndexError):
            raise InputError("is no sample", file=file, line=number, expected="id type x y z radius parent") from None
        rows.append(row)
        lines.append(number)
    place = {row[0]: k for k, row in enumerate(rows)}
    points = scale * np.array([row[1:4] for row in rows]).reshape(-1, 3)
    sizes = scale * np.array([row[4] for row in rows])
    edges = []
    for line, row in zip(lines, rows, strict=True):
        if row[5] == -1:
            continue
        if row[5] not in place:
            raise InputError(f"there is no sample {row[5]}", file=file, line=line, expected="the parent's id, or -1")
        edges.append((place[row[5]], place[row[0]]))
    pairs = np.array(edges, dtype=int).reshape(-1, 2)
    return Centrelines(points, pairs, sizes[pairs].mean(axis=1), {str(row[0]): k for k, row in enumerate(rows)})


def _csv(file: Path, scale: float) -> Centrelines:
    """Columns ``from,to,x1,y1,z1,x2,y2,z2,radius``, a segment a line; an empty radius is filled in by Murray's law."""
    points: list[tuple[float, ...]] = []
    place: dict[str, int] = {}
    edges, radii = [], []
    with open(file, newline="", encoding="utf-8") as stream:
        table = csv.DictReader(line for line in stream if not line.startswith("#"))
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise InputError(f"has no column '{missing[0]}'", file=file, line=1, expected=",".join(COLUMNS))
        for row in table:
            try:
                ends = []
                for name, keys in ((row["from"], ("x1", "y1", "z1")), (row["to"], ("x2", "y2", "z2"))):
                    point = tuple(scale * float(row[key]) for key in keys)
                    if name not in place:
                        place[name] = len(points)
                        points.append(point)
                    elif not np.allclose(points[place[name]], point, rtol=0.0, atol=1e-7):
                        raise InputError(
                            f"node '{name}' lies elsewhere in a line above", file=file, line=table.line_num
                        )
                    ends.append(place[name])
                radii.append(scale * float(row["radius"]) if (row["radius"] or "").strip() else np.nan)
            except (TypeError, ValueError):
                raise InputError("is no segment", file=file, line=table.line_num, expected=",".join(COLUMNS)) from None
            edges.append(ends)
    return Centrelines(
        np.array(points).reshape(-1, 3), np.array(edges, dtype=int).reshape(-1, 2), np.array(radii), place
    )


def _vtp(file: Path, scale: float) -> Centrelines:
    """Polylines of a PolyData with a radius of points or cells; points at the same place are one node."""
    import pyvista

    try:
        with warnings.catch_warnings(), pyvista.VtkErrorCatcher(raise_errors=True, send_to_logging=False):
            warnings.simplefilter("ignore")  # VTK's complaints: the error below says it in one message
            data = pyvista.read(file)
        flat, points = np.asarray(data.lines), np.asarray(data.points, dtype=float)
    except Exception:  # VTK raises many kinds; the message below stands for all
        raise InputError("is no PolyData with lines, or is damaged", file=file) from None
    if len(flat) == 0:
        raise InputError("holds no lines", file=file, expected="polylines along the vessels")
    unique, number = np.unique(np.round(points / max(np.ptp(points), 1e-30) * 1e7), axis=0, return_inverse=True)
    number = number.ravel()
    first = np.zeros(len(unique), dtype=int)
    first[number[::-1]] = np.arange(len(points))[::-1]
    of_points, of_cells = (
        next((np.asarray(values[name], float) for name in RADIUS_NAMES if name in values), None)
        for values in (data.point_data, data.cell_data)
    )
    edges, radii, at, cell = [], [], 0, data.n_verts
    while at < len(flat):
        members = flat[at + 1 : at + 1 + flat[at]]
        for a, b in pairwise(members):
            if number[a] == number[b]:
                continue
            edges.append((number[a], number[b]))
            if of_points is not None:
                radii.append(of_points[[a, b]].mean())
            else:
                radii.append(np.nan if of_cells is None else of_cells[cell])
        at, cell = at + 1 + flat[at], cell + 1
    pairs = np.sort(np.array(edges, dtype=int).reshape(-1, 2), axis=1)
    # Overlapping polylines (one from the root to every end) share their edges.
    pairs, kept = np.unique(pairs, axis=0, return_index=True)
    names = {str(int(k)): int(number[k]) for k in range(len(points))}
    return Centrelines(scale * points[first], pairs, scale * np.array(radii)[kept], names)
