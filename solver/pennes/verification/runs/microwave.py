"""The axisymmetric field solver on problems with exact solutions (E12)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.energy.microwave.field import GRAZING
from pennes.energy.microwave.magnetic import VACUUM_IMPEDANCE, MagneticProblem, solve
from pennes.verification.exact.microwave import CoaxialLine, DipoleWave, TwoRegionCylinder, relative, wave_constant

LIVER = (43.03, 1.69, 2.45e9)
"""Permittivity, conductivity in S/m, frequency in Hz."""


def rectangle(low: tuple[float, float], high: tuple[float, float], counts: tuple[int, int]):
    """Points (n, 2) and triangles (m, 3) of a rectangle in (r, z), ``counts`` edges along each side."""
    r, z = (np.linspace(low[i], high[i], counts[i] + 1) for i in range(2))
    points = np.stack(np.meshgrid(r, z, indexing="ij"), axis=-1).reshape(-1, 2)
    corner = (np.arange(counts[0])[:, None] * (counts[1] + 1) + np.arange(counts[1])).ravel()
    right, up, far = corner + counts[1] + 1, corner + 1, corner + counts[1] + 2
    return points, np.concatenate([np.stack([corner, right, far], 1), np.stack([corner, far, up], 1)])


@dataclass(frozen=True)
class CoaxRun:
    """Relative error of r H_phi (root mean square), |reflection| at the matched end, power in W and the exact one,
    what is missing in power in = power out + heat, as a share of the power."""

    error: float
    reflection: float
    power: float
    exact_power: float
    imbalance: float


def coaxial_line(count: int, conductivity: float = 0.0) -> CoaxRun:
    """A cable of 0.29 / 0.94 mm, 40 mm long, fed at z = 0 and matched at its end; ``count`` edges across the gap."""
    inner, outer, length, frequency = 0.145e-3, 0.47e-3, 40e-3, 2.45e9
    line = CoaxialLine(inner, outer, relative(2.03, conductivity, frequency), frequency)
    problem = MagneticProblem(*rectangle((inner, 0.0), (outer, length), (count, 12 * count)), frequency)
    permittivity = np.full(len(problem.triangles), line.permittivity)
    k = wave_constant(line.permittivity, frequency)
    edges, ends = problem.boundary, 1e-9
    start = edges.part(np.abs(edges.middles[:, 1]) < ends)
    both = edges.part((np.abs(edges.middles[:, 1]) < ends) | (np.abs(edges.middles[:, 1] - length) < ends))
    matrix = problem.matrix(permittivity, both, np.full(len(both.cells), 1j * k))
    psi = problem.spread(solve(matrix, problem.load(permittivity, start, np.full(len(start.cells), 2j * k))))
    exact = line.psi(problem.places[:, 1])

    def mean(part) -> complex:
        return np.sum(part.integrals * psi[part.unknowns]) / np.sum(part.integrals)

    reflection = mean(start) - 1.0
    end = edges.part(np.abs(edges.middles[:, 1] - length) < ends)
    impedance = np.sqrt(1.0 / complex(line.permittivity)).real * VACUUM_IMPEDANCE
    factor = np.pi * impedance * np.sum(start.integrals)
    power, out = factor * abs(mean(start)) ** 2, factor * abs(mean(end)) ** 2
    heat = float(problem.dissipation(psi, permittivity).sum())
    error = float(np.sqrt(np.mean(np.abs(psi - exact) ** 2) / np.mean(np.abs(exact) ** 2)))
    return CoaxRun(error, abs(reflection), power, line.power, abs(power - out - heat) / power)


def two_region_cylinder(count: int) -> tuple[np.ndarray, np.ndarray]:
    """|E_z| on the axis and at the interface, computed with ``count`` edges from the axis outwards, and exact."""
    case = TwoRegionCylinder()
    points, triangles = rectangle((0.0, 0.0), (case.outside, case.outside / 8), (25 * count, 3 * count))
    problem = MagneticProblem(points, triangles, case.frequency)
    core = points[triangles][:, :, 0].mean(axis=1) < case.radius
    permittivity = np.where(core, relative(*case.core, case.frequency), relative(*case.shell, case.frequency))
    edges = problem.boundary
    rim = edges.part(np.abs(edges.middles[:, 0] - case.outside) < 1e-9)
    drive = 1j * problem.k0 / VACUUM_IMPEDANCE * permittivity[rim.cells] * case.outside
    psi = problem.spread(solve(problem.matrix(permittivity), problem.load(permittivity, rim, drive)))
    field = np.abs(problem.electric_field(psi, permittivity)[..., 1])
    at = np.array([0.0, case.radius])
    nearest = [np.abs(points[triangles][..., 0] - r) < 1e-9 for r in at]
    return np.array([field[place].mean() for place in nearest]), np.abs(case.electric_field(at))


def dipole_wave(count: int, reach: float = 37e-3, conductivity: float = LIVER[1], absorbing: bool = True):
    """Error of r H_phi of a dipole's wave in liver, relative and root mean square, in a section from 2 mm of the axis
    to ``reach`` m: with exact values of the flux on the inside and the absorbing boundary (or, ``absorbing`` False, the
    exact flux) outside. Also the largest error at the boundary over the wave's largest size there.

    ``count`` edges per 5 mm.
    """
    permittivity, _, frequency = LIVER
    wave = DipoleWave(relative(permittivity, conductivity, frequency), frequency)
    inside = 2e-3
    across = round((reach - inside) / 5e-3 * count)
    points, triangles = rectangle((inside, -reach), (reach, reach), (across, 2 * across))
    problem = MagneticProblem(points, triangles, frequency)
    eps = np.full(len(triangles), wave.permittivity)
    edges = problem.boundary
    at_inside = np.abs(edges.middles[:, 0] - inside) < 1e-9
    outer = edges.part(~at_inside)
    given = edges.part(at_inside) if absorbing else edges
    slopes = wave.gradient(problem.places[given.unknowns].reshape(-1, 2)).reshape(-1, 3, 2)
    flux = np.einsum("eid,ed->ei", slopes, given.normals)
    right = problem.load(eps, given, flux)
    if absorbing:
        away = outer.middles / np.linalg.norm(outer.middles, axis=1)[:, None]
        cosine = np.maximum(np.sum(away * outer.normals, axis=1), GRAZING)
        k = wave_constant(wave.permittivity, frequency)
        matrix = problem.matrix(eps, outer, 1j * k * cosine)
    else:
        matrix = problem.matrix(eps)
    psi = problem.spread(solve(matrix, right))
    exact = wave.psi(problem.places)
    edge = np.unique(outer.unknowns)
    at_edge = np.abs(psi - exact)[edge].max() / np.abs(exact)[edge].max()
    return float(np.sqrt(np.mean(np.abs(psi - exact) ** 2) / np.mean(np.abs(exact) ** 2))), float(at_edge)
