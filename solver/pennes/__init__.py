"""pennes: finite-element simulation of tumour thermal ablation. Research software, not a medical device."""

from importlib.metadata import version

__version__ = version("pennes")
