"""Heat sinks: vessels that take heat from the tissue. A new model is a file here, a line below and its name in the
case's ``Vessel.model``; a new way to touch the tissue is a line of ``contact.CONTACTS``."""

from __future__ import annotations

from collections.abc import Callable

from pennes.vessel.contact import Site
from pennes.vessel.label_wall import LabelWall
from pennes.vessel.resolved import ResolvedVessel
from pennes.vessel.sink import HeatSink, VesselModel
from pennes.vessel.vascular import VascularSink

__all__ = ["MODELS", "HeatSink", "LabelWall", "ResolvedVessel", "Site", "VascularSink", "VesselModel"]

MODELS: dict[str, Callable[..., VesselModel]] = {
    "wall": VascularSink,
    "resolved": ResolvedVessel,
    "network": VascularSink,
    "perfusion": VascularSink,
    "none": VascularSink,
}
"""By ``Vessel.model``: (elements, the case's vessel, its tree, its ``Site``) -> the sink."""
