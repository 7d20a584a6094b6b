"""The field's own mesh in three dimensions: needles as meshes of rings, tissue between them, an absorbing cylinder."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import gmsh
import numpy as np

from pennes.energy.microwave.needle import NeedleMesh
from pennes.energy.microwave.revolved import Revolution
from pennes.errors import InputError
from pennes.gmsh_session import MILLIMETRES, gmsh_session

DELAUNAY, HXT = 1, 10


@dataclass(frozen=True, eq=False)
class FieldMesh:
    """``points`` (n, 3) in m, ``cells`` (m, 4); ``needle`` (m,) the needle that a cell belongs to, -1 for tissue;
    ``material`` (m,) of a needle's own list, 0 tissue. Facets (k, 3): ``absorbing``, ``metal`` (all others at the
    boundary, the ports apart), and ``ports``, one array a needle."""

    points: np.ndarray
    cells: np.ndarray
    needle: np.ndarray
    material: np.ndarray
    absorbing: np.ndarray
    metal: np.ndarray
    ports: tuple[np.ndarray, ...]


def mesh_field(
    needles: list[NeedleMesh], places: list[tuple[np.ndarray, np.ndarray]], reach: float, largest: float
) -> FieldMesh:
    """The mesh around needles at ``places``: (tip (3,), axes (3, 3) with the direction of insertion last).

    The cylinder reaches ``reach`` m beyond the needles' surfaces, edges are up to ``largest`` m. Raises
    InputError where gmsh finds no mesh.
    """
    points, cells, owner, material, hulls, ports = [], [], [], [], [], []
    count = 0
    for number, (needle, (tip, axes)) in enumerate(zip(needles, places, strict=True)):
        points.append(tip + needle.points @ axes.T)
        cells.append(needle.cells + count)
        owner.append(np.where(needle.material > 0, number, -1))
        material.append(needle.material)
        hulls.append(needle.hull + count)
        ports.append(needle.port + count)
        count += len(needle.points)
    direction = sum(axes[:, 2] for _, axes in places)
    outer_points, outer = _cylinder(np.concatenate(points), direction, reach, largest)
    outer = outer + count
    every = np.concatenate([*points, outer_points])
    new_points, between = _fill(every, [outer, *hulls], largest)
    every = np.concatenate([every, new_points])
    cells.append(between)
    all_cells = _compact_positive(every, np.concatenate(cells))
    tissue = np.zeros(len(between), dtype=np.int64)
    metal = _rest(all_cells, [outer, *ports])
    used, inverse = np.unique(all_cells, return_inverse=True)
    new = np.full(len(every), -1)
    new[used] = np.arange(len(used))
    return FieldMesh(
        every[used],
        inverse.reshape(all_cells.shape),
        np.concatenate([*owner, tissue - 1]),
        np.concatenate([*material, tissue]),
        new[outer],
        new[metal],
        tuple(new[port] for port in ports),
    )


def _cylinder(points: np.ndarray, direction: np.ndarray, reach: float, largest: float):
    """Points (n, 3) and triangles (k, 3) of a cylinder along ``direction`` that encloses ``points`` with room."""
    from pennes.energy.microwave.antenna import axes_of

    if not np.linalg.norm(direction) > 0.1:
        direction = np.array([0.0, 0.0, 1.0])
    axes = axes_of(direction)
    local = points @ axes
    centre = (local.max(axis=0) + local.min(axis=0)) / 2
    radius = float(np.linalg.norm(local[:, :2] - centre[:2], axis=1).max()) + reach
    half = float(local[:, 2].max() - centre[2])
    low, high = -half - reach / 3, half + reach
    across, along = max(3, round(radius / largest)), max(4, round((high - low) / largest))
    r, z = np.linspace(0.0, radius, across + 1), np.linspace(low, high, along + 1)
    bottom, top = np.full(across + 1, low), np.full(across + 1, high)
    side = np.stack([np.full(along - 1, radius), z[1:-1]], axis=1)
    profile = np.concatenate([np.stack([r, bottom], axis=1), side, np.stack([r[::-1], top], axis=1)])
    turned = Revolution(profile, max(12, round(2.0 * math.pi * radius / largest)))
    nodes = np.arange(len(profile))
    triangles, _ = turned.facets(np.stack([nodes[:-1], nodes[1:]], 1))
    return (turned.points + centre) @ axes.T, triangles


def _fill(points: np.ndarray, surfaces: list[np.ndarray], largest: float) -> tuple[np.ndarray, np.ndarray]:
    """New points (k, 3) and the cells (m, 4) between the first of closed ``surfaces`` and the others inside it."""
    words = "no cell was made"
    for algorithm in (DELAUNAY, HXT):
        try:
            with gmsh_session():
                return _attempt(points, surfaces, largest, algorithm)
        except Exception as problem:  # gmsh raises plain Exception
            words = str(problem)
    raise InputError(
        f"the tissue around the antennas could not be meshed: {words}",
        key="applicators",
        expected="antennas further apart",
    )


def _attempt(points, surfaces, largest: float, algorithm: int) -> tuple[np.ndarray, np.ndarray]:
    tags = itertools.count(1)
    loops = []
    for triangles in surfaces:
        surface = gmsh.model.addDiscreteEntity(2)
        nodes = np.unique(triangles)
        gmsh.model.mesh.addNodes(2, surface, nodes + 1, (MILLIMETRES * points[nodes]).ravel())
        numbers = [next(tags) for _ in triangles]
        gmsh.model.mesh.addElementsByType(surface, 2, numbers, (triangles + 1).ravel())
        loops.append(gmsh.model.geo.addSurfaceLoop([surface]))
    volume = gmsh.model.geo.addVolume(loops)
    gmsh.model.geo.synchronize()
    for name, value in {
        "Mesh.Algorithm3D": algorithm,
        "Mesh.Renumber": 0,
        "Mesh.MeshSizeExtendFromBoundary": 1,
        "Mesh.MeshSizeMax": MILLIMETRES * largest,
        "Mesh.Optimize": 1,
    }.items():
        gmsh.option.setNumber(name, value)
    gmsh.model.mesh.generate(3)
    _, nodes = gmsh.model.mesh.getElementsByType(4, volume)
    cells = nodes.astype(np.int64).reshape(-1, 4)
    if len(cells) == 0:
        raise ValueError("no cell was made")
    numbers, coordinates, _ = gmsh.model.mesh.getNodes()
    numbers, coordinates = numbers.astype(np.int64), coordinates.reshape(-1, 3) / MILLIMETRES
    added = numbers > len(points)
    place = np.arange(int(numbers.max()) + 1) - 1
    place[numbers[added]] = len(points) + np.arange(np.count_nonzero(added))
    return coordinates[added], place[cells]


def _compact_positive(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    negative = np.linalg.det(edges) < 0.0
    cells = cells.copy()
    cells[negative, :2] = cells[negative, 1::-1]
    return cells


def _rest(cells: np.ndarray, named: list[np.ndarray]) -> np.ndarray:
    """Facets (k, 3) at the boundary of the cells that are not among the named ones."""
    facets = np.sort(cells[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]].reshape(-1, 3), axis=1)
    unique, times = np.unique(facets, axis=0, return_counts=True)
    boundary = unique[times == 1]
    known = np.sort(np.concatenate(named), axis=1)
    size = int(cells.max()) + 1
    keys = (boundary[:, 0] * size + boundary[:, 1]) * size + boundary[:, 2]
    known_keys = (known[:, 0] * size + known[:, 1]) * size + known[:, 2]
    return boundary[~np.isin(keys, known_keys)]
