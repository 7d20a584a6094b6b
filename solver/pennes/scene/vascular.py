"""Vessels as tubes around rounded centrelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pennes.case.vessels import AnyVessel, Branch, Vessel
from pennes.errors import InputError
from pennes.scene import solids
from pennes.scene.paths import Centreline, through
from pennes.vasculature import MESHED, model_of

JOINT = 1.03
"""Radius of the ball at a bifurcation, in radii of the widest tube there: touching surfaces would defeat the mesher."""


@dataclass(frozen=True)
class Tube:
    """A stretch of vessel without branches; ``key`` is its place in the case."""

    path: Centreline
    radius: float
    key: str

    def sample(self) -> np.ndarray:
        """Points (n, 3) of the centreline, close enough for distances."""
        return self.path.sample(self.radius / 4)


@dataclass(frozen=True)
class VesselTree:
    name: str
    key: str
    tubes: tuple[Tube, ...]
    joints: tuple[tuple[np.ndarray, float], ...]
    """Centre (3,) and radius of the ball at each bifurcation."""

    def solids(self) -> list[solids.Solid]:
        """All pieces; they overlap at bifurcations."""
        pieces = [piece for tube in self.tubes for piece in solids.tube(tube.path, tube.radius)]
        return pieces + [solids.ball(centre, radius) for centre, radius in self.joints]


def vessel_tree(vessel: AnyVessel, number: int) -> VesselTree | None:
    """Tubes and joints of the meshed part of ``vessels.number``, None where nothing of it is meshed.

    Raises InputError for a degenerate path.
    """
    tubes: list[Tube] = []
    joints: list[tuple[np.ndarray, float]] = []
    if not isinstance(vessel, Vessel) or not _meshed(vessel, vessel.diameter):
        return None

    def add(path: Sequence, diameter: float, branches: tuple[Branch, ...], key: str) -> None:
        try:
            line = through(path, diameter / 2)
        except ValueError as problem:
            raise InputError(str(problem), key=f"{key}.path") from None
        tubes.append(Tube(line, diameter / 2, key))
        meshed = [(count, branch) for count, branch in enumerate(branches) if _meshed(vessel, branch.diameter)]
        branches = tuple(branch for _, branch in meshed)
        if branches:
            widest = max(diameter, *(branch.diameter for branch in branches)) / 2
            joints.append((np.asarray(path[-1], dtype=float), JOINT * widest))
        for count, branch in meshed:
            add([path[-1], *branch.path], branch.diameter, branch.branches, f"{key}.branches.{count}")

    add(vessel.path, vessel.diameter, vessel.branches, f"vessels.{number}")
    return VesselTree(vessel.name, f"vessels.{number}", tuple(tubes), tuple(joints))


def _meshed(vessel: Vessel, diameter: float) -> bool:
    return model_of(diameter, vessel.model, vessel.by_diameter) in MESHED
