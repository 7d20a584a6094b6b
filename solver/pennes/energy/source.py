"""What the time loop knows of an energy source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from pennes.generator import Delivery, Drive


class Tissues(Protocol):
    """What a source asks of the tissues."""

    def electric_conductivity(self, temperature: np.ndarray) -> np.ndarray:
        """sigma of each cell (n_cells,) in S/m for tissue at ``temperature`` (n_local,), C."""
        ...

    def permittivity(self, temperature: np.ndarray, frequency: float) -> np.ndarray:
        """Complex relative permittivity of each cell (n_cells,) at a frequency in Hz."""
        ...


class EnergySource(Protocol):
    """From a drive of the generator and the state of the tissue to heat. All methods are collective.

    ``medium`` is what the fields depend on, one number a cell (n_cells,): a conductivity, a complex permittivity. The
    loop gets it from the source and hands it back, and compares two of them to see how far a prediction was off.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the poles (electrodes, antennas) that a drive may address."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the history that this kind of source adds."""
        ...

    @property
    def solved(self) -> bool:
        """Whether fields for some medium are at hand."""
        ...

    @property
    def solves(self) -> int:
        """Fields solved for so far."""
        ...

    @property
    def iterations(self) -> int:
        """Linear iterations that they took."""
        ...

    def medium(self, temperature: np.ndarray) -> np.ndarray:
        """The medium (n_cells,) for tissue at ``temperature`` (n_local,), C."""
        ...

    def update(self, medium: np.ndarray) -> None:
        """Solve for the fields in a medium. Raises SolverError when that does not converge."""
        ...

    def deliver(self, drive: Drive, seconds: float, medium: np.ndarray) -> Delivery:
        """What reaches tissue that is ``medium`` by now, ``seconds`` after the drive began, from the last fields."""
        ...

    def heat(self, drive: Drive, seconds: float, medium: np.ndarray) -> tuple[Delivery, np.ndarray]:
        """The same, and the power that each cell takes up (n_cells,) in W."""
        ...

    def row(self, delivery: Delivery | None, temperature: np.ndarray) -> dict[str, float]:
        """Values of ``columns`` for a step that ended at ``temperature`` (n_local,); no delivery: nothing flowed."""
        ...

    def report(self, seen: Mapping[str, Mapping[str, float]], energies: Mapping[str, float]) -> list[dict]:
        """Entries of the summary's ``antennas``: ``seen`` holds ``first, last, min, max`` of each of the columns while
        power flowed, ``energies`` the integrals in J of the deliveries' flows."""
        ...

    def fields(self) -> dict[str, np.ndarray]:
        """Arrays (n_local,) by name that a checkpoint keeps."""
        ...

    def restore(self, fields: Mapping[str, np.ndarray]) -> None:
        """Take up what ``fields`` gave; other names are ignored."""
        ...
