"""Laws of tissue properties: temperature, drying, hyperaemia and the enthalpy of boiling tissue. NumPy only."""

from pennes.tissue.dielectric import complex_permittivity, dielectric_at
from pennes.tissue.enthalpy import BOIL_END, BOIL_START, Enthalpy
from pennes.tissue.laws import law_factor, perfusion_factor, relative_conductivity

__all__ = [
    "BOIL_END",
    "BOIL_START",
    "Enthalpy",
    "complex_permittivity",
    "dielectric_at",
    "law_factor",
    "perfusion_factor",
    "relative_conductivity",
]
