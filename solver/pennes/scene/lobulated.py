"""Irregular balls: a radius that varies smoothly and at random over the sphere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.special import roots_legendre, sph_harm_y

from pennes.case.models import Lobulated


@lru_cache(maxsize=16)
def _coefficients(lobes: int, seed: int) -> tuple[np.ndarray, float]:
    """Coefficients (degrees, orders) of real spherical harmonics, degree 2 and up, and the largest value of the sum.

    Degree 0 would change the size and degree 1 move the shape. Higher degrees get smaller coefficients, which keeps
    the surface smooth.
    """
    generator = np.random.default_rng(seed)
    coefficients = np.zeros((lobes + 1, 2 * lobes + 1))
    for degree in range(2, lobes + 1):
        coefficients[degree, : 2 * degree + 1] = generator.standard_normal(2 * degree + 1) / degree
    polar, azimuth = np.meshgrid(np.linspace(0, np.pi, 91), np.linspace(-np.pi, np.pi, 180), indexing="ij")
    return coefficients, float(np.abs(_sum(coefficients, polar.ravel(), azimuth.ravel())).max())


def _sum(coefficients: np.ndarray, polar: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    total = np.zeros(polar.shape)
    for degree in range(2, len(coefficients)):
        for order in range(degree + 1):
            harmonic = sph_harm_y(degree, order, polar, azimuth)
            total += coefficients[degree, 2 * order] * harmonic.real
            if order > 0:
                total += coefficients[degree, 2 * order - 1] * harmonic.imag
    return total


def _relative(shape: Lobulated, polar: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    coefficients, largest = _coefficients(shape.lobes, shape.seed)
    return 1.0 + shape.amplitude * _sum(coefficients, polar, azimuth) / largest


@lru_cache(maxsize=16)
def _scale(shape: Lobulated) -> float:
    """Factor that gives the shape the volume of the ball of its diameter: V = integral of r^3 / 3 over the sphere."""
    nodes, weights = roots_legendre(4 * shape.lobes + 8)
    azimuth = np.arange(8 * shape.lobes + 16) * (2 * np.pi / (8 * shape.lobes + 16))
    grid = np.meshgrid(np.arccos(nodes), azimuth, indexing="ij")
    cubes = _relative(shape, grid[0].ravel(), grid[1].ravel()).reshape(grid[0].shape) ** 3
    return float((weights @ cubes.mean(axis=1) / 2) ** (-1 / 3))


def radius(shape: Lobulated, directions: np.ndarray) -> np.ndarray:
    """Distance (n,) in m of the surface from the centre along ``directions`` (n, 3) of any length."""
    directions = np.asarray(directions, dtype=float)
    length = np.maximum(np.linalg.norm(directions, axis=1), 1e-300)
    polar = np.arccos(np.clip(directions[:, 2] / length, -1.0, 1.0))
    azimuth = np.arctan2(directions[:, 1], directions[:, 0])
    return shape.diameter / 2 * _scale(shape) * _relative(shape, polar, azimuth)


def patches(shape: Lobulated) -> tuple[np.ndarray, np.ndarray]:
    """The surface as six bicubic spline patches, one for each face of a cube seen from the centre.

    Returns poles (6, n, n, 3) in m and the knots (n + 4,) of both directions. Neighbouring patches interpolate the
    same points on their common edge, with knots that are the same from both ends, so that the edges coincide.
    """
    count = 4 * shape.lobes + 5
    angles = np.linspace(-np.pi / 4, np.pi / 4, count)
    a, b = np.meshgrid(np.tan(angles), np.tan(angles), indexing="ij")
    result = []
    for axis in range(3):
        for side in (1.0, -1.0):
            directions = np.empty((count * count, 3))
            directions[:, axis] = side
            directions[:, (axis + 1) % 3], directions[:, (axis + 2) % 3] = a.ravel(), side * b.ravel()
            directions /= np.linalg.norm(directions, axis=1)[:, None]
            points = np.array(shape.centre) + radius(shape, directions)[:, None] * directions
            first = make_interp_spline(angles, points.reshape(count, count, 3), k=3, axis=0)
            second = make_interp_spline(angles, first.c, k=3, axis=1)
            result.append(np.swapaxes(second.c, 0, 1))  # SciPy keeps the direction of interpolation in front
    return np.array(result), first.t
