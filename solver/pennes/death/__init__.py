"""Models of cell death: ordinary differential equations at points. NumPy only; the one place that knows kelvin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pennes.case.death import Death
from pennes.death.arrhenius import Arrhenius
from pennes.death.cem43 import Cem43
from pennes.death.isotherm import Isotherm
from pennes.death.model import DeathModel
from pennes.death.three_state import ThreeState

__all__ = ["Arrhenius", "Cem43", "DeathModel", "Isotherm", "ThreeState", "make_death_models"]

_MODELS: dict[str, Callable[[Any], DeathModel]] = {
    "arrhenius": Arrhenius.from_case,
    "cem43": Cem43.from_case,
    "three_state": ThreeState.from_case,
    "isotherm": Isotherm.from_case,
}


def make_death_models(death: Death) -> dict[str, DeathModel]:
    """Every model by name, each with its block of the case: the chosen criterion is ``death.criterion``.

    All run in every treatment, so that the report can show how the verdict changes with the criterion.
    """
    return {name: make(getattr(death, name)) for name, make in _MODELS.items()}
