"""A label map: a whole number for every voxel, and what the numbers stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pennes.errors import InputError, nearest_name
from pennes.imaging.grid import Grid


@dataclass(frozen=True, eq=False)
class LabelMap:
    """``labels`` (i, j, k) whole numbers on ``grid``, 0 is background; ``names`` number -> name; ``notes`` on how the
    file was understood, to be passed on to the user; ``source`` where it came from."""

    grid: Grid
    labels: NDArray[np.integer]
    names: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if self.labels.shape != self.grid.shape:
            raise InputError(
                f"the labels have the shape {self.labels.shape}, the grid {self.grid.shape}", file=self.source or None
            )

    @cached_property
    def present(self) -> tuple[int, ...]:
        """Numbers that occur, background apart, in rising order."""
        if np.issubdtype(self.labels.dtype, np.unsignedinteger) and self.labels.dtype.itemsize <= 2:
            # Slice by slice: NumPy counts 64-bit copies.
            most = int(np.iinfo(self.labels.dtype).max) + 1
            there = np.zeros(most, dtype=bool)
            for part in np.moveaxis(self.labels, int(np.argmax(self.labels.strides)), 0):
                there |= np.bincount(part.ravel(order="K"), minlength=most) > 0
            return tuple(int(n) for n in np.flatnonzero(there) if n)
        return tuple(int(n) for n in np.unique(self.labels) if n)

    def name(self, number: int) -> str:
        """The name of a label; ``label 3`` where it has none."""
        return self.names.get(number, f"label {number}")

    def number(self, name: str | int) -> int:
        """The number of a label by its name or number. Raises InputError where it does not occur in the map."""
        present = self.present
        if isinstance(name, int) or str(name).lstrip("-").isdigit():
            if int(name) in present:
                return int(name)
        else:
            wanted = _plain(str(name))
            found = [n for n in present if _plain(self.name(n)) == wanted]
            if len(found) == 1:
                return found[0]
        known = [f"{self.name(n)} ({n})" if n in self.names else str(n) for n in present]
        raise InputError(
            f"there is no label '{name}' in the map",
            file=self.source or None,
            expected="one of " + ", ".join(known) if known else "a map with a label: all its voxels are background",
            nearest=nearest_name(str(name), [self.name(n) for n in present]),
        )

    def mask(self, names: Sequence[str | int] | None = None) -> NDArray[np.bool_]:
        """(i, j, k) where any of the labels ``names`` is; all that is not background where there is no name given.

        Raises InputError where a label does not occur.
        """
        if names is None:
            if not self.present:
                raise InputError("all voxels are background", file=self.source or None, expected="a segmentation")
            return self.labels != 0
        numbers = [self.number(name) for name in names]
        return self.labels == numbers[0] if len(numbers) == 1 else np.isin(self.labels, numbers)

    def volume(self, name: str | int) -> float:
        """m3."""
        return float(np.count_nonzero(self.labels == self.number(name)) * self.grid.voxel_volume)


@dataclass(frozen=True, eq=False)
class Image:
    """``values`` (i, j, k) floats on ``grid``; nan: nothing is known there."""

    grid: Grid
    values: NDArray[np.floating]


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def smallest_type(largest: int) -> type[np.integer]:
    """The smallest unsigned type that holds labels up to ``largest``."""
    return np.uint8 if largest < 2**8 else np.uint16 if largest < 2**16 else np.uint32


def as_labels(values: NDArray, source: str) -> NDArray[np.unsignedinteger]:
    """``values`` as unsigned whole numbers of the smallest type. Raises InputError where they are not labels."""
    if values.dtype == bool:
        return values.astype(np.uint8)
    if values.dtype.kind not in "iuf":
        raise InputError(f"the voxels are of the kind '{values.dtype}'", file=source, expected="whole numbers")
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise InputError("a voxel is not a finite number", file=source, expected="whole numbers")
        if not (values == np.round(values)).all():
            raise InputError(
                "the voxels hold fractions", file=source, expected="a label map of whole numbers, not an image"
            )
    low, high = (0, 0) if values.size == 0 else (int(values.min()), int(values.max()))
    if low < 0:
        raise InputError(f"a voxel holds {low}", file=source, expected="labels of 0 and above, not an image")
    if high >= 2**16:
        raise InputError(f"a voxel holds {high}", file=source, expected="labels below 65536, not an image")
    return values.astype(smallest_type(high), copy=False)
