"""Electro-quasistatic radiofrequency heating: div(sigma grad V) = 0, q = sigma |grad V|^2 with rms potentials.

One problem a pole (that pole at 1 V, all others and the ground at 0 V) gives the admittance matrix; any pattern of
amplitudes, phases, grounds and floating poles is a combination of these unit potentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pennes.errors import InputError
from pennes.library.schedule import Pole


@dataclass(frozen=True)
class Pattern:
    """Potentials of the poles for a generator voltage of 1 V rms.

    ``amplitudes`` (poles,) complex; ``conductance`` the power at 1 V in W.
    """

    amplitudes: np.ndarray
    conductance: float

    @property
    def impedance(self) -> float:
        """Load that the generator sees, in ohm: inf where no current can flow."""
        # Poles at one potential leave a rounding error of either sign.
        return np.inf if self.conductance <= 0.0 else 1.0 / self.conductance


class Radiofrequency:
    """Potentials of the poles, kept up to date with the tissue's conductivity.

    Parameters: ``elements`` the operators; ``poles`` name -> mask (n_local,) of the unknowns on that pole;
    ``ground`` mask (n_local,) of the unknowns at 0 V; ``relative_tolerance`` of the linear solves. Raises InputError
    where no current can flow, and where poles touch each other or the ground.
    """

    name = "radiofrequency"

    def __init__(self, elements, poles: Mapping[str, np.ndarray], ground: np.ndarray, relative_tolerance: float):
        self.elements = elements
        self.names = tuple(poles)
        self.masks = [np.asarray(poles[name]) for name in self.names]
        grounded = elements.comm.allreduce(int(ground.sum())) > 0
        for name, mask in zip(self.names, self.masks, strict=True):
            if elements.comm.allreduce(int(mask.sum())) == 0:
                raise InputError("this pole has no surface in the mesh", key=name)
        if len(self.names) < 2 and not grounded:
            raise InputError(
                "no current can flow: there is one pole and no ground",
                key="body.ground",
                expected="a grounded surface, such as [outer], or a device with two poles",
            )
        fixed = ground.copy()
        for name, mask in zip(self.names, self.masks, strict=True):
            if elements.comm.allreduce(int(np.count_nonzero(fixed & mask))):
                raise InputError("this pole touches another one or the ground: a short circuit", key=name)
            fixed |= mask
        self.system = elements.system(
            fixed, name="potential", preconditioner="gamg", keep=True, relative_tolerance=relative_tolerance
        )
        self.fixed = fixed
        self.unit_potentials = [mask.astype(float) for mask in self.masks]
        self._differences = [elements.difference(u) for u in self.unit_potentials]
        self.conductivity: np.ndarray | None = None
        self._stiffness: object | None = None
        self.solves = 0

    def update(self, conductivity: np.ndarray) -> None:
        """Solve the unit potentials for a conductivity of each cell (n_cells,) in S/m, from the last ones."""
        elements = self.elements
        stiffness = elements.stiffness(conductivity)
        self.system.set(stiffness)
        for number, mask in enumerate(self.masks):
            values = mask.astype(float)
            guess = np.where(self.fixed, values, self.unit_potentials[number])
            self.unit_potentials[number] = self.system.solve_fixed(stiffness, values, guess)
            self._differences[number] = elements.difference(self.unit_potentials[number])
            self.solves += 1
        self.conductivity, self._stiffness = conductivity, stiffness

    def restore(self, potentials: list[np.ndarray]) -> None:
        """Take up unit potentials (poles of (n_local,)) of an earlier run, as first guesses."""
        self.unit_potentials = potentials
        self._differences = [self.elements.difference(u) for u in potentials]

    def admittance(self, conductivity: np.ndarray) -> np.ndarray:
        """Real symmetric matrix (poles, poles) in S: power of pole i and j at 1 V.

        With potentials of an earlier conductivity its error is of second order (the potential minimises the power).
        """
        n = len(self.names)
        result = np.empty((n, n))
        same = conductivity is self.conductivity
        stiffness = self._stiffness if same else self.elements.stiffness(conductivity)
        for i in range(n):
            for j in range(i, n):
                power = self.elements.energy(stiffness, self._differences[i], self._differences[j])
                result[i, j] = result[j, i] = power
        return result

    def pattern(self, poles: Mapping[str, Pole], conductivity: np.ndarray) -> Pattern:
        """Potentials for a drive.

        Poles that are not named are active at full amplitude; floating ones carry no net current.
        """
        admittance = self.admittance(conductivity)
        amplitudes = np.zeros(len(self.names), dtype=complex)
        floating = np.zeros(len(self.names), dtype=bool)
        for number, name in enumerate(self.names):
            pole = poles.get(name, Pole())
            floating[number] = pole.role == "floating"
            if pole.role == "active":
                amplitudes[number] = pole.amplitude * np.exp(1j * pole.phase)
        if floating.any():
            current = admittance[np.ix_(floating, ~floating)] @ amplitudes[~floating]
            amplitudes[floating] = -np.linalg.solve(admittance[np.ix_(floating, floating)], current)
        conductance = float((amplitudes.conj() @ admittance @ amplitudes).real)
        return Pattern(amplitudes, conductance)

    def cell_power(self, pattern: Pattern, conductivity: np.ndarray) -> np.ndarray:
        """Power of each cell (n_cells,) in W at 1 V: adds up to ``pattern.conductance``."""
        total = np.zeros(len(conductivity))
        for part in (pattern.amplitudes.real, pattern.amplitudes.imag):
            if not np.any(part):
                continue
            difference = sum(a * d for a, d in zip(part, self._differences, strict=True))
            total += self.elements.cell_dissipation(difference)
        return conductivity * total
