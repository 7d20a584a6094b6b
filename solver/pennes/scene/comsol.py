"""COMSOL's text meshes (.mphtxt), versions 1 to 4 of the Mesh object, with named selections."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_CORNERS = {"tet": 4, "tri": 3, "tet2": 4, "tri2": 3}
_DIMENSIONS = {"tri": 2, "tri2": 2, "tet": 3, "tet2": 3}


class _Reader:
    """The file as a sequence of numbers and strings; comments run from '#' to the end of the line."""

    def __init__(self, path: Path):
        self.lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        self.position = 0

    def line(self) -> str:
        """The next line that says something. Raises ValueError at the end."""
        while self.position < len(self.lines):
            text = self.lines[self.position].strip()
            self.position += 1
            if text and not text.startswith("#"):
                return text
        raise ValueError("the file ends too early")

    def string(self) -> str:
        """A string, which is written after its length."""
        length, _, rest = self.line().partition(" ")
        return rest[: int(length)]

    def integer(self) -> int:
        return int(self.line().split("#")[0].split()[0])

    def numbers(self, count: int, kind: type) -> np.ndarray:
        """``count`` numbers, over as many lines as it takes."""
        found: list[str] = []
        while len(found) < count:
            found += self.line().split("#")[0].split()
        if len(found) != count:
            raise ValueError(f"line {self.position} holds more numbers than belong there")
        return np.array(found, dtype=kind)


def read_comsol(
    path: Path,
) -> tuple[np.ndarray, dict[int, tuple[np.ndarray, np.ndarray]], dict[str, tuple[int, set[int]]]]:
    """Points (n, 3); corners and entity numbers of the elements by dimension (2 triangles, 3 tetrahedra); selections:
    label -> (dimension, entity numbers). Raises ValueError for a file of another form."""
    reader = _Reader(path)
    reader.numbers(2, int)
    for _ in range(2):  # tags of the objects, then their types
        for _ in range(reader.integer()):
            reader.string()
    points, elements, selections = None, {2: ([], []), 3: ([], [])}, {}
    while reader.position < len(reader.lines):
        try:
            reader.numbers(3, int)
        except ValueError:
            break
        match reader.string():
            case "Mesh":
                points = _read_mesh(reader, elements)
            case "Selection":
                label, dimension, entities = _read_selection(reader)
                selections[label] = (dimension, entities)
            case other:
                raise ValueError(f"it holds an object of the kind '{other}', which is neither mesh nor selection")
    if points is None:
        raise ValueError("it holds no mesh")
    joined = {
        dimension: (
            np.concatenate([np.empty((0, dimension + 1), np.int64), *corners]),
            np.concatenate([np.empty(0, np.int64), *entities]),
        )
        for dimension, (corners, entities) in elements.items()
    }
    return points, joined, selections


def _read_mesh(reader: _Reader, elements: dict[int, tuple[list, list]]) -> np.ndarray:
    version, dimension = reader.integer(), reader.integer()
    if dimension != 3:
        raise ValueError(f"its mesh has {dimension} dimensions; 3 are needed")
    count, lowest = reader.integer(), reader.integer()
    points = reader.numbers(3 * count, float).reshape(-1, 3)
    for _ in range(reader.integer()):
        name, corners, number = reader.string(), reader.integer(), reader.integer()
        nodes = reader.numbers(corners * number, int).reshape(-1, corners) - lowest
        if version < 4:
            reader.integer()
            if parameters := reader.integer():
                reader.numbers(parameters, float)
        entities = reader.numbers(reader.integer(), int)
        if version < 4 and (pairs := reader.integer()):
            reader.numbers(2 * pairs, int)
        if name in _CORNERS:
            found = elements[_DIMENSIONS[name]]
            found[0].append(nodes[:, : _CORNERS[name]])
            found[1].append(entities)
        elif name in ("hex", "prism", "pyr", "hex2", "prism2", "pyr2"):
            raise ValueError(f"it has elements of the kind '{name}'; only tetrahedra can be used")
    return points


def _read_selection(reader: _Reader) -> tuple[str, int, set[int]]:
    reader.integer()
    label, _ = reader.string(), reader.string()
    dimension, count = reader.integer(), reader.integer()
    return label, dimension, set(reader.numbers(count, int).tolist())
