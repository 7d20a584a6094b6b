"""A layer of fluid between the liver and an organ, as a plan adds it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pennes.errors import InputError
from pennes.imaging.label_map import LabelMap

FLUID = "hydrodissection"


@dataclass(frozen=True)
class Layer:
    """Fluid that keeps ``organ`` (a label) ``thickness`` m away from ``away_from``."""

    organ: str
    thickness: float
    away_from: str = "liver"


def add_layer(labels: LabelMap, layer: Layer) -> LabelMap:
    """The label map with the layer: what lies within ``thickness`` of ``away_from`` and was the organ, or lies between
    the two, becomes fluid.

    The organ gives way, so that it loses the displaced volume: the map is that of the plan, not of the tissue's
    mechanics. Raises InputError where a label is missing or the organ is farther away than the layer is thick.
    """
    spacing = labels.grid.spacing
    kept = labels.labels == labels.number(layer.away_from)
    organ = labels.labels == labels.number(layer.organ)
    apart = ndimage.distance_transform_edt(~kept, sampling=spacing)
    if apart[organ].min() >= layer.thickness:
        raise InputError(
            f"{layer.organ} is {1e3 * apart[organ].min():.1f} mm from {layer.away_from} already",
            expected=f"a layer thicker than that, not {1e3 * layer.thickness:g} mm",
        )
    # Distances are to the middle of voxels, half a voxel inside the surface.
    near = apart < layer.thickness + spacing.mean() / 2
    # Between the two: near both, and neither another organ nor the liver itself.
    free = np.isin(labels.labels, [0, *(n for n in labels.present if "tissue" in labels.name(n))])
    to_organ = ndimage.distance_transform_edt(~organ, sampling=spacing)
    fluid = near & (organ | (free & (to_organ < layer.thickness)))
    existing = next((n for n in labels.present if labels.name(n) == FLUID), None)
    number = existing if existing is not None else max(labels.present) + 1
    values = labels.labels.copy() if number < 256 else labels.labels.astype(np.uint16)
    values[fluid] = number
    return replace(labels, labels=values, names={**labels.names, number: FLUID})
