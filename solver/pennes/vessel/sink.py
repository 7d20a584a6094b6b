"""What a heat sink is, and what a vessel is beyond that."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class HeatSink(Protocol):
    """Takes heat from the tissue: conductance x (T - T_sink) at every node.

    ``kind`` is the term of the energy budget that it belongs to: ``vessel``, ``cooling`` or ``surface``;
    ``conductance`` (n_local,) in W/K. A sink of kind ``cooling`` can be switched off and on by ``switch(on)``.
    """

    name: str
    kind: str
    conductance: np.ndarray

    def update(self, temperature: np.ndarray) -> np.ndarray:
        """conductance x T_sink (n_local,) in W for tissue at ``temperature`` (n_local,), C (collective)."""
        ...


class VesselModel(HeatSink, Protocol):
    """A vessel: a heat sink that has a place."""

    def nearest_wall_point(self, point: np.ndarray) -> np.ndarray:
        """The point (3,) of the vessel's wall nearest to ``point`` (3,), m."""
        ...
