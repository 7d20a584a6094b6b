"""The case: what is treated, with what, near which vessels; read from a file, checked, complete."""

from pennes.case.dump import case_sha256, dump
from pennes.case.load import load, load_with_places
from pennes.case.models import Case

__all__ = ["Case", "case_sha256", "dump", "load", "load_with_places"]
