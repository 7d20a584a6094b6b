"""The Pennes bioheat equation in space and time."""

from pennes.bioheat.equation import BioheatEquation, Coefficients
from pennes.bioheat.integrator import HeatIntegrator, HeatStep

__all__ = ["BioheatEquation", "Coefficients", "HeatIntegrator", "HeatStep"]
