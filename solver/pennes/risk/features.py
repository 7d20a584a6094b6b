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
ALONG_VESSEL = "blood_speed"
"""A tissue input that is nothing without a vessel."""


def outer_features(values: Mapping[str, np.ndarray], inputs: Sequence[str]) -> np.ndarray:
    """Features (n, d) of the star-shaped zone. ``values`` holds ``GEOMETRY`` and ``inputs`` (factors on the base case's
    values), each (n,). What a vessel does vanishes without one."""
    radius = values["vessel_radius"]
    present = radius > 0
    nearness = np.where(present, np.exp(-np.where(present, np.maximum(values["gap"], 0.0), 0.0) / COOLING_LENGTH), 0.0)
    columns = [
        values["target_radius"] / 10.0,
        nearness,
        nearness * radius / (radius + ZERO_RADIUS),
        values["x"] / 5.0,
        np.abs(values["y"]) / 5.0,
        values["z"] / 5.0,
        np.log(values["duration"] / 600.0),
        np.log(values["power"] / 100.0),
    ]
    for name in inputs:
        column = np.log(values[name])
        columns.append(column * nearness if name == ALONG_VESSEL else column)
    return np.column_stack(columns)


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
