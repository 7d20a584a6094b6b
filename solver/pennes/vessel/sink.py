"""What a heat sink is, and what a vessel is beyond that."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class HeatSink(Protocol):
    """Takes heat from the tissue: conductance x (T - T_sink) at every node.

    ``kind`` is the term of the energy budget that it belongs to: ``vessel``, ``cooling`` or ``surface``;
    ``conductance`` (n_local,) in W/K, that of the last ``update``. A sink of kind ``cooling`` can be switched
    off and on by ``switch(on, temperature)``.
    """

    name: str
    kind: str
    conductance: np.ndarray

    def update(self, temperature: np.ndarray) -> np.ndarray:
        """conductance x T_sink (n_local,) in W for tissue at ``temperature`` (n_local,), C (collective)."""
        ...

    def mismatch(self, temperature: np.ndarray) -> float:
        """How far the heat that the last update led to is from that of tissue at ``temperature`` (n_local,), as a share
        of it: 0 where conductance x (T - T_sink) is all there is (collective)."""
        ...


class VesselModel(HeatSink, Protocol):
    """A vessel: a heat sink that has a place and a flow, and remembers the heat that it took.

    ``warmest_outlet``: the highest temperature (C) at which blood has left it so far; None: the blood does not warm.
    """

    warmest_outlet: float | None

    def nearest_wall_point(self, point: np.ndarray) -> np.ndarray:
        """The point (3,) of the vessel's wall nearest to ``point`` (3,), m."""
        ...

    def set_flow(self, fraction: float) -> None:
        """Let the vessel carry this share of its undisturbed flow from now on."""
        ...

    def accept(self, mean: np.ndarray, dead: np.ndarray, dt: float) -> None:
        """Account for a step of ``dt`` s since the last update, with the ``mean`` temperature (n_local,) of its fluxes;
        ``dead`` (n_local,) says which tissue is coagulated at its end (collective)."""
        ...

    def branches(self) -> list[dict]:
        """Of every branch that took heat: what the summary says of it."""
        ...

    def to_dict(self) -> dict:
        """Plain values for the checkpoint."""
        ...

    def restore(self, saved: dict) -> None:
        """Go on from what ``to_dict`` gave."""
        ...
