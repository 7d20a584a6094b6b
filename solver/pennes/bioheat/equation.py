"""The Pennes equation, one function a term.

    dH(T)/dt = div(k grad T) + W (T_b - T) + q,   k dT/dn = h (T_sink - T) on walls,   T given on fixed nodes

in weak form on nodes, each term in W: storage = diffusion + perfusion + source + wall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.tissue.enthalpy import Enthalpy


@dataclass(frozen=True)
class Coefficients:
    """What a time step holds fixed: values at the predicted middle of the step, which keeps second order.

    ``stiffness`` an object of the elements; ``perfusion`` (n_local,) rho_b c_b w in W/m3/K; ``source`` (n_local,) in W;
    ``conductance`` (n_local,) h x area in W/K and ``wall_heat`` (n_local,) h x area x T_sink in W, of all walls
    together.
    """

    stiffness: object
    perfusion: np.ndarray
    source: np.ndarray
    conductance: np.ndarray
    wall_heat: np.ndarray


class BioheatEquation:
    """The right-hand side, term by term, and the heat content of the nodes.

    ``enthalpy`` per volume at the nodes; ``blood_temperature`` in C; ``fixed`` mask (n_local,) of nodes whose
    temperature is given by ``fixed_values`` (n_local,). All results are accumulated over ranks.
    """

    def __init__(
        self, elements, enthalpy: Enthalpy, blood_temperature: float, fixed: np.ndarray, fixed_values: np.ndarray
    ):
        self.elements, self.enthalpy = elements, enthalpy
        self.blood_temperature, self.fixed, self.fixed_values = blood_temperature, fixed, fixed_values

    def storage(self, temperature: np.ndarray) -> np.ndarray:
        """Heat content of each node in J, relative to 0 C."""
        return self.elements.mass(self.enthalpy.value(temperature))

    def diffusion(self, at: Coefficients, temperature: np.ndarray) -> np.ndarray:
        """div(k grad T)."""
        return -self.elements.apply(at.stiffness, temperature)

    def perfusion(self, at: Coefficients, temperature: np.ndarray) -> np.ndarray:
        """W (T_b - T)."""
        return self.elements.mass(at.perfusion * (self.blood_temperature - temperature))

    def source(self, at: Coefficients) -> np.ndarray:
        """q."""
        return at.source

    def wall(self, at: Coefficients, temperature: np.ndarray) -> np.ndarray:
        """h (T_sink - T) on vessel walls, cooled metal and convective surfaces."""
        return at.wall_heat - at.conductance * temperature

    def heating(self, at: Coefficients, temperature: np.ndarray, diffusion: np.ndarray | None = None) -> np.ndarray:
        """Sum of the terms: heat flow into each node in W, on fixed nodes too (there it leaves through the surface).

        ``diffusion`` where that term is at hand already.
        """
        return (
            (self.diffusion(at, temperature) if diffusion is None else diffusion)
            + self.perfusion(at, temperature)
            + self.source(at)
            + self.wall(at, temperature)
        )

    def surface_power(self, at: Coefficients, temperature: np.ndarray) -> float:
        """Heat leaving through fixed nodes in W, all ranks together."""
        return self.elements.total(np.where(self.fixed, self.heating(at, temperature), 0.0))
