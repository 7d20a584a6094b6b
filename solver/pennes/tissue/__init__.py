"""Laws of tissue properties: temperature, drying, hyperaemia and the enthalpy of boiling tissue. NumPy only."""

from pennes.tissue.contraction import advance_strain, final_strain
from pennes.tissue.dielectric import complex_permittivity, dielectric_at
from pennes.tissue.enthalpy import BOIL_END, BOIL_START, Enthalpy
from pennes.tissue.laws import drying_factor, law_factor, perfusion_factor

__all__ = [
    "BOIL_END",
    "BOIL_START",
    "Enthalpy",
    "advance_strain",
    "complex_permittivity",
    "dielectric_at",
    "drying_factor",
    "final_strain",
    "law_factor",
    "perfusion_factor",
]
