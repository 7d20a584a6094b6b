"""Microwave fields with exact solutions (E12): cable, dielectric cylinders, plane and dipole waves.

Time factor exp(j omega t), peak phasors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import jv, jvp, yv, yvp

LIGHT_SPEED = 299_792_458.0
VACUUM_PERMITTIVITY = 8.8541878128e-12
VACUUM_IMPEDANCE = 376.730313668


def relative(permittivity: float, conductivity: float, frequency: float) -> complex:
    """Complex relative permittivity."""
    return permittivity - 1j * conductivity / (2.0 * math.pi * frequency * VACUUM_PERMITTIVITY)


def wave_constant(permittivity: complex, frequency: float) -> complex:
    """k of a wave exp(-j k x) that decays with x, in 1/m."""
    root = 2.0 * math.pi * frequency / LIGHT_SPEED * np.sqrt(complex(permittivity))
    return complex(-root if root.imag > 0 else root)


@dataclass(frozen=True)
class CoaxialLine:
    """A TEM wave r H_phi = exp(-j k z) (1 A) between conductors of radii ``inner`` and ``outer`` m."""

    inner: float
    outer: float
    permittivity: complex
    frequency: float

    def psi(self, z: np.ndarray) -> np.ndarray:
        """r H_phi in A at ``z`` m."""
        return np.exp(-1j * wave_constant(self.permittivity, self.frequency) * z)

    @property
    def power(self) -> float:
        """Power in W at z = 0: pi Re(Z) ln(b / a)."""
        impedance = VACUUM_IMPEDANCE / np.sqrt(complex(self.permittivity))
        return float(math.pi * impedance.real * math.log(self.outer / self.inner))


@dataclass(frozen=True)
class TwoRegionCylinder:
    """Dielectric cylinder in a shell, E_z = 1 V/m on the outside, nothing depends on z."""

    radius: float = 0.12
    outside: float = 0.25
    core: tuple[float, float] = (89.0, 0.93)
    """Relative permittivity and conductivity in S/m."""
    shell: tuple[float, float] = (40.0, 0.35)
    frequency: float = 70e6

    def electric_field(self, r: np.ndarray) -> np.ndarray:
        """E_z in V/m at radius r (m): A J0(k r) inside, B J0 + C Y0 in the shell; E_z and H_phi are continuous."""
        inside, shell = (relative(*medium, self.frequency) for medium in (self.core, self.shell))
        k1, k2 = wave_constant(inside, self.frequency), wave_constant(shell, self.frequency)
        a, b = self.radius, self.outside
        matrix = np.array(
            [
                [jv(0, k1 * a), -jv(0, k2 * a), -yv(0, k2 * a)],
                [k1 * jvp(0, k1 * a), -k2 * jvp(0, k2 * a), -k2 * yvp(0, k2 * a)],
                [0.0, jv(0, k2 * b), yv(0, k2 * b)],
            ]
        )
        first, second, third = np.linalg.solve(matrix, np.array([0.0, 0.0, 1.0]))
        r = np.asarray(r, dtype=float)
        safe = np.maximum(r, 1e-12)
        return np.where(r <= a, first * jv(0, k1 * r), second * jv(0, k2 * r) + third * yv(0, k2 * safe))


@dataclass(frozen=True)
class DipoleWave:
    """The wave of a short dipole on the axis at the origin: r H_phi = sin^2(theta) exp(-j k R) (1 + 1 / (j k R))."""

    permittivity: complex
    frequency: float

    def psi(self, points: np.ndarray) -> np.ndarray:
        """r H_phi at points (n, 2) in (r, z)."""
        r, distance, k = self._at(points)
        return r**2 * np.exp(-1j * k * distance) * (distance**-2 + distance**-3 / (1j * k))

    def gradient(self, points: np.ndarray) -> np.ndarray:
        """Gradient (n, 2) of ``psi`` at points (n, 2)."""
        r, distance, k = self._at(points)
        wave = np.exp(-1j * k * distance)
        g = wave * (distance**-2 + distance**-3 / (1j * k))
        slope = -1j * k * g + wave * (-2.0 * distance**-3 - 3.0 * distance**-4 / (1j * k))
        return np.stack([2.0 * r * g + r**3 * slope / distance, r**2 * points[:, 1] * slope / distance], axis=1)

    def _at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, complex]:
        return points[:, 0], np.hypot(*points.T), wave_constant(self.permittivity, self.frequency)
