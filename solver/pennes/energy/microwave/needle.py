"""A needle and the tissue close to it as a mesh of rings: a grid in (r, z) that follows the needle's outline, turned.

The grid's cells are long along the needle and thin across it, as its fields are: a needle takes a few thousand
tetrahedra. Frame: z along the direction of insertion with the tip at 0. The cable is cut where only its TEM wave is
left, behind the last place it radiates from; that cut is the port. The needle ends, in metal, where the wave along it
has decayed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pennes.energy.microwave.revolved import Revolution, grid_triangles
from pennes.energy.microwave.section import Material, cut_of, materials_of, outline, paintings
from pennes.library.antennas import Antenna
from pennes.library.devices import Shaft

SECTORS = 12
AT_RIMS, ALONG, GROWTH = 0.4e-3, 2.0e-3, 0.35
"""Edges along the needle: at the rims of what radiates, elsewhere, and their growth between these in m per m."""
PER_GAP = 0.3e-3
"""Longest edge across the layers of the needle."""
IN_CABLE = 3
"""Edges across the cable's insulator."""
SHELL, SHELL_FIRST, SHELL_GROWTH = 3.3e-3, 0.25e-3, 1.5
"""Thickness of the tissue that the grid covers, of its first layer, and the factor from one layer to the next."""
METAL = -1


@dataclass(frozen=True)
class NeedleMesh:
    """``points`` (n, 3) in m; ``cells`` (m, 4) with the ``material`` of each (m,), an index of ``materials``, 0 tissue;
    metal is left out. ``hull`` (k, 3): triangles of the whole outer surface; ``port`` (p, 3). ``radii`` of the cable at
    the port, ``permittivity`` of its insulator."""

    points: np.ndarray
    cells: np.ndarray
    material: np.ndarray
    materials: tuple[Material, ...]
    hull: np.ndarray
    port: np.ndarray
    radii: tuple[float, float]
    permittivity: float


def mesh_needle(
    antenna: Antenna, shaft: Shaft, back: float, *, sectors: int = SECTORS, coarse: float = 1.0, shell: float = SHELL
) -> NeedleMesh:
    """The needle from its tip to ``back`` m behind it; ``coarse`` multiplies all edge lengths, ``shell`` is
    the thickness of the tissue around it."""
    port = cut_of(antenna)
    painted = paintings(antenna, back)
    radii = _radii(antenna, shaft, painted, coarse)
    inside = len(radii)
    stations = _stations(antenna, shaft, painted, port, back, coarse)
    layers = _shell(coarse, shell)
    columns, rows = inside + len(layers), len(stations)
    surface = _surface(shaft, back, stations)
    r = np.concatenate([np.outer(surface / (shaft.diameter / 2), radii), surface[:, None] + layers[None, :]], axis=1)
    section = np.stack([r, np.broadcast_to(-stations[:, None], r.shape)], axis=-1).reshape(-1, 2)
    material = _materials(antenna, painted, radii, stations, port, len(layers))
    triangles, cell = grid_triangles(columns, rows)
    filled = material[cell]
    kept = triangles[filled != METAL]
    turned = Revolution(section, sectors)
    cells, origin = turned.cells(kept)
    index = np.arange(rows * columns).reshape(rows, columns)
    hull = np.concatenate([_pairs(index[0]), _pairs(index[:, -1]), _pairs(index[-1])])
    at_port = index[int(np.argmin(np.abs(stations - port)))]
    inner, outer = antenna.coax.inner_diameter / 2, antenna.coax.dielectric_diameter / 2
    across = at_port[:inside][(radii > inner - 1e-9) & (radii < outer + 1e-9)]
    return NeedleMesh(
        turned.points,
        cells,
        filled[filled != METAL][origin],
        materials_of(antenna),
        turned.facets(hull)[0],
        turned.facets(_pairs(across))[0],
        (inner, outer),
        antenna.coax.permittivity,
    )


def _pairs(nodes: np.ndarray) -> np.ndarray:
    return np.stack([nodes[:-1], nodes[1:]], axis=1)


