"""Energy sources: from the state of the tissue to a power density."""

from pennes.energy.radiofrequency import Radiofrequency

__all__ = ["Radiofrequency"]
