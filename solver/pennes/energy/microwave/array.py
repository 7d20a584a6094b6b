"""The field of several antennas together: their mesh, and Maxwell's equations on it for a state of the tissue."""

from __future__ import annotations

import math

import numpy as np

from pennes.case.models import Applicator
from pennes.energy.helmholtz import PortFacets, VectorHelmholtz
from pennes.energy.helmholtz.meshes import distributed, find_facets
from pennes.energy.microwave.antenna import axes_of
from pennes.energy.microwave.field import penetration_depth, wavelength
from pennes.energy.microwave.mapping import cylindrical
from pennes.energy.microwave.needle import SECTORS, SHELL, NeedleMesh, mesh_needle
from pennes.energy.microwave.surroundings import FieldMesh, mesh_field
from pennes.errors import InputError
from pennes.tissue.dielectric import VACUUM_PERMITTIVITY

REACH, BEHIND = 1.45, 1.9
"""The mesh reaches this many depths of penetration beyond the needles, and holds as many of the needle behind what
radiates."""
PER_WAVELENGTH, FEWEST_PER_WAVELENGTH = 3.7, 2.9
"""Edges a wavelength far from the needles, where little power is left; close to them they are several times shorter."""
SEVERAL_SECTORS, SEVERAL_COARSE = 10, 1.25
"""Sectors around each of several needles, and the factor on all edges: else three would take 140 000 unknowns."""
LEAST_SHELL = 0.8e-3
"""Thickness of tissue that each of two neighbouring needles needs for its own rings of cells."""
TOLERANCE = 1e-5


