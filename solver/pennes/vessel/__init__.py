"""Heat sinks: vessels that take heat from the tissue. A new model is a file here, a line below and its name in the
case's ``Vessel.model``."""

from __future__ import annotations

from collections.abc import Callable

from pennes.vessel.label_wall import LabelWall
from pennes.vessel.sink import HeatSink, VesselModel
from pennes.vessel.wall import WallVessel

__all__ = ["MODELS", "HeatSink", "LabelWall", "VesselModel", "WallVessel"]

MODELS: dict[str, Callable[..., VesselModel]] = {"wall": WallVessel}
"""By ``Vessel.model``: (elements, the case's vessel, this rank's facets of its wall) -> the sink."""
