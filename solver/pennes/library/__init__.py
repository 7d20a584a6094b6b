"""Tissues and devices as data files: every property with value, temperature law, distribution and source.

``pennes.library.show`` prints records; it is a module of its own because it needs rich.
"""

from pennes.library.find import Listing, find_device, find_tissue, list_records

__all__ = ["Listing", "find_device", "find_tissue", "list_records"]
