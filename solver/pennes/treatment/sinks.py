"""Everything that takes heat through a surface: vessels, cooled metal, convective outer surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class HeatSink(Protocol):
    """``conductance`` (n_local,) in W/K; ``update`` gives conductance x sink temperature (n_local,) in W for tissue at
    a temperature; ``kind`` says which term of the energy budget it belongs to."""

    name: str
    kind: str
    conductance: np.ndarray

    def update(self, temperature: np.ndarray) -> np.ndarray: ...


@dataclass
class FixedSink:
    """A surface with a constant heat transfer coefficient to a constant temperature (C)."""

    name: str
    kind: str
    conductance: np.ndarray
    temperature: float

    def update(self, temperature: np.ndarray) -> np.ndarray:
        """Heat flow at a tissue temperature of 0 C (n_local,) in W."""
        return self.conductance * self.temperature


def fixed_sink(elements, name: str, kind: str, facets: np.ndarray, coefficient: float, temperature: float) -> FixedSink:
    """A ``FixedSink`` on this rank's ``facets`` with a coefficient in W/m2/K."""
    areas, nodes, shares, _ = elements.facet_shares(facets)
    weights = (coefficient * areas)[:, None] * shares[None, :]
    conductance = np.bincount(nodes.ravel(), weights.ravel(), minlength=elements.n_local)
    return FixedSink(name, kind, elements.accumulate(conductance), temperature)
