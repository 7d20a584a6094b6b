"""From a result folder to its zone in the needle's frame: rays through the zone's written surface."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pennes.errors import InputError
from pennes.risk.directions import AZIMUTH, POLAR, unit_vectors
from pennes.risk.zone import STATIONS
from pennes.units import parse_quantity

REACH = 150.0
"""Length of a ray, mm."""
PERPENDICULAR = 0.02
"""Cosine between needle and vessel up to which they count as perpendicular."""


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
    """A zone as it was found on the surface of a result."""

    radii: np.ndarray
    """(120,) in mm, away from the vessel, averaged over what should be mirror images."""
    front: np.ndarray
    """(3,) in mm: how far the zone reaches towards the vessel at ``STATIONS`` along it, at its height; nan where there is
    no vessel or the ray does not start in the zone."""
    asymmetry: float
    """Root mean square of half the difference between mirror images, mm."""
    split_rays: int
    """Rays on which dead tissue is not one stretch; the longest was taken."""
    filled_rays: int
    """Rays that meet no surface (a hole of the needle's) and were given the mean of their neighbours."""


def place(case: dict[str, Any], aim: float) -> Place:
    """The geometry of a resolved case with one needle, one ball-shaped target and at most one straight vessel across the
    needle.

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

    The surface may have holes where the needle's metal passes it. None where no ray meets dead tissue.
    """
    rays = _Rays(surface, where)
    quarter = unit_vectors(POLAR, AZIMUTH)
    signs = [(x, y) for x in ((1, -1) if where.vessel_radius == 0 else (1,)) for y in (1, -1)]
    found = np.array([[[rays.reach(np.zeros(3), d * [x, y, 1]) for d in row] for row in quarter] for x, y in signs])
    if np.isnan(found).mean() > 0.5:
        return None
    filled = int(np.isnan(found).sum())
    found = np.array([_filled(one) for one in found])
    radii = found.mean(axis=0)
    # An azimuth in a plane of symmetry is its own image: what differs there is nothing but both rays being one.
    asymmetry = float(np.sqrt(np.mean((found - radii) ** 2)))
    front = np.full(len(STATIONS), np.nan)
    if where.vessel_radius > 0:
        for number, y in enumerate(STATIONS):
            both = [rays.reach(np.array([0.0, s * y, where.height]), np.array([1.0, 0.0, 0.0])) for s in (1, -1)]
            front[number] = np.mean(both)
    return SeenZone(radii.ravel(), front, asymmetry, rays.split, filled)


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


def _filled(radii: np.ndarray) -> np.ndarray:
    """``radii`` (polar, azimuth) with gaps closed: from the other azimuths, then from the neighbouring polar angles."""
    known = np.isfinite(radii)
    filled = radii.copy()
    for row in range(len(radii)):
        if known[row].any():
            filled[row, ~known[row]] = radii[row, known[row]].mean()
    rows = np.flatnonzero(known.any(axis=1))
    for column in range(radii.shape[1]):
        filled[:, column] = np.interp(np.arange(len(radii)), rows, filled[rows, column])
    return filled


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
