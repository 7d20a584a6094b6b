"""The fixed directions in which a zone's radii are kept.

Frame of a needle: origin on its axis, z along it (towards the tip), x towards the vessel, all in mm. A zone is
star-shaped about the origin:

    r(polar, azimuth) = A (1 + b cos 2 azimuth + c cos azimuth + d sin azimuth)

with A, b, c and d at 24 polar angles: b for what a vessel does to both sides, c and d for the tumour's pull, being off
the needle, and a vessel's on the whole. What a vessel does in front of itself is kept apart (``pennes.risk.zone``). A
shape is the array (24, 4) of log A, b, c, d.
"""

from __future__ import annotations

import numpy as np

POLAR = np.deg2rad(np.arange(24) * 7.5 + 3.75)
"""From +z (the tip). None lies on the axis, where metal is."""
AZIMUTH = np.deg2rad(np.arange(32) * 11.25)
"""From +x, towards the vessel, to +y."""
HARMONICS = np.stack([np.cos(2 * AZIMUTH), np.cos(AZIMUTH), np.sin(AZIMUTH)])
"""(3, 32): what b, c and d are multiplied by."""
SIZE = 4 * len(POLAR)
"""Numbers of a shape."""


def unit_vectors() -> np.ndarray:
    """The directions (24 polar angles, 32 azimuths, 3)."""
    polar, azimuth = np.meshgrid(POLAR, AZIMUTH, indexing="ij")
    return np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], axis=-1)


VECTORS = unit_vectors()


def radii_of(shapes: np.ndarray) -> np.ndarray:
    """Radii (n, 24, 32) in mm of ``shapes`` (n, 24, 4), in single precision: enough for a micrometre."""
    single = shapes.reshape(-1, 4).astype(np.float32)
    radii = single[:, 1:] @ HARMONICS.astype(np.float32)
    radii += 1.0
    radii *= np.exp(single[:, :1])
    return radii.reshape(-1, len(POLAR), len(AZIMUTH))
