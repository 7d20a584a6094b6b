"""Finite-element operators shared by the heat and the potential equations (needs DOLFINx)."""

import contextlib

with contextlib.suppress(ImportError):
    # The wheel of DOLFINx must be imported before anything of it; other installations do not have this module.
    import dolfinx_solver  # noqa: F401

from pennes.elements.axisymmetric import AxisymmetricElements
from pennes.elements.linear import LinearElements
from pennes.elements.quadratic import QuadraticElements
from pennes.elements.system import SymmetricSystem

__all__ = ["AxisymmetricElements", "LinearElements", "QuadraticElements", "SymmetricSystem"]
