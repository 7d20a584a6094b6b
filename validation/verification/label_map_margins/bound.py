"""What voxels leave open: shapes that fill exactly the same voxels, and how far their shares of surface spread.

A body around a centre is r(u) = r0(u) + sum of a_lm Y_lm(u), r0 the ellipsoid that the voxels were made from. "The same
voxels" are linear inequalities for a. Shapes are drawn by hit and run from a normal distribution of a (``ROUGHNESS``,
falling with the square of the degree: smooth lobes), cut to these inequalities. No method that sees only the voxels can
tell them apart, so that the spread of their shares is an error that every method has, even one that knew how smooth
bodies are.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri, sph_harm_y

from pennes.margin import Surface, margins_to

DEGREE = 6
ROUGHNESS = 1.0
"""mm, standard deviation of a coefficient of degree 2."""
SHAPES = 40
STEPS = 20
"""Hit-and-run steps for each coefficient between two shapes."""


def spread_of_shares(target, zone, grid, edges, rng) -> np.ndarray:
    """Shares (SHAPES, 4) of the target's surface by margin, over pairs of shapes that fill the same voxels.

    ``target`` and ``zone`` have ``centre``, ``semi``, ``turn`` and ``inside`` (mm), ``grid`` holds the voxels.
    """
    unit, triangles = _sphere()
    bodies = [_same_voxels(body, grid, unit, rng) for body in (target, zone)]
    shares = []
    for points, around in zip(*bodies, strict=True):
        surface = Surface(1e-3 * points, triangles)
        margins = 1e3 * margins_to(Surface(1e-3 * around, triangles))(surface.corners.mean(axis=1))[0]
        shares.append(np.bincount(np.digitize(margins, edges), surface.areas, minlength=4) / surface.area)
    return np.array(shares)


def _sphere(level: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Directions (n, 3) of a finely cut icosahedron and its triangles."""
    import pyvista

    ball = pyvista.Icosphere(radius=1.0, nsub=level + 1)
    points = np.asarray(ball.points, dtype=float)
    return points / np.linalg.norm(points, axis=1)[:, None], ball.faces.reshape(-1, 4)[:, 1:]


def _harmonics(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Real spherical harmonics (n, k) and their standard deviations (k,) in mm."""
    polar, around = np.arccos(np.clip(unit[:, 2], -1, 1)), np.arctan2(unit[:, 1], unit[:, 0])
    columns, deviations = [], []
    for degree in range(DEGREE + 1):
        for order in range(-degree, degree + 1):
            value = sph_harm_y(degree, abs(order), polar, around)
            part = value.real if order >= 0 else value.imag
            columns.append(part * (1.0 if order == 0 else np.sqrt(2.0)))
            deviations.append(ROUGHNESS * min(1.0, (2.0 / max(degree, 1)) ** 2))
    return np.stack(columns, axis=1), np.array(deviations)


def _radius(body, unit: np.ndarray) -> np.ndarray:
    return 1.0 / np.linalg.norm((unit @ body.turn) / body.semi, axis=1)


def _same_voxels(body, grid, unit: np.ndarray, rng) -> list[np.ndarray]:
    """Points (n, 3) in mm of ``SHAPES`` bodies that fill the voxels that ``body`` fills."""
    centres = 1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T) - body.centre
    distance = np.linalg.norm(centres, axis=1)
    edge = _radius(body, centres / np.maximum(distance, 1e-9)[:, None])
    near = (np.abs(distance - edge) < 2.5 * 1e3 * grid.spacing.max()) & (distance > 1e-6)
    inside = distance[near] <= edge[near]
    basis, deviations = _harmonics(centres[near] / distance[near][:, None])
    # sign . (Y a) <= room, in coefficients over their standard deviations
    sign = np.where(inside, -1.0, 1.0)
    rows, room = sign[:, None] * basis * deviations, sign * (distance[near] - edge[near])
    shown, _ = _harmonics(unit)
    state, used, found = np.zeros(rows.shape[1]), np.zeros(len(rows)), []
    for shape in range(SHAPES + 2):
        for _ in range(STEPS * rows.shape[1]):
            direction = rng.normal(size=len(state))
            direction /= np.linalg.norm(direction)
            rate = rows @ direction
            reach = (room - used) / np.where(np.abs(rate) > 1e-12, rate, np.inf)
            low, high = reach[rate < -1e-12].max(initial=-20.0), reach[rate > 1e-12].min(initial=20.0)
            middle = -state @ direction
            share = rng.uniform(ndtr(low - middle), ndtr(high - middle))
            step = float(np.clip(middle + ndtri(share), low, high))
            state, used = state + step * direction, used + step * rate
        used = rows @ state
        assert (used <= room + 1e-6).all()
        if shape >= 2:  # the first ones remember the ellipsoid
            radius = _radius(body, unit) + shown @ (deviations * state)
            found.append(body.centre + radius[:, None] * unit)
    return found
