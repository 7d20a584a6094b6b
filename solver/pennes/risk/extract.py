"""From a result folder to its zone in the needle's frame: rays through the zone's written surface."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pennes.errors import InputError
from pennes.risk.directions import AZIMUTH, HARMONICS, POLAR, VECTORS, radii_of
from pennes.risk.zone import STATIONS, outer_reach
from pennes.units import parse_quantity

REACH = 150.0
"""Length of a ray, mm."""
PERPENDICULAR = 0.02
"""Cosine between needle and vessel up to which they count as perpendicular."""
NEAR = 0.75
"""How near (mm) to the living tissue around the vessel a ray must end to be ended by it."""
LEAST_RAYS = 10
"""Of 32, at a polar angle."""
PULL = 0.5
"""Weight of a round shape, in rays."""


@dataclass(frozen=True)
class Place:
    """Where target and vessel lie in the needle's frame; all in mm."""

    origin: np.ndarray
    """(3,) in the case's coordinates."""
    axes: np.ndarray
    """(3, 3): rows are x, y and z of the frame in the case's coordinates."""
    centre: np.ndarray
    """(3,) of the target, in the frame."""
    target_radius: float
    vessel_radius: float
    """0: there is no vessel."""
    gap: float
    """From the needle's axis to the vessel's wall; infinite without a vessel."""
    height: float
    """z at which the vessel passes the needle; that of the target's centre without a vessel."""
    needle_radius: float


@dataclass(frozen=True)
class SeenZone:
    """A zone as it was found on the surface of a result; y is mirrored where the target's centre had a negative one."""

    shape: np.ndarray
    """(24, 4), see ``pennes.risk.directions``; fitted to the rays that the vessel does not end."""
    front: np.ndarray
    """(3,) in mm: how far the zone reaches towards the vessel at ``STATIONS`` along it, at its height; 0 where it is
    not as wide, nan without a vessel."""
    misfit: float
    """Root mean square of the radii's difference from the shape, on the rays that the vessel does not end; mm."""
    split_rays: int
    """Rays on which dead tissue is not one stretch; the longest was taken."""
    filled_rays: int
    """Rays that meet no surface (a hole) and were left out."""


def place(case: dict[str, Any], aim: float) -> Place:
    """The geometry of a resolved case with one needle, one ball-shaped target and at most one straight vessel across
    the needle.

    ``aim`` is how far (mm) behind the needle's tip the frame has its origin. Raises InputError for any other case.
    """
    if len(case["applicators"]) != 1 or len(case["targets"]) != 1 or len(case["vessels"]) > 1:
        raise InputError("an atlas is made of cases with one applicator, one target and at most one vessel")
    needle, target = case["applicators"][0], case["targets"][0]
    if target["shape"] != "ball":
        raise InputError(f"the target '{target['name']}' is no ball", expected="shape: ball")
    along = np.asarray(needle["direction"], dtype=float)
    along /= np.linalg.norm(along)
    origin = _point(needle["tip"]) - aim * along
    centre, radius = _point(target["centre"]), _length(target["diameter"]) / 2.0
    needle_radius = max(_length(shaft["diameter"]) for shaft in needle["device"]["shafts"]) / 2.0
    vessel = next((v for v in case["vessels"] if v.get("model") != "none" or v.get("by_diameter")), None)
    if vessel is None:
        side = centre - origin
        axes = _axes(along, side)
        inside = axes @ (centre - origin)
        return Place(origin, axes, inside, radius, 0.0, np.inf, float(inside[2]), needle_radius)
    path = np.array([_point(point) for point in vessel["path"]])
    if len(path) != 2:
        raise InputError(f"the vessel '{vessel['name']}' is not one straight line", expected="a path of two points")
    course = (path[1] - path[0]) / np.linalg.norm(path[1] - path[0])
    if abs(course @ along) > PERPENDICULAR:
        raise InputError(f"the vessel '{vessel['name']}' does not run across the needle")
    away = path[0] - origin
    away = away - (away @ course) * course
    axes = _axes(along, away - (away @ along) * along)
    crossing, inside = axes @ away, axes @ (centre - origin)
    vessel_radius = _length(vessel["diameter"]) / 2.0
    return Place(origin, axes, inside, radius, vessel_radius, float(crossing[0] - vessel_radius), float(crossing[2]),
                 needle_radius)  # fmt: skip


def see_zone(surface: Any, where: Place) -> SeenZone | None:
    """Cast rays through ``surface`` (a pyvista.PolyData in mm, outward triangles) from the origin of ``where``.

    The surface may have holes where the needle's metal passes it, and at a vessel's wall. None where most rays meet no
    dead tissue, so that there is no zone around the origin.
    """
    rays = _Rays(surface, where)
    found = np.array([[rays.reach(np.zeros(3), direction) for direction in row] for row in VECTORS])
    missing = np.isnan(found)
    if missing.mean() > 0.5:
        return None
    front, ended = np.full(len(STATIONS), np.nan), missing
    if where.vessel_radius > 0:
        front = np.array([_front(rays, where, y) for y in STATIONS])
        ended = missing | _ended_by_vessel(found, front, where)
    if where.centre[1] < 0:
        swap = -np.arange(len(AZIMUTH))
        found, ended = found[:, swap], ended[:, swap]
    shape = _fit(found, ended)
    if shape is None:
        return None
    radii = radii_of(shape[None])
    front = np.where(outer_reach(radii, np.array([where.height]))[0] > 0, front, 0.0)
    misfit = (radii[0] - found)[~ended]
    return SeenZone(shape, front, float(np.sqrt(np.mean(misfit**2))), rays.split, int(missing.sum()))


