"""The generator: what the device delivers now. Mesh-free state machines and the electrics of a real generator."""

from __future__ import annotations

from pennes.generator.controller import Controller
from pennes.generator.electrics import Delivery, deliver
from pennes.generator.signals import TIME_TOLERANCE, Drive, Event, Measurement
from pennes.generator.state import ControllerState

__all__ = [
    "TIME_TOLERANCE",
    "Controller",
    "ControllerState",
    "Delivery",
    "Drive",
    "Event",
    "Measurement",
    "deliver",
]
