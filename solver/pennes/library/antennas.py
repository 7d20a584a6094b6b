"""Records of microwave antennas: a coaxial cable inside a needle, cut, prolonged or choked so that it radiates.

All lengths along the antenna are distances from the device's tip backwards, all diameters are outer ones. The needle's
own outline (diameter and tip) is that of the device's one shaft. Inside it parts are painted over each other in this
order: the sheath fills the outline, ``layers`` in their order, the coaxial cable, the slots.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from pennes import units
from pennes.library.records import Name, Record, check_unique, refuse


class Coax(Record):
    """The feeding cable. Conductors are perfect as far as the fields go; their loss is ``attenuation``."""

    inner_diameter: units.PositiveLength
    """Of the inner conductor."""
    dielectric_diameter: units.PositiveLength
    """Of the insulator between the conductors."""
    outer_diameter: units.PositiveLength
    """Of the outer conductor."""
    permittivity: units.Number = 2.03
    """Relative, of the insulator."""
    inner_end: units.NonNegativeLength
    """Distance from the tip at which the inner conductor ends."""
    dielectric_end: units.NonNegativeLength
    """Distance from the tip at which the insulator ends."""
    outer_end: units.NonNegativeLength
    """Distance from the tip at which the outer conductor ends."""
    shorted: bool = False
    """Metal joins inner and outer conductor from ``outer_end`` to ``dielectric_end``."""
    attenuation: units.Attenuation = "0 dB/m"
    """Loss along the cable inside the needle: it heats the shaft."""
    length: units.NonNegativeLength = "150 mm"
    """Length over which that loss arises: from the handle to where the cable begins to radiate."""

    @model_validator(mode="after")
    def _nested(self) -> Self:
        if not self.inner_diameter < self.dielectric_diameter < self.outer_diameter:
            raise refuse("the diameters do not ascend", "dielectric_diameter", expected="inner < dielectric < outer")
        if self.permittivity < 1:
            raise refuse(f"{self.permittivity:g} is below that of vacuum", "permittivity", expected="at least 1")
        if self.shorted and not self.outer_end < self.dielectric_end:
            raise refuse("leaves no room for the short circuit", "dielectric_end", expected="more than outer_end")
        return self


class Slot(Record):
    """A ring cut out of the outer conductor."""

    start: units.PositiveLength
    """Distance from the tip of the slot's nearer edge."""
    width: units.PositiveLength
    permittivity: units.Number = 1.0
    """Relative, of what fills it."""

    @property
    def end(self) -> float:
        """Distance (m) from the tip of the farther edge."""
        return self.start + self.width


class Layer(Record):
    """A full cylinder around the axis inside the needle: what is painted later takes its place."""

    name: Name
    material: Literal["metal", "dielectric"]
    diameter: units.PositiveLength
    start: units.NonNegativeLength = "0 mm"
    """Distance from the tip where it begins."""
    end: units.PositiveLength | None = None
    """Distance from the tip where it ends; none: it goes on to the handle."""
    permittivity: units.Number = 1.0
    """Relative, of a dielectric."""
    conductivity: units.Conductivity = "0 S/m"
    """At the antenna's frequency, of a dielectric (coolant water heats a little)."""

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise refuse(f"{1e3 * self.end:g} mm is not beyond start ({1e3 * self.start:g} mm)", "end")
        if self.permittivity < 1:
            raise refuse(f"{self.permittivity:g} is below that of vacuum", "permittivity", expected="at least 1")
        return self


class Antenna(Record):
    """How the needle radiates. Its frequency is the generator's."""

    type: Literal["slot", "monopole", "dipole"]
    """What it is called; what radiates is the geometry."""
    coax: Coax
    slots: tuple[Slot, ...] = ()
    layers: tuple[Layer, ...] = ()
    sheath_permittivity: units.Number = 2.6
    """Relative, of what fills the needle's outline."""
    cable_loss: units.Decibel = "0 dB"
    """Of the cable from the generator to the handle: heat outside the body."""
    efficiency: units.Fraction = 1.0
    """Share of the accepted power that is radiated; the rest is lost in the needle near the radiating part and heats
    the shaft as the loss along the cable does. It stands for what the idealised conductors leave out."""

    @property
    def radiating_start(self) -> float:
        """Distance (m) from the tip of the nearest point that the field may leave the cable at."""
        return min([slot.start for slot in self.slots] or [0.0])

    @property
    def radiating_end(self) -> float:
        """Distance (m) from the tip of the farthest point that the field may leave the cable at."""
        return max([slot.end for slot in self.slots] + ([] if self.coax.shorted else [self.coax.outer_end]))

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        check_unique([layer.name for layer in self.layers], "layers")
        coax = self.coax
        for index, slot in enumerate(self.slots):
            if slot.start < max(coax.outer_end, coax.dielectric_end):
                raise refuse(
                    f"the slot lies outside the antenna: it begins {1e3 * slot.start:g} mm from the tip",
                    "slots",
                    index,
                    "start",
                    expected=f"at least {1e3 * max(coax.outer_end, coax.dielectric_end):g} mm, where the cable ends",
                )
            for other in self.slots[:index]:
                if slot.start < other.end and other.start < slot.end:
                    raise refuse("overlaps another slot", "slots", index, "start")
        if coax.shorted and not self.slots:
            raise refuse("is missing: a shorted cable without a slot does not radiate", "slots", expected="one slot")
        return self


def check_outline(antenna: Antenna, diameter: float, at: tuple[str | int, ...]) -> None:
    """Refuse parts of an antenna that do not lie within a needle of this ``diameter`` (m)."""
    parts = [("coax", "outer_diameter", antenna.coax.outer_diameter)]
    for place, key, size in parts:
        if size > diameter:
            raise refuse(f"{1e3 * size:g} mm is wider than the needle", *at, place, key, expected=_most(diameter))
    for index, layer in enumerate(antenna.layers):
        if layer.diameter > diameter:
            problem = f"{1e3 * layer.diameter:g} mm is wider than the needle"
            raise refuse(problem, *at, "layers", index, "diameter", expected=_most(diameter))


def _most(diameter: float) -> str:
    return f"at most {1e3 * diameter:g} mm, the shaft's diameter"
