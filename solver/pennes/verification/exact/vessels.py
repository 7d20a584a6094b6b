"""Vessels as heat sinks (E4) and blood that warms along a vessel (E11)."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.special import eval_legendre, k0e, k1e, roots_legendre


def vessel_in_heated_tissue(
    radius: ArrayLike,
    vessel_radius: float,
    coefficient: float,
    source: float,
    conductivity: float = 0.512,
    perfusion: float = 26752.0,
    blood_rise: float = 0.0,
) -> np.ndarray:
    """E4: steady temperature rise (K) at ``radius`` (m) around a straight vessel in uniformly heated perfused tissue.

    ``source`` W/m3, wall ``coefficient`` W/m2/K, ``perfusion`` W/m3/K. theta = Q/W + C K0(m r) with the wall condition
    k dtheta/dr = h (theta - theta_v) at r = a. Scaled Bessel functions, so that large m r does not underflow.
    """
    m = np.sqrt(perfusion / conductivity)
    far, a = source / perfusion, vessel_radius
    r = np.asarray(radius, float)
    scaled = -coefficient * (far - blood_rise) / (coefficient * k0e(m * a) + conductivity * m * k1e(m * a))
    return far + scaled * k0e(m * r) * np.exp(-m * (r - a))


class Graetz:
    """E11: thermally developing laminar flow in a tube with a wall of constant temperature.

    Distance is x+ = (x / R) / (Re Pr) with Re on the diameter. With y = (r/R)^2 the radial problem becomes
    4 (y f')' + lambda^2 (1 - y) f = 0, f(1) = 0 (Kays and Crawford, Convective Heat and Mass Transfer, ch. 9),
    solved by a Legendre-Galerkin method with ``terms`` basis functions; the first third of the modes is kept.
    """

    def __init__(self, terms: int = 120):
        self.terms = terms

    @cached_property
    def _modes(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared eigenvalues (n,) and squared projections (n,) of a uniform inlet profile on the modes."""
        n = np.arange(self.terms)[:, None]
        x, weight = roots_legendre(self.terms + 4)
        y, weight = 0.5 * (x + 1.0), 0.5 * weight
        basis = eval_legendre(n, x) - eval_legendre(n + 1, x)  # vanishes at the wall, x = 1
        slope = 2.0 * (self._legendre_slope(n, x) - self._legendre_slope(n + 1, x))
        stiffness = (4.0 * weight * y * slope) @ slope.T
        mass = (weight * (1.0 - y) * basis) @ basis.T
        squares, vectors = eigh(stiffness, mass)
        projection = vectors.T @ (basis @ (weight * (1.0 - y)))
        kept = self.terms // 3
        return squares[:kept], projection[:kept] ** 2

    @staticmethod
    def _legendre_slope(n: np.ndarray, x: np.ndarray) -> np.ndarray:
        below = np.where(n > 0, eval_legendre(np.maximum(n - 1, 0), x), 0.0)
        return n * (below - x * eval_legendre(n, x)) / (1.0 - x**2)

    @property
    def eigenvalues(self) -> np.ndarray:
        """lambda_n (terms/3,): 2.704364, 6.679031, ..."""
        return np.sqrt(self._modes[0])

    @property
    def coefficients(self) -> np.ndarray:
        """G_n (terms/3,) of Kays: 0.748775, 0.543828, ..."""
        return 0.25 * self._modes[0] * self._modes[1]

    def mixing_cup(self, distance: ArrayLike) -> np.ndarray:
        """Mixing-cup temperature difference to the wall over that at the inlet, at x+ = ``distance`` (> 0)."""
        decay = np.exp(-np.multiply.outer(np.asarray(distance, float), self._modes[0]))
        return 2.0 * decay @ self._modes[1]

    def local_nusselt(self, distance: ArrayLike) -> np.ndarray:
        """Local Nusselt number (on the diameter) at x+ = ``distance``."""
        decay = np.exp(-np.multiply.outer(np.asarray(distance, float), self._modes[0]))
        return decay @ self.coefficients / (self.mixing_cup(distance) / 4.0)

    def mean_nusselt(self, distance: ArrayLike) -> np.ndarray:
        """Nusselt number averaged from the inlet to x+ = ``distance``: -ln(theta_m) / (2 x+)."""
        return -np.log(self.mixing_cup(distance)) / (2.0 * np.asarray(distance, float))
