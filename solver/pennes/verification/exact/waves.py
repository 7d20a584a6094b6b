"""Electromagnetic waves in closed form, time factor exp(j omega t), peak amplitudes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import constants, special

VACUUM_IMPEDANCE = constants.physical_constants["characteristic impedance of vacuum"][0]


def relative_permittivity(permittivity: float, conductivity: float, frequency: float) -> complex:
    """eps' - j sigma / (omega eps0)."""
    return permittivity - 1j * conductivity / (2.0 * np.pi * frequency * constants.epsilon_0)


def wave_number(permittivity: complex, frequency: float) -> complex:
    """k in 1/m of exp(-j k x), decaying along x."""
    return 2.0 * np.pi * frequency / constants.c * np.sqrt(complex(permittivity))


def coaxial_impedance(permittivity: float, inner: float, outer: float) -> float:
    """Characteristic impedance in ohm of a coaxial line, from the radii: Z ln(b / a) / 2 pi."""
    return VACUUM_IMPEDANCE / np.sqrt(permittivity) * np.log(outer / inner) / (2.0 * np.pi)


@dataclass(frozen=True)
class TwoRegionCylinder:
    """An endless cylinder (radius ``a``, relative permittivity ``inner``) in a coating up to ``b`` (``outer``), with
    E_z = 1 V/m at b: E_z = A J0(k1 r) inside, B J0(k2 r) + C Y0(k2 r) outside, E_z and its slope continuous at a."""

    frequency: float
    a: float
    b: float
    inner: complex
    outer: complex

    def field(self, r: np.ndarray) -> np.ndarray:
        """E_z in V/m at radii r (m)."""
        k1, k2 = wave_number(self.inner, self.frequency), wave_number(self.outer, self.frequency)
        j, y = special.jv, special.yv
        matrix = np.array(
            [
                [j(0, k1 * self.a), -j(0, k2 * self.a), -y(0, k2 * self.a)],
                [k1 * j(1, k1 * self.a), -k2 * j(1, k2 * self.a), -k2 * y(1, k2 * self.a)],
                [0.0, j(0, k2 * self.b), y(0, k2 * self.b)],
            ]
        )
        first, second, third = np.linalg.solve(matrix, np.array([0.0, 0.0, 1.0]))
        r = np.asarray(r, dtype=float)
        outside = second * j(0, k2 * r) + third * y(0, k2 * np.maximum(r, 1e-12))
        return np.where(r <= self.a, first * j(0, k1 * r), outside)
