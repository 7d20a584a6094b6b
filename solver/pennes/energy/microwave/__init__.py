"""Microwave antennas: the axisymmetric field of one, the full one of several, and the way into the treatment."""

from __future__ import annotations

from collections.abc import Callable

from pennes.case.models import Case
from pennes.energy.microwave.antenna import AxisymmetricAntenna
from pennes.energy.microwave.full import FullField
from pennes.energy.source import EnergySource
from pennes.errors import InputError

__all__ = ["FIELDS", "AxisymmetricAntenna", "FullField", "antennas"]

FIELDS: dict[str, Callable[..., EnergySource]] = {"axisymmetric": AxisymmetricAntenna, "full": FullField}
"""By ``Applicator.field``: (case, domain, elements, tissues) -> the source."""


def antennas(case: Case, domain, elements, tissues) -> EnergySource:
    """The source of all antennas of a case. Raises InputError for a combination that cannot be solved."""
    several = len(case.applicators) > 1
    chosen = case.applicators[0].field or ("full" if several else "axisymmetric")
    if chosen == "full" and domain.axis is not None:
        raise InputError(
            "a field in three dimensions needs a treatment in three dimensions",
            key="applicators.0.field",
            expected="axisymmetric, or a body without 'form: axisymmetric'",
        )
    if several and chosen == "axisymmetric":
        raise InputError(
            "an axisymmetric field is that of one antenna alone", key="applicators.1.field", expected="full"
        )
    return FIELDS[chosen](case, domain, elements, tissues)
