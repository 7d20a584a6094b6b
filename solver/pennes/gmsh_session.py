"""A gmsh of our own, and what it has meshed, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import gmsh
import numpy as np

MILLIMETRES = 1e3
"""Lengths in gmsh are in mm: its tolerances are made for numbers of that size."""


@contextmanager
def gmsh_session() -> Iterator[None]:
    """gmsh without output, signal handlers and the user's settings."""
    gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        yield
    finally:
        gmsh.finalize()


class MeshedModel:
    """The nodes of the model's mesh: ``points`` (n, 3) in m."""

    def __init__(self) -> None:
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        self.points = coordinates.reshape(-1, 3) / MILLIMETRES
        self._index = np.full(int(tags.max()) + 1, -1, dtype=np.int64)
        self._index[tags.astype(np.int64)] = np.arange(len(tags))

    def elements(self, kind: int, corners: int, groups: Mapping[int, Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the nodes (m, corners) of gmsh's elements of ``kind``, and their tags (m,), where ``groups`` holds
        the entities of each tag."""
        found, values = [np.empty((0, corners), np.int64)], [np.empty(0, np.int64)]
        for tag, entities in groups.items():
            for entity in entities:
                nodes = gmsh.model.mesh.getElementsByType(kind, entity)[1]
                found.append(self._index[nodes.astype(np.int64)].reshape(-1, corners))
                values.append(np.full(len(found[-1]), tag))
        return np.concatenate(found), np.concatenate(values)
