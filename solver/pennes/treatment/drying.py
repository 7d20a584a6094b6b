"""Drying as the electric conductivity feels it: averaged over the length across which vapour moves."""

from __future__ import annotations

import numpy as np

#: Error of the average, relative to the dryness itself.
TOLERANCE = 1e-4


class DryingAverage:
    """Averages dryness d over the tissue's length l: the solution of (1 - div l^2 grad) a = d without flux outwards.

    Water that boils moves as vapour before it condenses in cooler tissue nearby. Without a length the layer that ends
    a pulse is as thin as the mesh allows, and so the energy that a generator delivers falls with every refinement.
    The average keeps the volume of dried tissue.

    Parameters: ``elements`` the operators; ``lengths`` (n_cells,) of the cells' tissues in m.
    """

    def __init__(self, elements, lengths: np.ndarray):
        self.elements = elements
        self._system = elements.system(
            np.zeros(elements.n_local, dtype=bool), name="drying", relative_tolerance=TOLERANCE
        )
        self._system.set(elements.stiffness(lengths**2), np.ones(elements.n_local))
        self._last = np.zeros(elements.n_local)

    def __call__(self, dryness: np.ndarray) -> np.ndarray:
        """Averaged dryness (n_local,), in [0, 1], of a ``dryness`` (n_local,). Collective."""
        # Heating goes slowly: the last average is nearly the next.
        self._last = self._system.solve(self.elements.mass(dryness), self._last)
        return np.clip(self._last, 0.0, 1.0)
