"""TR-BDF2 for the enthalpy form: second order, L-stable, with an embedded error estimate.

The scheme of Bank et al. (1985) as an ESDIRK with the error estimate of Hosea and Shampine (1996). The nonlinearity is
the nodal enthalpy alone, so that Newton's matrix is stiffness + diagonal and the step conserves heat exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from pennes.bioheat.equation import BioheatEquation, Coefficients
from pennes.errors import InputError, SolverError
from pennes.tissue.enthalpy import BOIL_END, BOIL_START

GAMMA = 2.0 - np.sqrt(2.0)
IMPLICIT = GAMMA / 2.0
EXPLICIT = np.sqrt(2.0) / 4.0
WEIGHTS = (EXPLICIT, EXPLICIT, IMPLICIT)
#: Difference between the weights and those of the embedded third-order formula.
ERROR_WEIGHTS = (
    EXPLICIT - (1.0 - EXPLICIT) / 3.0,
    EXPLICIT - (3.0 * EXPLICIT + 1.0) / 3.0,
    IMPLICIT - IMPLICIT / 3.0,
)
MAX_NEWTON = 25
ERROR_SOLVE_TOLERANCE = 0.05
#: Linear solves of Newton's iteration reduce its residual by this factor: more is wasted while nodes boil.
FORCING = 0.01
#: Rise of the whole body in K that counts as something.
LEAST_RISE = 1e-3


@dataclass(frozen=True)
class HeatStep:
    """A step taken: temperatures (n_local,) at its end, at t + GAMMA dt, the mean that its fluxes used, and the local
    error (n_local,) in K."""

    temperature: np.ndarray
    inner: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    newton: int


class HeatIntegrator:
    """Advances a ``BioheatEquation``. ``tolerance`` is the relative residual of Newton's iteration."""

    def __init__(self, equation: BioheatEquation, tolerance: float = 1e-7):
        self.equation, self.elements, self.tolerance = equation, equation.elements, tolerance
        self.system = self.elements.system(equation.fixed, name="heat", preconditioner="jacobi")
        self._stiffness: object | None = None
        self.newton = 0

    def step(
        self, temperature: np.ndarray, dt: float, at: Coefficients, guesses: tuple[np.ndarray, np.ndarray]
    ) -> HeatStep:
        """One step from ``temperature`` (n_local,) over ``dt`` seconds.

        ``guesses`` (n_local,) for the inner and the final stage. Raises SolverError when Newton's iteration or a linear
        solve does not converge.
        """
        equation = self.equation
        if at.stiffness is not self._stiffness:
            self.system.set(at.stiffness, at.perfusion, at.conductance)
            self._stiffness = at.stiffness
        # Without a lumped mass the matrix holds more than stiffness and a diagonal; the product over edges serves.
        self._coupling = (
            self.system.fixed_coupling(at.stiffness, equation.fixed_values) if self.elements.lumped else None
        )
        content = equation.storage(temperature)
        heating = self._heating(at, temperature)
        self._scale = self._residual_scale(content, dt, at)
        before = self.newton
        implicit = IMPLICIT * dt
        inner, inner_content = self._stage(content + implicit * heating, implicit, at, guesses[0])
        inner_heating = (inner_content - content) / implicit - heating
        final, final_content = self._stage(
            content + EXPLICIT * dt * (heating + inner_heating), implicit, at, guesses[1]
        )
        final_heating = (final_content - content - EXPLICIT * dt * (heating + inner_heating)) / implicit
        if not self.elements.lumped:
            self._refuse_boiling(final)
        first, second, third = ERROR_WEIGHTS
        defect = dt * (first * heating + second * inner_heating + third * final_heating)
        if self.newton == before:
            # Both guesses were solutions: the matrix is still that of another step.
            self._set_diagonal(equation.enthalpy.slope(final), implicit, at)
        error = self._filter(defect, implicit)
        mean = WEIGHTS[0] * temperature + WEIGHTS[1] * inner + WEIGHTS[2] * final
        return HeatStep(final, inner, mean, error, self.newton - before)

    def _refuse_boiling(self, temperature: np.ndarray) -> None:
        """A consistent mass matrix couples the heat of neighbours, and Newton's iteration fails where one boils."""
        hottest = self.elements.comm.allreduce(float(temperature.max(initial=-np.inf)), op=MPI.MAX)
        if hottest > BOIL_START:
            raise InputError(
                "the tissue boils, which quadratic elements cannot follow", key="accuracy.element_degree", expected="1"
            )

    def _heating(self, at: Coefficients, temperature: np.ndarray) -> np.ndarray:
        """``equation.heating`` on free nodes, with the faster product where there is one."""
        if self._coupling is None:
            return self.equation.heating(at, temperature)
        return self.equation.heating(at, temperature, -self.system.apply_stiffness(temperature, self._coupling))

    def _residual_scale(self, content: np.ndarray, dt: float, at: Coefficients) -> float:
        """Norm in W that residuals are compared with: heat of the body above blood, over the step, and the source.

        Where next to nothing has been heated yet, that of ``LEAST_RISE``: only rounding would be left to solve for.
        """
        equation = self.equation
        rest = np.full_like(content, equation.blood_temperature)
        rest, raised = (self.elements.mass(equation.enthalpy.value(rest + rise)) for rise in (0.0, LEAST_RISE))
        return max(self._norm((content - rest) / dt), self._norm(at.source), self._norm((raised - rest) / dt))

    def _norm(self, values: np.ndarray) -> float:
        return float(np.sqrt(self.elements.total(np.where(self.equation.fixed, 0.0, values) ** 2)))

    def _stage(
        self, right: np.ndarray, implicit: float, at: Coefficients, guess: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Solve storage(T) - implicit x heating(T) = right for T; returns T and its heat content."""
        equation = self.equation
        temperature = np.where(equation.fixed, equation.fixed_values, guess)
        tolerance = self.tolerance * self._scale
        for _ in range(MAX_NEWTON):
            content = equation.storage(temperature)
            residual = (right - content) / implicit + self._heating(at, temperature)
            residual[equation.fixed] = 0.0
            size = self._norm(residual)
            if size <= tolerance:
                return temperature, content
            self.newton += 1
            slope = equation.enthalpy.slope(temperature)
            self._set_diagonal(slope, implicit, at)
            change = self.system.solve(residual, None, absolute=max(0.5 * tolerance, FORCING * size))
            temperature = self._follow(temperature, slope, change)
        raise SolverError(f"Newton's iteration for the temperature did not converge in {MAX_NEWTON} steps")

    def _set_diagonal(self, slope: np.ndarray, implicit: float, at: Coefficients) -> None:
        self.system.set_diagonal(slope / implicit + at.perfusion, at.conductance)

    def _follow(self, temperature: np.ndarray, slope: np.ndarray, change: np.ndarray) -> np.ndarray:
        """Newton's update, careful where a node crosses the boiling band.

        A node that enters the band takes the heat, not the temperature, of the linear update; one that leaves it stops
        just outside.
        """
        result = temperature + change
        hot = (temperature > BOIL_START) | (result > BOIL_START)
        if not hot.any():
            return result
        enthalpy = self.equation.enthalpy.part(hot)
        before, new = temperature[hot], result[hot]
        wet, dry = before <= BOIL_START, before >= BOIL_END
        band = ~wet & ~dry
        enters = (wet & (new > BOIL_START)) | (dry & (new < BOIL_END))
        by_heat = enthalpy.temperature(enthalpy.value(before) + slope[hot] * change[hot])
        entered = np.where(wet, np.minimum(by_heat, BOIL_END), np.maximum(by_heat, BOIL_START))
        new = np.where(enters, entered, new)
        new = np.where(band & (new > BOIL_END), BOIL_END + 1e-6, new)
        result[hot] = np.where(band & (new < BOIL_START), BOIL_START - 1e-6, new)
        return result

    def _filter(self, defect: np.ndarray, implicit: float) -> np.ndarray:
        """Local error in K: the defect in J through the inverse of Newton's matrix, which tames its stiff part."""
        right = np.where(self.equation.fixed, 0.0, defect / implicit)
        size = self._norm(right)
        if size == 0.0:
            return np.zeros_like(defect)
        return self.system.solve(right, None, absolute=ERROR_SOLVE_TOLERANCE * size)
