"""Surfaces that take heat at a constant temperature: cooled metal, convective outer surfaces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class FixedSink:
    """A surface with a constant heat transfer coefficient to a constant temperature (C)."""

    name: str
    kind: str
    conductance: np.ndarray
    temperature: float

    def __post_init__(self) -> None:
        self._while_on, self._own = self.conductance, self.temperature

    def switch(self, on: bool, temperature: float | None = None) -> None:
        """Start or stop what takes the heat (a coolant pump), at its own temperature or another (C)."""
        self.conductance = self._while_on if on else np.zeros_like(self._while_on)
        self.temperature = self._own if temperature is None else temperature

    def update(self, temperature: np.ndarray) -> np.ndarray:
        """Heat flow at a tissue temperature of 0 C (n_local,) in W."""
        return self.conductance * self.temperature

    def mismatch(self, temperature: np.ndarray) -> float:
        """0: the temperature of the sink is given."""
        return 0.0


def fixed_sink(elements, name: str, kind: str, facets: np.ndarray, coefficient: float, temperature: float) -> FixedSink:
    """A ``FixedSink`` on this rank's ``facets`` with a coefficient in W/m2/K."""
    areas, nodes, shares, _ = elements.facet_shares(facets)
    weights = (coefficient * areas)[:, None] * shares
    conductance = np.bincount(nodes.ravel(), weights.ravel(), minlength=elements.n_local)
    return FixedSink(name, kind, elements.accumulate(conductance), temperature)
