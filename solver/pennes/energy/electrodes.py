"""Radiofrequency electrodes as an energy source: the poles of a domain, their potentials, and the generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pennes.energy.radiofrequency import Radiofrequency
from pennes.energy.source import Tissues
from pennes.errors import InputError, nearest_name
from pennes.generator import Delivery, Drive, deliver
from pennes.library.protocols import Generator

if TYPE_CHECKING:
    from pennes.case.models import Case

#: The potential may be this much less accurate than the temperature: its error enters the power squared.
LOOSER = 10.0


class Electrodes:
    """The ``EnergySource`` of electrodes with ``potentials``, fed by one ``generator``."""

    def __init__(self, potentials: Radiofrequency, tissues: Tissues, generator: Generator):
        self.potentials, self.generator, self.medium = potentials, generator, tissues.electric_conductivity
        self.names, self.update = potentials.names, potentials.update

    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, case: Case, domain, elements, tissues: Tissues) -> Electrodes:
        """The electrodes of a ``case`` on its ``domain``. Raises InputError where no current can flow."""
        poles, ground = pole_nodes(domain, elements), ground_nodes(case.body.ground, domain, elements)
        tolerance = LOOSER * case.accuracy.linear_tolerance
        return cls(Radiofrequency(elements, poles, ground, tolerance), tissues, case.applicators[0].device.generator)

    @property
    def solved(self) -> bool:
        return self.potentials.conductivity is not None

    @property
    def solves(self) -> int:
        return self.potentials.solves

    @property
    def iterations(self) -> int:
        return self.potentials.system.iterations

    def _limits(self, drive: Drive) -> Generator:
        return self.generator if drive.generator is None else drive.generator

    def deliver(self, drive: Drive, seconds: float, medium: np.ndarray) -> Delivery:
        return deliver(drive, seconds, self.potentials.pattern(drive.poles, medium).impedance, self._limits(drive))

    def heat(self, drive: Drive, seconds: float, medium: np.ndarray) -> tuple[Delivery, np.ndarray]:
        pattern = self.potentials.pattern(drive.poles, medium)
        delivery = deliver(drive, seconds, pattern.impedance, self._limits(drive))
        return delivery, self.potentials.cell_power(pattern, medium) * (delivery.power * pattern.impedance)

    def row(self, delivery: Delivery | None, temperature: np.ndarray) -> dict[str, float]:
        return {}

    def report(self, seen: Mapping[str, Mapping[str, float]], energies: Mapping[str, float]) -> list[dict]:
        return []

    def fields(self) -> dict[str, np.ndarray]:
        return {f"potential_{number}": values for number, values in enumerate(self.potentials.unit_potentials)}

    def restore(self, fields: Mapping[str, np.ndarray]) -> None:
        self.potentials.restore([fields[name] for name in self.fields()])


def pole_nodes(domain, elements) -> dict[str, np.ndarray]:
    """Mask (n_local,) of the nodes on each pole of a ``Domain``: bare metal, or the volume of a meshed electrode.

    Raises InputError where there is none.
    """
    poles: dict[str, np.ndarray] = {}
    for parts, tags in ((domain.surfaces, domain.facet_tags), (domain.regions, domain.cell_tags)):
        for part in parts:
            if part.pole is not None:
                mask = elements.nodes_of(tags.dim, tags.find(part.tag))
                poles[part.pole] = poles.get(part.pole, False) | mask
    if not poles:
        raise InputError("no applicator has bare metal in the mesh", key="applicators", expected="an exposed electrode")
    return poles


def ground_nodes(ground: tuple[str, ...], domain, elements) -> np.ndarray:
    """Mask (n_local,) of the nodes at 0 V: those on the surfaces of a ``Domain`` that ``ground`` names.

    Raises InputError where there is no surface of that name.
    """
    mask = np.zeros(elements.n_local, dtype=bool)
    names = [surface.name for surface in domain.surfaces]
    for name in ground:
        chosen = [s for s in domain.surfaces if s.name == name or (name == "outer" and s.kind == "outer")]
        if not chosen:
            raise InputError(
                f"there is no surface '{name}'",
                key="body.ground",
                expected="one of " + ", ".join(names),
                nearest=nearest_name(name, names),
            )
        for surface in chosen:
            mask |= elements.nodes_of(domain.facet_tags.dim, domain.facet_tags.find(surface.tag))
    return mask
