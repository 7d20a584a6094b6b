"""The field of one antenna around its own axis: reflection at the port, heat in the tissue, radiation out of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pennes.energy.microwave.magnetic import VACUUM_IMPEDANCE, MagneticProblem, solve, wavenumber
from pennes.energy.microwave.section import Extent, Section, mesh_section
from pennes.errors import InputError
from pennes.library.antennas import Antenna
from pennes.library.devices import Shaft
from pennes.tissue.dielectric import VACUUM_PERMITTIVITY

REACH, SHORTEST_REACH, LONGEST_REACH = 2.2, 40e-3, 110e-3
"""The section reaches this many depths of penetration of body-warm tissue beyond the radiating part, within bounds;"""
BACKWARDS = 1.8
"""and so many times as far backwards: tissue that has dried along the needle guides the field towards the hub."""
PER_WAVELENGTH, FEWEST_PER_WAVELENGTH = 6.0, 5.0
"""Quadratic triangles a wavelength in tissue: what is taken, and the fewest that are accepted."""
GRAZING = 0.3
"""The absorbing boundary takes waves that come in flatter than this (cosine) as coming in at it."""


@dataclass(frozen=True)
class FieldSolution:
    """The field at 1 W of forward power at the port.

    ``psi`` (unknowns,) peak phasor in A; ``reflection`` of the electric field at the port; ``tissue_power`` (tissue
    cells,) in W; ``needle_power`` W in the needle's own dielectrics; ``radiated`` W that leaves the section.
    """

    psi: np.ndarray
    reflection: complex
    tissue_power: np.ndarray
    needle_power: float
    radiated: float

    @property
    def reflected(self) -> float:
        """Share of the forward power that comes back."""
        return abs(self.reflection) ** 2

    @property
    def s11_db(self) -> float:
        """|S11| in dB."""
        return 20.0 * math.log10(max(abs(self.reflection), 1e-12))

    @property
    def residual(self) -> float:
        """What is missing in the budget of 1 W."""
        return 1.0 - self.reflected - float(self.tissue_power.sum()) - self.needle_power - self.radiated


def branch(permittivity: np.ndarray, k0: float) -> np.ndarray:
    """k of waves exp(-j k x) that decay in the direction in which they run."""
    root = k0 * np.sqrt(np.asarray(permittivity, dtype=complex))
    return np.where(root.imag > 0, -root, root)


def wavelength(permittivity: complex, frequency: float) -> float:
    """Wavelength in m in a medium of complex relative ``permittivity``."""
    return 2.0 * math.pi / float(branch(permittivity, wavenumber(frequency)).real)


def penetration_depth(permittivity: complex, frequency: float) -> float:
    """Distance in m over which the electric field of a plane wave falls by e."""
    return 1.0 / max(-float(branch(permittivity, wavenumber(frequency)).imag), 1e-9)


def extent_around(antenna: Antenna, permittivity: complex, frequency: float) -> Extent:
    """How far the section has to reach in tissue of body temperature."""
    reach = REACH * penetration_depth(permittivity, frequency)
    reach = min(max(reach, SHORTEST_REACH), LONGEST_REACH)
    return Extent(radius=reach, front=reach, back=antenna.radiating_end + BACKWARDS * reach)


def edge_length(asked: float | None, permittivity: complex, frequency: float) -> float:
    """Longest edge in tissue in m. Raises InputError where the one asked for is too long for the wavelength."""
    length = wavelength(permittivity, frequency)
    if asked is None:
        return length / PER_WAVELENGTH
    if asked > length / FEWEST_PER_WAVELENGTH:
        raise InputError(
            f"{1e3 * asked:.3g} mm is too coarse: the wavelength in tissue is {1e3 * length:.3g} mm at "
            f"{frequency / 1e6:g} MHz",
            key="accuracy.mesh.field",
            expected=f"at most {1e3 * length / FEWEST_PER_WAVELENGTH:.3g} mm, a fifth of it",
        )
    return asked


class AntennaField:
    """The field around one antenna, solved anew for every state of the tissue.

    ``tissue`` is the complex relative permittivity of the tissue at the start, ``largest`` the longest edge in m (none:
    a sixth of the wavelength), ``extent`` that of the section (none: what the penetration depth asks for). Raises
    InputError for an antenna that cannot be, and for too coarse a mesh.
    """

    def __init__(
        self,
        antenna: Antenna,
        shaft: Shaft,
        frequency: float,
        tissue: complex,
        *,
        largest: float | None = None,
        extent: Extent | None = None,
        refine: float = 1.0,
    ):
        self.antenna, self.frequency = antenna, frequency
        largest = edge_length(largest, tissue, frequency)
        extent = extent or extent_around(antenna, tissue, frequency)
        self.section: Section = mesh_section(antenna, shaft, extent, largest, refine)
        self.problem = MagneticProblem(self.section.points, self.section.triangles, frequency)
        self.tissue_cells = np.flatnonzero(self.section.material == 0)
        to_loss = 1.0 / (2.0 * math.pi * frequency * VACUUM_PERMITTIVITY)
        values = np.array([m.permittivity - 1j * m.conductivity * to_loss for m in self.section.materials])
        self._permittivity = values[self.section.material]
        self._divide_boundary()
        radius = self.section.points[self.section.triangles[self.tissue_cells], 0]
        #: Share of a linear function's three vertices in its mean over a cell of revolution.
        self._hat_shares = (radius.sum(axis=1, keepdims=True) + radius) / (4.0 * radius.sum(axis=1, keepdims=True))

    def _divide_boundary(self) -> None:
        section, edges = self.section, self.problem.boundary
        inner, outer = section.port
        r, z = edges.middles.T
        size = 1e-6 * section.extent.radius
        port = (np.abs(z - section.port_z) < size) & (r > inner) & (r < outer)
        at_end = np.abs(z + section.extent.back) < size
        open_ = at_end | (np.abs(z - section.extent.front) < size) | (np.abs(r - section.extent.radius) < size)
        self._port, self._open = edges.part(port), edges.part(open_ & ~port)
        self._both = edges.part(np.concatenate([np.flatnonzero(port), np.flatnonzero(open_ & ~port)]))
        # Waves come from the radiating part: an absorbing boundary of first order for that direction.
        away = self._open.middles - np.array([0.0, section.centre])
        away /= np.linalg.norm(away, axis=1)[:, None]
        self._cosine = np.maximum(np.sum(away * self._open.normals, axis=1), GRAZING)

    def solve(self, tissue: np.ndarray) -> FieldSolution:
        """The field for the complex relative permittivity of the tissue cells (tissue cells,).

        Raises SolverError where it does not converge.
        """
        problem, coax = self.problem, self.antenna.coax
        permittivity = self._permittivity.copy()
        permittivity[self.tissue_cells] = tissue
        port, open_ = self._port, self._open
        k_port = branch(permittivity[port.cells], problem.k0)
        k_open = branch(permittivity[open_.cells], problem.k0) * self._cosine
        matrix = problem.matrix(permittivity, self._both, 1j * np.concatenate([k_port, k_open]))
        # A TEM wave of 1 W in the cable: P = pi Z |psi|^2 ln(b / a).
        impedance = VACUUM_IMPEDANCE / math.sqrt(coax.permittivity)
        ratio = math.log(coax.dielectric_diameter / coax.inner_diameter)
        incoming = 1.0 / math.sqrt(math.pi * impedance * ratio)
        right = problem.load(permittivity, port, 2j * k_port * incoming)
        psi = problem.spread(solve(matrix, right))
        at_port = np.sum(port.integrals * psi[port.unknowns]) / np.sum(port.integrals)
        power = problem.dissipation(psi, permittivity)
        inside = float(power.sum() - power[self.tissue_cells].sum())
        return FieldSolution(
            psi=psi,
            # The magnetic field is reflected with the opposite sign.
            reflection=complex(1.0 - at_port / incoming),
            tissue_power=power[self.tissue_cells],
            needle_power=inside,
            radiated=self._outgoing(psi, permittivity, k_open),
        )

    def _outgoing(self, psi: np.ndarray, permittivity: np.ndarray, k: np.ndarray) -> float:
        """Power in W through the open boundary."""
        edges = self._open
        local = psi[edges.unknowns]
        squares = np.einsum("ei,eij,ej->e", local.conj(), edges.products, local).real
        factor = math.pi * VACUUM_IMPEDANCE / self.problem.k0
        return float(factor * np.sum((k / permittivity[edges.cells]).real * squares))

    def squared_field(self, solution: FieldSolution, tissue: np.ndarray) -> np.ndarray:
        """|E|^2 (points,) in V2/m2 (peak) at the section's points for 1 W forward, from the tissue cells around each;
        0 where there is no tissue."""
        permittivity = self._permittivity.copy()
        permittivity[self.tissue_cells] = tissue
        field = self.problem.electric_field(solution.psi, permittivity)[self.tissue_cells]
        corners = self.section.triangles[self.tissue_cells]
        weights = self.problem.areas[self.tissue_cells]
        n = len(self.section.points)
        total = np.bincount(corners.ravel(), np.repeat(weights, 3), n)
        mean = np.zeros((n, 2), dtype=complex)
        for part in range(2):
            values = (weights[:, None] * field[:, :, part]).ravel()
            mean[:, part] = np.bincount(corners.ravel(), values.real, n)
            mean[:, part] += 1j * np.bincount(corners.ravel(), values.imag, n)
        mean /= np.where(total > 0, total, 1.0)[:, None]
        squared = np.sum(np.abs(mean) ** 2, axis=1)
        # A linear interpolation of squares is too large: bring it to the power that each cell really has.
        volumes = self.problem.volumes[self.tissue_cells]
        loss = math.pi * self.frequency * VACUUM_PERMITTIVITY * -np.asarray(tissue).imag * volumes
        linear = loss * np.sum(squared[corners] * self._hat_shares, axis=1)
        ratio = np.bincount(corners.ravel(), np.repeat(solution.tissue_power, 3), n)
        return squared * ratio / np.maximum(np.bincount(corners.ravel(), np.repeat(linear, 3), n), 1e-300)
