"""Fields of a result folder: fields.xdmf says where each field at each time is; only what is asked for is read."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from pennes.errors import InputError


@dataclass(frozen=True)
class FieldFile:
    """The index of a fields.xdmf written by ``dolfinx.io.XDMFFile``: where in which HDF5 file things are."""

    file: Path
    geometry: str
    topology: str
    locations: dict[str, dict[float, str]]
    """Field name -> time in s -> ``"file.h5:/path"``."""

    def times(self, name: str) -> np.ndarray:
        """Times in s (n,), ascending, at which the field was saved. Raises InputError for an unknown field."""
        if not self.locations.get(name):
            raise InputError(f"the field '{name}' is missing", file=self.file)
        return np.array(sorted(self.locations[name]))

    def mesh(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, 3) in mm and tetrahedra (m, 4), or triangles (m, 3) in a half-plane of the needle."""
        return 1e3 * self._read(self.geometry), self._read(self.topology)[:, :4]

    def values(self, name: str, time: float) -> np.ndarray:
        """Vertex values (n,) of a field at one of its times."""
        return self._read(self.locations[name][time]).reshape(-1)

    def _read(self, location: str) -> np.ndarray:
        name, _, path = location.partition(":")
        file = self.file.parent / name
        if not file.is_file():
            raise InputError("the file is missing", file=file)
        try:
            with h5py.File(file, "r") as data:
                return data[path][...]
        except (OSError, KeyError) as problem:
            raise InputError(f"damaged: {path} cannot be read ({problem})", file=file) from None


def open_fields(folder: Path) -> FieldFile:
    """Read the index fields.xdmf of a result folder. Raises InputError where it is missing or damaged."""
    file = folder / "fields.xdmf"
    if not file.is_file():
        raise InputError("the file is missing", file=file)
    try:
        root = ElementTree.parse(file).getroot()
        topology, geometry = _text(root.find(".//Topology/DataItem")), _text(root.find(".//Geometry/DataItem"))
        locations: dict[str, dict[float, str]] = {}
        for grid in root.iterfind(".//Grid"):
            time = grid.find("Time")
            if time is None:
                continue
            for attribute in grid.iterfind("Attribute"):
                at = locations.setdefault(attribute.attrib["Name"], {})
                at[float(time.attrib["Value"])] = _text(attribute.find("DataItem"))
    except (ElementTree.ParseError, KeyError, ValueError) as problem:
        raise InputError(f"damaged ({problem})", file=file) from None
    return FieldFile(file, geometry, topology, locations)


def _text(item: ElementTree.Element | None) -> str:
    if item is None or not item.text or ":" not in item.text:
        raise ValueError("a data item is missing")
    return item.text.strip()
