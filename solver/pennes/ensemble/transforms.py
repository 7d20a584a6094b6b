"""Named transforms of the resolved case, for inputs that are no single value of a file.

Each is a class here and a line in ``TRANSFORMS``. They are applied in that order, after all case inputs: a distance
knows the diameters that the same case has.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from pennes import units
from pennes.ensemble.draft import Draft, text
from pennes.ensemble.geometry import across, moved, path_at_distance, tilted
from pennes.ensemble.inputs import BoundInput, CaseInput, Input, Value, listed, spread
from pennes.ensemble.manifest import NONE
from pennes.errors import InputError
from pennes.library.records import refuse
from pennes.units import parse_quantity

Towards = tuple[units.Real, units.Real, units.Real]


class Transform(Input):
    """Base: ``values`` and ``distribution`` are lengths (or angles), handed to ``transform`` in SI."""

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        if not self.values and self.distribution is None:
            raise refuse("has neither a distribution nor values", expected="distribution: {...} or values: [...]")
        for number, value in enumerate(self.values):
            if not (value == NONE and self._may_be_absent()):
                self._check_quantity(value, "values", number)
        if self.distribution is not None:
            self._check_quantity(f"1 {self.distribution.unit}", "distribution")
        return self

    def _check_quantity(self, value: Any, *at: str | int) -> None:
        try:
            parse_quantity(value, self._si_unit(), self._example())
        except ValueError as problem:
            raise refuse(str(problem), *at) from None

    def _may_be_absent(self) -> bool:
        return False

    def _si_unit(self) -> str:
        return "m"

    def _example(self) -> str:
        return "3 mm"

    def bind(self, base: Draft) -> BoundInput:
        self.check(base)
        meaning = (" ".join(str(self.kind).split("_"))) + self.of()  # type: ignore[attr-defined]

        def change(draft: Draft, value: str) -> None:
            self.transform(draft, None if value == NONE else parse_quantity(value, self._si_unit(), self._example()))

        if self.values:
            return listed(self.values, meaning, change)
        assert self.distribution is not None
        return spread(self.distribution, meaning, change, self.levels)

    def of(self) -> str:
        """What is transformed, in words."""
        raise NotImplementedError

    def check(self, base: Draft) -> None:
        """Raise InputError where the base case has not what is transformed, or not in a form that can be."""
        raise NotImplementedError

    def transform(self, draft: Draft, value: float | None) -> None:
        """Change ``draft`` for ``value`` (m or rad; None: absent)."""
        raise NotImplementedError


class VesselDiameter(Transform):
    """Diameter of a straight or crooked vessel without branches, or ``none``: the vessel is not there. Its axis stays
    where it is, unless its distance is an input too."""

    kind: Literal["vessel_diameter"]
    vessel: str
    absent: units.Fraction = Field(default=0.0, lt=1.0)
    """Share of cases without the vessel (with a distribution; in a list of values say ``none``)."""

    def _may_be_absent(self) -> bool:
        return True

    def of(self) -> str:
        return f" of {self.vessel}"

    def check(self, base: Draft) -> None:
        _drawn_vessel(base, self.vessel)

    def bind(self, base: Draft) -> BoundInput:
        bound = super().bind(base)
        if not self.absent:
            return bound

        def quantile(share: np.ndarray) -> list[Value]:
            present = np.clip((share - self.absent) / (1.0 - self.absent), 0.0, 1.0)
            return [
                NONE if gone else value
                for gone, value in zip(share < self.absent, bound.quantile(present), strict=True)
            ]

        def apply(draft: Draft, value: Value) -> None:
            if value == NONE:
                self.transform(draft, None)
            else:
                bound.apply(draft, value)

        return BoundInput(bound.unit, bound.meaning, quantile, apply, bound.levels)

    def transform(self, draft: Draft, value: float | None) -> None:
        key = f"vessels.{self.vessel}"
        if value is None:
            draft.change(f"{key}.by_diameter", None)
            draft.change(f"{key}.model", "none")
        else:
            draft.change(f"{key}.diameter", text(1e3 * value, "mm"))


class VesselDistance(Transform):
    """Distance between the surfaces of a ball-shaped target and a vessel without branches: the vessel is moved as a
    whole, along its shortest way to the target's centre, to radius + distance + radius. Where the vessel is absent
    nothing is moved."""

    kind: Literal["vessel_distance"]
    vessel: str
    target: str

    def of(self) -> str:
        return f" of {self.vessel} from {self.target}"

    def check(self, base: Draft) -> None:
        _drawn_vessel(base, self.vessel)
        shape = base.find(f"targets.{self.target}").get("shape")
        if shape is None or shape.value != "ball":
            raise InputError(f"the target '{self.target}' is no ball, so that a distance from it is not a length")
        self.transform(base, 0.0)

    def transform(self, draft: Draft, value: float | None) -> None:
        key = f"vessels.{self.vessel}"
        if draft.plain(f"{key}.model") == NONE or value is None:
            return
        reach = value + (draft.length(f"{key}.diameter") + draft.length(f"targets.{self.target}.diameter")) / 2.0
        placed = path_at_distance(draft.line(f"{key}.path"), draft.point(f"targets.{self.target}.centre"), reach)
        draft.change(f"{key}.path", [_written(point) for point in placed])


class Placement(Transform):
    """Base of what moves an applicator from where the base case has it."""

    applicator: str

    def of(self) -> str:
        return f" of {self.applicator}"

    def check(self, base: Draft) -> None:
        base.find(f"applicators.{self.applicator}")
        self.transform(base, 0.0)

    def _tip(self, draft: Draft) -> tuple[str, list[float], list[float]]:
        """Key of the tip, the tip (m), the direction that the base case has."""
        key = f"applicators.{self.applicator}"
        return f"{key}.tip", draft.point(f"{key}.tip"), draft.find(f"{key}.direction").plain()


class PlacementAxial(Placement):
    """The applicator moves along itself; positive: deeper."""

    kind: Literal["placement_axial"]

    def transform(self, draft: Draft, value: float | None) -> None:
        key, tip, direction = self._tip(draft)
        length = math.sqrt(sum(x * x for x in direction))
        draft.change(key, _written(moved(tip, [x / length for x in direction], value or 0.0)))


class PlacementLateral(Placement):
    """The applicator moves sideways, parallel to itself. Two such inputs with two ``towards`` make a planar error."""

    kind: Literal["placement_lateral"]
    towards: Towards = (0.0, 1.0, 0.0)
    """Where positive values lead; its part along the needle does not count."""

    def transform(self, draft: Draft, value: float | None) -> None:
        key, tip, direction = self._tip(draft)
        draft.change(key, _written(moved(tip, across(direction, self.towards).tolist(), value or 0.0)))


class PlacementAngle(Placement):
    """The applicator is turned about a point of its axis."""

    kind: Literal["placement_angle"]
    towards: Towards = (0.0, 1.0, 0.0)
    """Where the tip leads at positive values."""
    pivot: units.NonNegativeLength = "0 mm"
    """How far behind the tip the point lies that stays: 0 is the tip, the depth of insertion is the skin."""

    def _si_unit(self) -> str:
        return "rad"

    def _example(self) -> str:
        return "3 deg"

    def transform(self, draft: Draft, value: float | None) -> None:
        key, tip, _ = self._tip(draft)
        direction = draft.plain(f"applicators.{self.applicator}.direction")
        side = across(direction, self.towards).tolist()
        placed, turned = tilted(tip, direction, side, value or 0.0, self.pivot)
        draft.change(key, _written(placed))
        draft.change(f"applicators.{self.applicator}.direction", [round(x, 12) for x in turned])


TRANSFORMS: tuple[type[Transform], ...] = (
    VesselDiameter, VesselDistance, PlacementAxial, PlacementLateral, PlacementAngle,
)  # fmt: skip
"""In the order in which they are applied."""


def order(given: Input) -> int:
    """Case inputs first, then the transforms in the order of ``TRANSFORMS``."""
    return 0 if isinstance(given, CaseInput) else 1 + TRANSFORMS.index(type(given))  # type: ignore[arg-type]


def _kind(value: Any) -> Any:
    return value.get("kind", "case") if isinstance(value, dict) else getattr(value, "kind", None)


AnyInput = Annotated[
    Annotated[CaseInput, Tag("case")]
    | Annotated[VesselDiameter, Tag("vessel_diameter")]
    | Annotated[VesselDistance, Tag("vessel_distance")]
    | Annotated[PlacementAxial, Tag("placement_axial")]
    | Annotated[PlacementLateral, Tag("placement_lateral")]
    | Annotated[PlacementAngle, Tag("placement_angle")],
    Discriminator(_kind),
]


def _drawn_vessel(base: Draft, vessel: str) -> None:
    """Raise InputError where there is no such vessel, or one that is not one line."""
    place = base.find(f"vessels.{vessel}")
    path, branches = place.get("path"), place.get("branches")
    if path is None:
        raise InputError(f"the vessel '{vessel}' has no path of its own (it is grown, or read from a file)")
    if branches is not None and branches.value:
        raise InputError(f"the vessel '{vessel}' has branches, which would not go with it")


def _written(point: list[float]) -> list[Any]:
    """A point in m as a case writes it."""
    return [text(1e3 * x, "mm") for x in point]
