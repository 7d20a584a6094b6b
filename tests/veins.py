"""A vessel that warms on its way, for the tests of vessels."""

from __future__ import annotations

from typing import Any

from pennes.case.vessels import Vessel
from pennes.library import find_tissue


def make_vessel(**changes: Any) -> Vessel:
    """A slow vein of 3 mm along x, from 0 to 60 mm."""
    values = {
        "name": "vein",
        "diameter": "3 mm",
        "path": [["0 mm", "0 mm", "0 mm"], ["60 mm", "0 mm", "0 mm"]],
        "speed": "1 cm/s",
        "blood": find_tissue("blood"),
        "coefficient": "900 W/m^2/K",
    }
    return Vessel.model_validate(values | changes)
