"""From what is asked to what the emulator learns from: NumPy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

GEOMETRY = ("target_radius", "vessel_radius", "gap", "x", "y", "z", "duration", "power")
"""Numbers of a run besides its tissue: mm, mm, mm (from the needle's axis to the vessel's wall), mm, mm, mm (the
target's centre in the needle's frame), s, W. Without a vessel the radius is 0 and the gap infinite."""
COOLING_LENGTH = 8.0
"""Over which a vessel's influence on the zone fades, mm; about that of a large vessel's thermal boundary."""
ZERO_RADIUS = 2.0
"""Vessel radius (mm) at which half of what a wide vessel would do is done."""
HEATED, RING = 15.0, 3.0
"""Half the length, and the distance from the needle, over which most heat arises; mm."""
ZONE = 20.0
"""Radius of a usual zone, mm."""
ALONG_VESSEL = "blood_speed"
"""A tissue input that is nothing without a vessel."""


def outer_features(values: Mapping[str, np.ndarray], inputs: Sequence[str]) -> np.ndarray:
    """Features (n, d) of the star-shaped zone. ``values`` holds ``GEOMETRY`` and ``inputs`` (factors on the base case's
    values), each (n,). What a vessel does vanishes without one. A property of the tumour counts as its mean with the
    liver's, by how much of the zone is tumour."""
    radius = values["vessel_radius"]
    present = radius > 0
    nearness = np.where(present, np.exp(-np.where(present, np.maximum(values["gap"], 0.0), 0.0) / COOLING_LENGTH), 0.0)
    contact = _contact(values)
    columns = [
        values["target_radius"] / 10.0,
        nearness,
        nearness * radius / (radius + ZERO_RADIUS),
        values["x"] / 5.0,
        np.abs(values["y"]) / 5.0,
        values["z"] / 5.0,
        np.log(values["duration"] / 600.0),
        np.log(values["power"] / 100.0),
        2.0 * contact,
    ]
    for name in inputs:
        column = np.log(values[name])
        if name == ALONG_VESSEL:
            column = column * nearness
        elif (healthy := _healthy(name, inputs)) is not None:
            share = np.minimum(values["target_radius"] / ZONE, 1.0) ** 3 if "perfusion" in name else contact
            column = share * column + (1.0 - share) * np.log(values[healthy])
        columns.append(column)
    return np.column_stack(columns)


def outer_pull(values: Mapping[str, np.ndarray], inputs: Sequence[str]) -> np.ndarray:
    """Further features (n, e), of the linear trend alone: a tumour that differs from the liver draws the zone to its
    own side, by where it lies times how much it differs."""
    place = [values["x"] / 5.0, np.abs(values["y"]) / 5.0, values["z"] / 5.0]
    columns = [
        side * np.log(values[name] / values[healthy])
        for name in inputs
        if (healthy := _healthy(name, inputs)) is not None
        for side in place
    ]
    return np.column_stack(columns) if columns else np.zeros((len(values["x"]), 0))


def _healthy(name: str, inputs: Sequence[str]) -> str | None:
    """The liver's input of the same kind as the tumour's input ``name``."""
    other = "liver_" + name.removeprefix("tumour_")
    return other if name.startswith("tumour_") and other in inputs else None


def _contact(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Share (n,) of the ring of tissue around the heated length that is tumour; its edge counts within a millimetre."""
    height = np.linspace(-HEATED, HEATED, 16)
    turn = np.arange(6) * np.pi / 3.0
    x = RING * np.cos(turn)[:, None] - values["x"][:, None, None]
    y = RING * np.sin(turn)[:, None] - values["y"][:, None, None]
    away = np.sqrt(x**2 + y**2 + (height - values["z"][:, None, None]) ** 2)
    return (1.0 / (1.0 + np.exp(np.clip(away - values["target_radius"][:, None, None], -30.0, 30.0)))).mean(axis=(1, 2))


def front_features(values: Mapping[str, np.ndarray], inputs: Sequence[str], reach: np.ndarray) -> np.ndarray:
    """Features (n, d') of the living rim in front of a vessel. ``reach`` (n,) mm: how far the star-shaped zone would
    reach towards the vessel. What decides is whether it would reach the wall."""
    beyond = (reach - values["gap"]) / 5.0
    columns = [
        beyond,
        np.tanh(beyond),
        reach / 10.0,
        np.log(values["vessel_radius"]),
        values["x"] / 5.0,
        np.log(values["duration"] / 600.0),
        np.log(values["power"] / 100.0),
        *(np.log(values[name]) for name in inputs),
    ]
    return np.column_stack(columns)