def _front(rays: _Rays, where: Place, y: float) -> float:
    """How far dead tissue reaches towards the vessel, mean of both sides; to its wall where the surface has a hole."""
    both = [rays.reach(np.array([0.0, side * y, where.height]), np.array([1.0, 0.0, 0.0])) for side in (1, -1)]
    return float(np.mean(np.minimum(np.nan_to_num(both, nan=np.inf), where.gap)))


def _ended_by_vessel(radii: np.ndarray, front: np.ndarray, where: Place) -> np.ndarray:
    """Which of the rays (24, 32) come to the vessel, or to the living tissue in front of it, before they end or as they
    do."""
    axis = np.array([where.gap + where.vessel_radius, where.height])
    ends = np.nan_to_num(radii, nan=REACH)[..., None] * VECTORS
    share = np.clip(ends[..., [0, 2]] @ axis / np.maximum((ends[..., [0, 2]] ** 2).sum(axis=-1), 1e-12), 0.0, 1.0)
    passes = np.linalg.norm(share[..., None] * ends[..., [0, 2]] - axis, axis=-1)
    rim = np.interp(np.abs(ends[..., 1]), STATIONS, where.gap - front)
    away = np.linalg.norm(ends[..., [0, 2]] - axis, axis=-1)
    return (passes < where.vessel_radius) | (away < where.vessel_radius + np.maximum(rim, 0.0) + NEAR)


def _fit(radii: np.ndarray, ended: np.ndarray) -> np.ndarray | None:
    """The shape (24, 4) by least squares at each polar angle; harmonics that the rays left do not tell are 0. None
    where too few are left."""
    shape = np.full((len(POLAR), 4), np.nan)
    columns = np.column_stack([np.ones(len(AZIMUTH)), HARMONICS.T])
    # A weak pull to a round shape, so that a gap in azimuth is not filled by harmonics that the rest does not ask for.
    pull = np.diag([0.0, *[np.sqrt(PULL)] * 3])
    for row, (values, left_out) in enumerate(zip(radii, ended, strict=True)):
        kept = ~left_out
        if kept.sum() < LEAST_RAYS:
            continue
        a = np.vstack([columns[kept], pull])
        mean, *rest = np.linalg.lstsq(a, np.concatenate([values[kept], np.zeros(4)]), rcond=None)[0]
        shape[row] = [np.log(mean), *(np.array(rest) / mean)]
    known = np.isfinite(shape[:, 0])
    if known.sum() < len(POLAR) / 2:
        return None
    rows = np.arange(len(POLAR))
    return np.column_stack([np.interp(rows, rows[known], column[known]) for column in shape.T])


class _Rays:
    """Rays in the needle's frame through a surface in the case's coordinates."""

    def __init__(self, surface: Any, where: Place):
        faces = surface.regular_faces
        corners = np.asarray(surface.points, dtype=float)[faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        volume = np.einsum("ij,ij->", corners[:, 0] - where.origin, normals)
        self._surface, self._normals, self._where = surface, normals * np.sign(volume), where
        self.split = 0

    def reach(self, start: np.ndarray, direction: np.ndarray) -> float:
        """Where (mm from ``start``) the longest stretch of dead tissue ends; nan where there is none, or no end."""
        origin = self._where.origin + start @ self._where.axes
        way = direction @ self._where.axes
        points, cells = self._surface.ray_trace(origin, origin + REACH * way)
        if len(points) == 0:
            return np.nan
        distances = (np.asarray(points) - origin) @ way
        leaves = self._normals[cells] @ way > 0.0
        order = np.argsort(distances)
        stretches, begin = [], 0.0 if leaves[order[0]] else None
        for distance, leaving in zip(distances[order], leaves[order], strict=True):
            if not leaving:
                begin = distance if begin is None else begin
            elif begin is not None:
                stretches.append((distance - begin, distance))
                begin = None
        if not stretches:
            return np.nan
        self.split += len(stretches) > 1
        return float(max(stretches)[1])


def _axes(along: np.ndarray, side: np.ndarray) -> np.ndarray:
    side = side - (side @ along) * along
    if np.linalg.norm(side) < 1e-6:
        side = np.eye(3)[np.argmin(np.abs(along))]
        side = side - (side @ along) * along
    side = side / np.linalg.norm(side)
    return np.array([side, np.cross(along, side), along])


def _length(text: str) -> float:
    return 1e3 * parse_quantity(text, "m", "25 mm")


def _point(texts: list[str]) -> np.ndarray:
    return np.array([_length(text) for text in texts])


def read_result(folder: Path) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """The resolved case, the summary and the zone's surface (pyvista.PolyData, mm) of a result folder.

    Raises InputError where one of them is missing.
    """
    import pyvista
    from ruamel.yaml import YAML

    files = {name: folder / name for name in ("case.yaml", "summary.json", "zone.vtp")}
    for name, file in files.items():
        if not file.is_file():
            raise InputError(f"there is no {name} here", file=folder, expected="a result folder with keep: all")
    case = YAML(typ="safe").load(files["case.yaml"])
    summary = json.loads(files["summary.json"].read_text(encoding="utf-8"))
    return case, summary, pyvista.read(files["zone.vtp"])