class ArrayField:
    """The problem of all ``applicators`` in tissue that is ``background`` (complex relative permittivity) at the start.

    ``asked``: longest edge in m, none: by the wavelength. ``own`` are this rank's cells in the order of ``mesh``, whose
    arrays every rank has. Collective. Raises InputError for antennas too close to each other and
    for too coarse a mesh.
    """

    def __init__(self, applicators: tuple[Applicator, ...], background: complex, asked: float | None, comm):
        self.applicators, self.comm = applicators, comm
        self.frequency = applicators[0].device.generator.frequency  # one generator feeds all
        self.places = [place_of(applicator) for applicator in applicators]
        self.mesh, materials = self._mesh(background, asked)
        self._set_up_problem(materials)

    def _mesh(self, background: complex, asked: float | None) -> tuple[FieldMesh, list]:
        length, depth = wavelength(background, self.frequency), penetration_depth(background, self.frequency)
        if asked is not None and asked > length / FEWEST_PER_WAVELENGTH:
            raise InputError(
                f"{1e3 * asked:.3g} mm is too coarse: the wavelength in tissue is {1e3 * length:.3g} mm",
                key="accuracy.mesh.field",
                expected=f"at most {1e3 * length / FEWEST_PER_WAVELENGTH:.3g} mm, a third of it",
            )
        several = len(self.applicators) > 1
        usual = length / PER_WAVELENGTH * (SEVERAL_COARSE if several else 1.0)
        largest = asked or usual
        coarse = largest / usual * (SEVERAL_COARSE if several else 1.0)
        sectors = SECTORS if coarse < 1.2 else SEVERAL_SECTORS
        shell = self._room(BEHIND * depth)

        def make():
            needles: list[NeedleMesh] = [
                mesh_needle(
                    a.device.antenna,
                    a.device.shafts[0],
                    a.device.antenna.radiating_end + BEHIND * depth,
                    sectors=sectors,
                    coarse=coarse,
                    shell=shell,
                )
                for a in self.applicators
            ]
            return mesh_field(needles, self.places, REACH * depth, largest), [n.materials for n in needles]

        result = problem = None
        if self.comm.rank == 0:
            try:
                result = make()
            except InputError as raised:
                problem = raised
        if self.comm.bcast(problem is not None):
            words = self.comm.bcast(None if problem is None else str(problem))
            raise problem or InputError(words)
        return self.comm.bcast(result)

    def _room(self, behind: float) -> float:
        """Thickness in m of the rings of tissue around each needle, so that those of neighbours do not touch."""
        shell = SHELL
        for i, first in enumerate(self.applicators):
            for j in range(i):
                second = self.applicators[j]
                gap = _distance(*(self._line(n, behind) for n in (i, j)))
                gap -= (first.device.shafts[0].diameter + second.device.shafts[0].diameter) / 2
                shell = min(shell, 0.42 * gap)
                if 0.42 * gap < LEAST_SHELL:
                    raise InputError(
                        f"the antennas '{second.name}' and '{first.name}' come within {1e3 * gap:.2g} mm of each other",
                        key=f"applicators.{i}.tip",
                        expected=f"at least {1e3 * LEAST_SHELL / 0.42:.2g} mm between their surfaces",
                    )
        return shell

    def _line(self, number: int, behind: float) -> tuple[np.ndarray, np.ndarray]:
        tip, axes = self.places[number]
        return tip, tip - axes[:, 2] * (self.applicators[number].device.antenna.radiating_end + behind)

    def _set_up_problem(self, materials: list) -> None:
        mesh = distributed(self.mesh.points, self.mesh.cells, self.comm)
        absorbing, metal, *ports = find_facets(mesh, [self.mesh.absorbing, self.mesh.metal, *self.mesh.ports])
        self.problem = VectorHelmholtz(
            mesh,
            self.frequency,
            metal=metal,
            absorbing=absorbing,
            ports=[self._port(number, facets) for number, facets in enumerate(ports)],
            relative_tolerance=TOLERANCE,
        )
        self.own = mesh.topology.original_cell_index[: self.problem.n_cells]
        to_loss = 1.0 / (2.0 * math.pi * self.frequency * VACUUM_PERMITTIVITY)
        self._needles = np.ones(len(self.mesh.cells), complex)
        for number, listed in enumerate(materials):
            values = np.array([m.permittivity - 1j * m.conductivity * to_loss for m in listed])
            mine = self.mesh.needle == number
            self._needles[mine] = values[self.mesh.material[mine]]

    def _port(self, number: int, facets: np.ndarray) -> PortFacets:
        coax, (tip, axes) = self.applicators[number].device.antenna.coax, self.places[number]
        middle = 0.5 * math.sqrt(coax.inner_diameter * coax.dielectric_diameter)
        return PortFacets(facets, lambda x: cylindrical(x, tip, axes[:, 2])[:, 0] < middle, coax.permittivity)

    def solve(self, tissue: np.ndarray, cells: np.ndarray) -> None:
        """Fields of all ports for a permittivity of the tissue's ``cells``. Raises SolverError where that fails."""
        permittivity = self._needles.copy()
        permittivity[cells] = tissue
        self.problem.set_permittivity(permittivity[self.own])
        self.problem.solve_ports()

    def gathered(self, values: np.ndarray) -> np.ndarray:
        """Values of this rank's cells (n, ...) of the field as those of all its cells, on every rank."""
        whole = np.zeros((len(self.mesh.cells), *values.shape[1:]), dtype=values.dtype)
        whole[self.own] = values
        return self.comm.allreduce(whole) if self.comm.size > 1 else whole


def place_of(applicator: Applicator) -> tuple[np.ndarray, np.ndarray]:
    """Tip (3,) of an applicator's shaft and its axes (3, 3), the direction of insertion last."""
    axes = axes_of(applicator.direction)
    return np.array(applicator.tip) + axes @ np.array(applicator.device.shafts[0].offset), axes


def _distance(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> float:
    """Smallest distance in m between two segments, by points along both."""
    share = np.linspace(0.0, 1.0, 200)[:, None]
    a, b = (start + share * (end - start) for start, end in (first, second))
    return float(np.linalg.norm(a[:, None] - b[None], axis=2).min())
