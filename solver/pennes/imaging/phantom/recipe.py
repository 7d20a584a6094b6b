"""What a synthetic patient is made from: a few words and a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from pennes import units
from pennes.library.records import Record, refuse
from pennes.library.validation import validate
from pennes.library.written import read_yaml


class PhantomTumour(Record):
    """A lobulated tumour; its place is drawn, by the seed, among all that fit."""

    diameter: units.PositiveLength
    """Of the ball with the same volume."""
    place: Literal["deep", "perivascular", "subcapsular"] = "perivascular"
    """``deep``: at least 15 mm below the capsule and 10 mm from vessels of 3 mm; ``perivascular``: 2 to 8 mm from one;
    ``subcapsular``: within 5 mm of the capsule."""
    lobulation: units.Fraction = "20 %"
    """Depth of the lobes over the radius."""


class PhantomRecipe(Record):
    """A synthetic patient. Equal recipes give equal label maps."""

    phantom: Literal["liver_patient"]
    seed: units.Whole = Field(default=1, ge=0)
    spacing: units.PositiveLength = "1 mm"
    size: tuple[units.PositiveLength, units.PositiveLength, units.PositiveLength] = ("250 mm", "200 mm", "200 mm")
    """From right to left, front to back, feet to head."""
    tilt: tuple[units.Angle, units.Angle, units.Angle] = ("0 deg", "0 deg", "0 deg")
    """Turns of the voxel axes about x, y, z: an oblique acquisition of the same patient."""
    tumours: tuple[PhantomTumour, ...] = ({"diameter": "25 mm"},)
    smallest_vessel: units.PositiveLength = "1 mm"
    """Diameter below which the vascular trees end."""

    @model_validator(mode="after")
    def _fits(self) -> PhantomRecipe:
        for axis, (length, least) in enumerate(zip(self.size, (0.2, 0.16, 0.16), strict=True)):
            if length < least:
                raise refuse(f"{1e3 * length:g} mm does not hold a liver", "size", axis, expected=f"{1e3 * least:g} mm")
        if self.spacing > 5e-3:
            raise refuse(f"{1e3 * self.spacing:g} mm shows no vessel", "spacing", expected="at most 5 mm")
        voxels = self.size[0] * self.size[1] * self.size[2] / self.spacing**3
        if voxels > 2e8:
            raise refuse(f"{voxels:.2g} voxels are too many", "spacing", expected="at most 2e8 voxels")
        return self


def read_recipe(path: str | Path) -> PhantomRecipe:
    """The recipe in a YAML file. Raises InputError, one message, for one that cannot be used."""
    return validate(PhantomRecipe, read_yaml(Path(path)))