def _radii(antenna: Antenna, shaft: Shaft, painted, coarse: float) -> np.ndarray:
    """Radii of the grid's columns inside the needle, every layer's among them."""
    limits = {0.0, shaft.diameter / 2}
    for _, rectangles in painted:
        limits |= {radius for inner, outer, _, _ in rectangles for radius in (inner, outer)}
    limits = sorted(limits)
    coax, result = antenna.coax, [np.array([0.0])]
    for low, high in pairwise(limits):
        if high - low < 1e-9:
            continue
        in_cable = coax.inner_diameter / 2 - 1e-9 < low and high < coax.dielectric_diameter / 2 + 1e-9
        count = max(1, round((high - low) / (PER_GAP * coarse)))
        if in_cable:
            count = max(count, round(IN_CABLE / coarse), 2)
        points = np.linspace(low, high, count + 1) if low == 0.0 else np.geomspace(low, high, count + 1)
        result.append(points[1:])
    return np.concatenate(result)


def _shell(coarse: float, thickness: float) -> np.ndarray:
    """Distances from the needle's surface of the grid's columns in tissue, the last one ``thickness``."""
    result, step = [], SHELL_FIRST * coarse
    while not result or result[-1] < thickness - step / 2:
        result.append((result[-1] if result else 0.0) + step)
        step *= SHELL_GROWTH
    return np.array(result) * (thickness / result[-1])


def _stations(antenna: Antenna, shaft: Shaft, painted, port: float, back: float, coarse: float) -> np.ndarray:
    """Distances from the tip of the grid's rows, every change of the needle's inside among them."""
    marks = {0.0, port, back, *([] if shaft.tip == "flat" else [_head(shaft)])}
    for _, rectangles in painted:
        marks |= {distance for _, _, near, far in rectangles for distance in (near, far) if distance <= back}
    coax = antenna.coax
    rims = [edge for slot in antenna.slots for edge in (slot.start, slot.end)]
    rims += [] if coax.shorted else [coax.outer_end, coax.inner_end]
    rims += [end for layer in antenna.layers if layer.material == "metal" for end in (layer.start, layer.end) if end]

    def size(distance: float) -> float:
        return coarse * min(AT_RIMS + GROWTH * min((abs(distance - rim) for rim in rims), default=1.0), ALONG)

    ordered = sorted(marks)
    result = [np.array([0.0])]
    for low, high in pairwise(ordered):
        if high - low < 1e-9:
            continue
        fine = np.linspace(low, high, 200)
        count = np.concatenate([[0.0], np.cumsum(np.diff(fine) / [size(d) for d in (fine[:-1] + fine[1:]) / 2])])
        number = max(1, round(count[-1]))
        result.append(np.interp(np.linspace(0.0, count[-1], number + 1)[1:], count, fine))
    return np.concatenate(result)


def _head(shaft: Shaft) -> float:
    """Length of the tip."""
    return shaft.diameter / 2 if shaft.tip == "round" else shaft.tip_length


def _surface(shaft: Shaft, back: float, stations: np.ndarray) -> np.ndarray:
    """Radius (n,) of the needle's outline at the stations; at the tip that of its flat end."""
    corners = outline(shaft, back)
    corners = corners[corners[:, 0] > 0.0]
    radius = np.interp(stations, -corners[:, 1], corners[:, 0])
    # A round tip has no flat end: give it a small one.
    return np.maximum(radius, 0.2 * shaft.diameter / 2)


def _materials(
    antenna: Antenna, painted, radii: np.ndarray, stations: np.ndarray, port: float, shell: int
) -> np.ndarray:
    """Material (cells of the grid,), METAL for conductors and for everything behind the port."""
    materials = materials_of(antenna)
    r, d = (radii[:-1] + radii[1:]) / 2, (stations[:-1] + stations[1:]) / 2
    result = np.ones((len(d), len(r)), dtype=np.int64)
    for number, rectangles in painted:
        for inner, outer, near, far in rectangles:
            within = np.outer((d > near) & (d < far), (r > inner) & (r < outer))
            result[within] = METAL if materials[number].metal else number
    result[np.outer(d > port, r < antenna.coax.outer_diameter / 2)] = METAL
    return np.concatenate([result, np.zeros((len(d), shell), dtype=np.int64)], axis=1).ravel()


def fits(mesh: NeedleMesh) -> bool:
    """Whether every cell has a volume (for tests)."""
    edges = mesh.points[mesh.cells[:, 1:]] - mesh.points[mesh.cells[:, :1]]
    return bool(np.linalg.det(edges).min() > 0.0) and math.isfinite(float(edges.sum()))
