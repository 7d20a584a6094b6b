"""What a treatment will cost, about, from its mesh and its protocol."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.models import Case
from pennes.scene.arrays import MeshArrays

SECONDS = 6.5e-6
"""Of one core, for one unknown and one time step: 5.3 to 7.6 us were measured with 4000 to 73 000 vertices, on a core
of a virtual server; field solves of antennas and quadratic elements come on top."""
STEPS = {"impedance_controlled": 45.0, "pulsed_power": 45.0, "temperature_limited": 45.0}
SMOOTH = 9.0
"""Time steps a minute at the default tolerance: by mode where power is switched (44 were measured with 30 roll-offs in
12 minutes), elsewhere ``SMOOTH``."""
TOLERANCE = 0.3
"""K; the default of ``accuracy.time_tolerance``, at which steps were counted."""
RANK, UNKNOWN = 221.0, 4.5 / 1024.0
"""Memory in MiB of the program on each rank, and of each unknown."""


@dataclass(frozen=True)
class Cost:
    """Orders of magnitude; ``memory_mib`` is summed over the ``ranks``, ``minutes`` are of wall time on as many idle
    cores."""

    ranks: int
    unknowns: int
    steps: int
    memory_mib: float
    minutes: float

    def __str__(self) -> str:
        ranks = f"{self.ranks} rank" + ("s" if self.ranks > 1 else "")
        minutes = f"{self.minutes:.1f} minutes" if self.minutes < 10.0 else f"{self.minutes:.0f} minutes"
        return (
            f"cost, about: {self.unknowns} unknowns, {self.steps} time steps, {self.memory_mib:.0f} MiB and {minutes} "
            f"on {ranks}"
        )


def expected_cost(case: Case, arrays: MeshArrays, ranks: int) -> Cost:
    """The cost of ``case`` on a mesh, on ``ranks`` ranks.

    Steps grow with the inverse cube root of the time tolerance, as those of a second-order scheme; the time of a step
    with the unknowns, divided among the ranks.
    """
    unknowns = len(arrays.points)
    if case.accuracy.element_degree == 2:
        unknowns += _edges(arrays.cells)
    schedule = case.protocol.schedule
    last = next((change.duration for change in reversed(schedule) if change.duration), case.protocol.duration)
    steps = 0.0
    stages = [(case.protocol.mode, 0.0), *((change.mode, change.at) for change in schedule)]
    mode = case.protocol.mode
    for (new, start), (_, end) in zip(stages, [*stages[1:], ("", last)], strict=True):
        mode = new or mode
        steps += STEPS.get(mode, SMOOTH) * (end - start) / 60.0
    steps += SMOOTH * case.protocol.cool_down / 60.0
    steps *= (TOLERANCE / case.accuracy.time_tolerance) ** (1.0 / 3.0)
    count = max(round(steps), 1)
    return Cost(
        ranks=ranks,
        unknowns=unknowns,
        steps=count,
        memory_mib=RANK * ranks + UNKNOWN * unknowns,
        minutes=SECONDS * unknowns * count / ranks / 60.0,
    )


def _edges(cells: np.ndarray) -> int:
    """Number of edges of cells (n, d + 1)."""
    first, second = np.triu_indices(cells.shape[1], 1)
    pairs = np.sort(np.stack([cells[:, first].ravel(), cells[:, second].ravel()], axis=1), axis=1).astype(np.int64)
    return len(np.unique(pairs[:, 0] * (int(cells.max()) + 1) + pairs[:, 1]))
