"""Microwave antennas: their section in (r, z), the axisymmetric field around them, and its way into the treatment."""

from __future__ import annotations

from collections.abc import Callable

from pennes.case.models import Case
from pennes.energy.microwave.antenna import AxisymmetricAntenna
from pennes.energy.source import EnergySource
from pennes.errors import InputError

__all__ = ["FIELDS", "AxisymmetricAntenna", "antennas"]

FIELDS: dict[str, Callable[..., EnergySource]] = {"axisymmetric": AxisymmetricAntenna}
"""By ``Applicator.field``: (case, domain, elements, tissues) -> the source."""


def antennas(case: Case, domain, elements, tissues) -> EnergySource:
    """The source of all antennas of a case. Raises InputError for a combination that cannot be solved."""
    several = len(case.applicators) > 1
    chosen = case.applicators[0].field or ("full" if several else "axisymmetric")
    if chosen not in FIELDS:
        raise InputError(
            "several antennas together need their field in three dimensions, which is not available"
            if several
            else f"the field '{chosen}' is not available",
            key="applicators.1.field" if several else "applicators.0.field",
            expected=" | ".join(FIELDS) + ", with one antenna",
        )
    if several and chosen == "axisymmetric":
        raise InputError(
            "an axisymmetric field is that of one antenna alone", key="applicators.1.field", expected="full"
        )
    return FIELDS[chosen](case, domain, elements, tissues)
