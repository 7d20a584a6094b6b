"""Exact solutions of ablation problems (numpy and scipy only), one module a field of physics.

SI units; temperatures are rises above blood (K) unless a docstring says C. Arrays broadcast.
"""

from pennes.verification.exact.conduction import (
    Medium,
    halfspace_flux,
    point_source,
    sphere_heat_flow,
    sphere_surface_held,
    stored_energy,
)
from pennes.verification.exact.death import (
    arrhenius_time_to_damage,
    equivalent_minutes_time,
    three_state_viability,
)
from pennes.verification.exact.microwave import CoaxialLine, DipoleWave, TwoRegionCylinder
from pennes.verification.exact.radiofrequency import ConcentricSpheres, Kohlrausch
from pennes.verification.exact.vaporisation import VaporisingLineSource
from pennes.verification.exact.vessels import Graetz, vessel_in_heated_tissue

__all__ = [
    "CoaxialLine",
    "ConcentricSpheres",
    "DipoleWave",
    "Graetz",
    "Kohlrausch",
    "Medium",
    "TwoRegionCylinder",
    "VaporisingLineSource",
    "arrhenius_time_to_damage",
    "equivalent_minutes_time",
    "halfspace_flux",
    "point_source",
    "sphere_heat_flow",
    "sphere_surface_held",
    "stored_energy",
    "three_state_viability",
    "vessel_in_heated_tissue",
]
