"""Heat sinks: vessels that take heat from the tissue."""

from pennes.vessel.wall import WallVessel

__all__ = ["WallVessel"]
