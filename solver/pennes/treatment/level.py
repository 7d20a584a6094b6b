"""The level function of a zone on a mesh: living tissue beside dead tissue is judged by what that has gone through."""

from __future__ import annotations

import numpy as np

from pennes.death import DeathModel

WHOLE = 1.0 - 1e-6
"""A cell whose corners have at least this share is one of dead tissue alone; the rest is rounding."""


def zone_level(model: DeathModel, state: np.ndarray, elements) -> np.ndarray:
    """Level (n_local,) of the zone, 0 on its surface when interpolated along the edges of the mesh (collective).

    Where a cut-off ends the damage, tissue that has none says nothing of how far it is from dying. What it would have
    taken is known next door: the exposure of the dead vertices of its cells, carried across as their geometric mean.
    """
    told = model.exposure(state)
    if told is None:
        return model.indicator(state)
    known = told > 0.0
    # By a sparse product: far cheaper than to look up all corners, and few cells are mixed.
    share = elements.cell_mean(known.astype(float))
    mixed = np.flatnonzero((share > 0.0) & (share < WHOLE))
    cells = elements.cells[mixed]
    corners = known[cells]
    logarithms = np.log(np.where(known, told, 1.0))[cells]
    mean = (logarithms * corners).sum(axis=1) / corners.sum(axis=1)
    row, corner = np.nonzero(~corners)
    alive = cells[row, corner]
    # By cells, each of which is on one rank alone: the mean does not depend on how the mesh is dealt out.
    total = elements.accumulate(np.bincount(alive, mean[row], minlength=elements.n_local))
    count = elements.accumulate(np.bincount(alive, minlength=elements.n_local).astype(float))
    exposure = np.where(count > 0.0, np.exp(total / np.maximum(count, 1.0)), 0.0)
    return model.indicator(state, exposure)
