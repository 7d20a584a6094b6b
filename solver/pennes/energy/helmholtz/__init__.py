"""Maxwell's equations in the frequency domain: the electric field on Nédélec (edge) elements in three dimensions."""

from pennes.energy.helmholtz.complex_system import ComplexSymmetricSystem
from pennes.energy.helmholtz.port import CoaxialPort
from pennes.energy.helmholtz.vector_helmholtz import PortFacets, VectorHelmholtz

__all__ = ["CoaxialPort", "ComplexSymmetricSystem", "PortFacets", "VectorHelmholtz"]
