"""Where the generator's power goes before and beyond the tissue: cable, shaft, reflection, radiation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.energy.microwave.field import FieldSolution
from pennes.library.antennas import Antenna

FLOWS = (
    "set", "cable", "shaft", "forward", "reflected", "absorbed", "elsewhere", "needle", "radiated"
)  # fmt: skip
"""Names of the powers, in W: at the generator's socket; lost in the cable; lost along the shaft (its own loss, and what
an efficiency below 1 takes); forward and reflected at the antenna's port; absorbed by the tissue of the mesh; absorbed
where the mesh has no tissue (vessels, beyond the body); in the needle's own dielectrics; radiated out of the section.
set = cable + shaft + reflected + absorbed + elsewhere + needle + radiated."""


@dataclass(frozen=True)
class Losses:
    """What the cable and the shaft of an antenna take."""

    cable: float
    """Share of the generator's power lost before the handle."""
    line: float
    """Share of what reaches the handle lost along the shaft."""
    efficiency: float

    @classmethod
    def of(cls, antenna: Antenna) -> Losses:
        line = antenna.coax.attenuation * antenna.coax.length
        return cls(1.0 - 10.0 ** (-antenna.cable_loss / 10.0), 1.0 - 10.0 ** (-line / 10.0), antenna.efficiency)

    def flows(self, power: float, solution: FieldSolution, coverage: np.ndarray) -> dict[str, float]:
        """The powers by name for ``power`` W at the generator; ``coverage`` (tissue cells,) is the share of each ring
        that lies in the tissue of the mesh."""
        at_handle = power * (1.0 - self.cable)
        forward = at_handle * (1.0 - self.line)
        reflected = forward * solution.reflected
        emitted = forward * self.efficiency
        tissue = emitted * float(solution.tissue_power @ coverage)
        return {
            "set": power,
            "cable": power * self.cable,
            "shaft": at_handle * self.line + (1.0 - self.efficiency) * (forward - reflected),
            "forward": forward,
            "reflected": reflected,
            "absorbed": tissue,
            "elsewhere": emitted * float(solution.tissue_power.sum()) - tissue,
            "needle": emitted * solution.needle_power,
            "radiated": emitted * solution.radiated,
        }

    def line_heat(self, antenna: Antenna, z: np.ndarray) -> np.ndarray:
        """Heat per length of the shaft (n,) at ``z`` (m, the tip at 0, the shaft below), as a share of the power at the
        handle that the cable's own loss takes, in 1/m."""
        length = antenna.coax.length
        if length <= 0.0 or self.line <= 0.0:
            return np.zeros_like(z)
        behind = -z - antenna.radiating_end
        return np.where((behind >= 0.0) & (behind <= length), self.line / length, 0.0)

    def end_heat(self, antenna: Antenna, z: np.ndarray) -> np.ndarray:
        """Heat per length of the shaft (n,), as a share of the accepted power, in 1/m: what an efficiency below 1
        takes, spread over the radiating part."""
        first, last = 0.0, antenna.radiating_end
        within = (-z >= first) & (-z <= last)
        return np.where(within, (1.0 - self.efficiency) / (last - first), 0.0)
