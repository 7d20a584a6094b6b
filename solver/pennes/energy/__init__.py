"""Energy sources: from the state of the tissue to heat. A new kind is a file here, a line below and its name in the
device record's ``kind``."""

from __future__ import annotations

from collections.abc import Callable

# First: it brings the libraries that DOLFINx needs.
import pennes.elements  # noqa: F401

# isort: split
from pennes.energy.electrodes import Electrodes
from pennes.energy.radiofrequency import Radiofrequency
from pennes.energy.source import EnergySource, Tissues

__all__ = ["SOURCES", "Electrodes", "EnergySource", "Radiofrequency", "Tissues"]


def _antennas(*arguments) -> EnergySource:
    # What antennas need takes a third of a second and 60 MB to load, which electrodes do not pay.
    from pennes.energy.microwave import antennas

    return antennas(*arguments)


SOURCES: dict[str, Callable[..., EnergySource]] = {"radiofrequency": Electrodes.of, "microwave": _antennas}
"""By the devices' ``kind``: (case, domain, elements, tissues) -> the source of all applicators together."""
