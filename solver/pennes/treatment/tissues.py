"""The tissues of a domain as nodal and cell-wise material fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from pennes.library.records import Drying, Law, TissueRecord
from pennes.scene import Domain
from pennes.tissue.contraction import advance_strain
from pennes.tissue.dielectric import complex_permittivity, dielectric_at
from pennes.tissue.enthalpy import BOIL_START, Enthalpy
from pennes.tissue.laws import drying_factor, law_factor, perfusion_factor
from pennes.treatment.drying import DryingAverage

FREQUENCY_KEY = "applicators.0.device.generator.frequency"


@dataclass(frozen=True)
class _Dependence:
    """How a conductivity depends on the tissue's state; equal where the factors are equal, whatever their sources."""

    law: Law | None
    drying: Drying | None

    def _key(self) -> tuple:
        return self.law, None if self.drying is None else self.drying.residual

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Dependence) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


class TissueFields:
    """Material fields of ``domain`` on its ``elements``.

    At nodes where tissues meet, volumetric properties are averaged by the volume that each tissue has there.
    Conductivities are cell-wise: the cell's own value times the mean of the law's factor at its vertices, and times
    the geometric mean of what drying leaves there: current crosses a drying layer, whose resistances add up.
    """

    def __init__(self, domain: Domain, elements, blood: TissueRecord):
        self.elements = elements
        cell_tags = elements.cell_values(domain.cell_tags)
        self.cell_region = np.zeros(elements.n_cells, dtype=np.int64)
        for number, region in enumerate(domain.regions):
            self.cell_region[cell_tags == region.tag] = number
        self.records = [region.tissue for region in domain.regions]
        shares = [
            elements.density(np.where(self.cell_region == number, elements.volumes, 0.0))
            for number in range(len(self.records))
        ]
        self.shares = np.array(shares) / np.sum(shares, axis=0)
        table = Enthalpy.from_records(self.records)
        self.enthalpy = Enthalpy(
            capacity=table.capacity @ self.shares,
            latent=table.latent @ self.shares,
            dry_capacity=table.dry_capacity @ self.shares,
        )
        self.blood_capacity = blood.density.value * blood.heat_capacity.value
        self._thermal = self._groups(
            lambda r: _Dependence(r.thermal_conductivity.law, None), lambda r: r.thermal_conductivity.value
        )
        self._electric = self._groups(
            lambda r: _Dependence(r.electric_conductivity.law, r.drying), lambda r: r.electric_conductivity.value
        )
        lengths = np.array([0.0 if record.drying is None else record.drying.length for record in self.records])
        self._average = DryingAverage(elements, lengths[self.cell_region]) if lengths.any() else None
        self._latest: tuple[np.ndarray, np.ndarray] | None = None

    def _groups(self, law: Callable, value: Callable) -> tuple[np.ndarray, list]:
        """Cell values (n_cells,), and the distinct laws with the cells that follow them."""
        values = np.array([value(record) for record in self.records])[self.cell_region]
        laws = [law(record) for record in self.records]
        distinct = list(dict.fromkeys(laws))
        groups = []
        for dependence in distinct:
            members = [number for number, entry in enumerate(laws) if entry == dependence]
            cells = slice(None) if len(distinct) == 1 else np.flatnonzero(np.isin(self.cell_region, members))
            groups.append((dependence, cells))
        return values, groups

    def _evaluate(
        self, table: tuple[np.ndarray, list], temperature: np.ndarray, dryness: np.ndarray | None
    ) -> np.ndarray:
        """Values (n_cells,) at a temperature; ``dryness`` (n_local,) is None where nothing has dried."""
        values, groups = table
        result = values.copy()
        for dependence, cells in groups:
            law, drying = dependence.law, dependence.drying
            if law is not None:
                factor = self.elements.cell_mean(law_factor(law, temperature))
                result[cells] *= factor[cells]
            if drying is not None and dryness is not None:
                factor = np.exp(self.elements.cell_mean(np.log(drying_factor(drying, dryness))))
                result[cells] *= factor[cells]
        return result

    def dryness(self, temperature: np.ndarray) -> np.ndarray:
        """Share of tissue water that has vaporised (n_local,)."""
        if temperature.max(initial=0.0) <= BOIL_START:
            return np.zeros_like(temperature)
        return self.enthalpy.dryness(temperature)

    def thermal_conductivity(self, temperature: np.ndarray) -> np.ndarray:
        """k of each cell (n_cells,) in W/m/K."""
        return self._evaluate(self._thermal, temperature, None)

    @property
    def constant_thermal_conductivity(self) -> bool:
        """True where no tissue's k depends on temperature."""
        return all(dependence.law is None for dependence, _ in self._thermal[1])

    def electric_conductivity(self, temperature: np.ndarray) -> np.ndarray:
        """sigma of each cell (n_cells,) in S/m. Collective."""
        # A step that is repeated starts at the middle where the one before it was judged.
        if self._latest is None or self._latest[0] is not temperature:
            self._latest = temperature, self._evaluate(self._electric, temperature, self._averaged(temperature))
        return self._latest[1]

    def _averaged(self, temperature: np.ndarray) -> np.ndarray | None:
        """Dryness (n_local,) averaged over the tissue's length; None where nothing has dried."""
        dryness = self.dryness(temperature)
        if not self.elements.comm.allreduce(bool(dryness.any()), MPI.LOR):
            return None
        return dryness if self._average is None else self._average(dryness)

    def permittivity(self, temperature: np.ndarray, frequency: float) -> np.ndarray:
        """Complex relative permittivity of each cell (n_cells,) at a ``frequency`` in Hz.

        Raises InputError where a tissue has none at that frequency.
        """
        entries = [dielectric_at(record, frequency, FREQUENCY_KEY) for record in self.records]
        dryness = self.dryness(temperature)
        result = np.empty(self.elements.n_cells, dtype=complex)
        for entry in dict.fromkeys(entries):
            cells = np.isin(self.cell_region, [n for n, other in enumerate(entries) if other == entry])
            values = complex_permittivity(entry, frequency, temperature, dryness)
            result[cells] = self.elements.cell_mean(values)[cells]
        return result

    def advance_contraction(self, strain: np.ndarray, start: np.ndarray, end: np.ndarray, dt: float) -> np.ndarray:
        """Contraction (n_local,) after ``dt`` seconds from temperatures ``start`` to ``end`` (n_local,), C."""
        dryness = self.dryness(end)
        records = [record.contraction for record in self.records]
        result = np.zeros_like(strain)
        for record in dict.fromkeys(records):
            share = sum(s for s, other in zip(self.shares, records, strict=True) if other == record)
            result += share * advance_strain(record, strain, start, end, dryness, dt)
        return result

    def perfusion(self, temperature: np.ndarray, viability: np.ndarray) -> np.ndarray:
        """rho_b c_b w (n_local,) in W/m3/K for a temperature and viability (1 alive, 0 dead) of each node."""
        total = np.zeros_like(temperature)
        for record, share in zip(self.records, self.shares, strict=True):
            if record.perfusion.value > 0.0:
                total += share * record.perfusion.value * perfusion_factor(record.hyperaemia, temperature, viability)
        return self.blood_capacity * total
