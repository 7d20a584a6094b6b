"""The recipe's solids in gmsh's OpenCASCADE kernel, cut against each other, with every piece accounted for.

Classification goes by the boolean operation's own map of what became of every solid: a face of the tissue belongs to
the hole whose pieces lie on its other side. No bounding boxes or tolerances decide. Lengths in mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gmsh
import numpy as np

from pennes.gmsh_session import MILLIMETRES
from pennes.scene.frames import frame
from pennes.scene.plan import FREE, OUTER


@dataclass(frozen=True)
class Geometry:
    """Entities to be meshed: tag of the recipe -> gmsh volumes, and -> gmsh surfaces."""

    volumes: dict[int, list[int]]
    surfaces: dict[int, list[int]]


def build_geometry(recipe: dict[str, Any], turn: float = 0.0) -> Geometry:
    """Put the recipe's geometry into an empty gmsh model. Raises gmsh's Exception where the kernel fails.

    ``turn`` (rad) turns round solids about an oblique axis through their centres, which moves the kernel's seam on them
    and leaves them what they are.
    """
    body = _add(recipe["body"], turn)
    parts: list[tuple[str, int, list[int]]] = []
    for kind, entries in (("region", recipe["inclusions"]), ("hole", recipe["holes"])):
        for entry in entries:
            parts += [(kind, entry["tag"], _add(solid, turn)) for solid in entry["solids"]]
    tools = [(3, volume) for _, _, volumes in parts for volume in volumes]
    _, pieces = gmsh.model.occ.fragment([(3, volume) for volume in body], tools)
    gmsh.model.occ.synchronize()
    inside = {volume for _, volume in pieces[0]}
    region = dict.fromkeys(inside, 1)
    hole: dict[int, int] = {}
    remaining = iter(pieces[1:])
    for kind, tag, volumes in parts:
        for _ in volumes:
            for _, volume in next(remaining):
                if kind == "hole":
                    hole[volume] = tag
                elif volume in inside:
                    region[volume] = tag
    region = {volume: tag for volume, tag in region.items() if volume not in hole}
    surfaces = _faces(region, hole, recipe["free"])
    _keep_only(region)
    volumes: dict[int, list[int]] = {}
    for volume, tag in sorted(region.items()):
        volumes.setdefault(tag, []).append(volume)
    return Geometry(volumes, surfaces)


def _faces(region: dict[int, int], hole: dict[int, int], free: bool) -> dict[int, list[int]]:
    """Tag -> faces where tissue ends."""
    behind = {face: tag for volume, tag in hole.items() for face in _boundary(volume)}
    count: dict[int, int] = {}
    for volume in region:
        for face in _boundary(volume):
            count[face] = count.get(face, 0) + 1
    surfaces: dict[int, list[int]] = {}
    for face, volumes in sorted(count.items()):
        if face in behind:
            surfaces.setdefault(behind[face], []).append(face)
        elif volumes == 1:
            _, _, low, _, _, high = gmsh.model.getBoundingBox(2, face)
            on_top = free and low > -1e-3 and high < 1e-3
            surfaces.setdefault(FREE if on_top else OUTER, []).append(face)
    return surfaces


def _boundary(volume: int) -> list[int]:
    return [face for _, face in gmsh.model.getBoundary([(3, volume)], oriented=False)]


def _keep_only(region: dict[int, int]) -> None:
    """Remove everything that no tissue touches, so that it is not meshed."""
    kept = {face for volume in region for face in _boundary(volume)}
    gmsh.model.removeEntities([entity for entity in gmsh.model.getEntities(3) if entity[1] not in region])
    others = [entity for entity in gmsh.model.getEntities(2) if entity[1] not in kept]
    gmsh.model.removeEntities(others, recursive=True)


def _add(solid: dict[str, Any], turn: float) -> list[int]:
    """Add one solid of the recipe; returns its volumes."""
    occ = gmsh.model.occ
    mm = {key: MILLIMETRES * np.asarray(value) for key, value in solid.items() if key in _LENGTHS}
    match solid["kind"]:
        case "box":
            return [occ.addBox(*(mm["centre"] - mm["size"] / 2), *mm["size"])]
        case "ball":
            volume = occ.addSphere(*mm["centre"], mm["radius"])
            _turn(volume, mm["centre"], turn)
            return [volume]
        case "cylinder":
            along = mm["end"] - mm["start"]
            if "across" not in solid:
                return [occ.addCylinder(*mm["start"], *along, mm["radius"])]
            disc = _disc(mm["start"], along, mm["radius"], solid["across"])
            return _volumes(occ.extrude([(2, disc)], *along))
        case "cone":
            return [occ.addCone(*mm["start"], *(mm["end"] - mm["start"]), mm["radius"], mm["end_radius"])]
        case "hemisphere":
            volume = occ.addSphere(0, 0, 0, mm["radius"], angle1=0.0)
            _place(volume, frame(solid["direction"]), mm["centre"])
            return [volume]
        case "ellipsoid":
            volume = occ.addSphere(0, 0, 0, 1)
            _turn(volume, np.zeros(3), turn)
            occ.dilate([(3, volume)], 0, 0, 0, *mm["radii"])
            _place(volume, np.array(solid["frame"]), mm["centre"])
            return [volume]
        case "bend":
            along = np.cross(solid["axis"], mm["start"] - mm["centre"])
            disc = _disc(mm["start"], along, mm["radius"], solid["across"])
            return _volumes(occ.revolve([(2, disc)], *mm["centre"], *solid["axis"], solid["angle"]))
        case "patches":
            return [_patches(mm["poles"], np.array(solid["knots"]))]
        case kind:
            raise ValueError(f"a recipe has no solid '{kind}'")


_LENGTHS = ("centre", "size", "radius", "end_radius", "start", "end", "radii", "poles")


def _turn(volume: int, centre: np.ndarray, angle: float) -> None:
    if angle:
        gmsh.model.occ.rotate([(3, volume)], *centre, 1.0, 1.0, 1.0, angle)


def _place(volume: int, rotation: np.ndarray, shift: np.ndarray) -> None:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, shift
    gmsh.model.occ.affineTransform([(3, volume)], matrix.ravel().tolist())


def _disc(centre: np.ndarray, normal: np.ndarray, radius: float, across: list[float]) -> int:
    """A disc whose edge starts in the direction ``across``."""
    return gmsh.model.occ.addDisk(*centre, radius, radius, zAxis=normal.tolist(), xAxis=across)


def _volumes(swept: list[tuple[int, int]]) -> list[int]:
    return [tag for dimension, tag in swept if dimension == 3]


def _patches(poles: np.ndarray, knots: np.ndarray) -> int:
    """A volume bounded by spline patches (k, n, n, 3) that are sewn together along their edges."""
    occ = gmsh.model.occ
    unique, multiplicities = np.unique(knots, return_counts=True)
    faces, corners = [], []
    for patch in poles:
        points = [occ.addPoint(*pole) for pole in np.swapaxes(patch, 0, 1).reshape(-1, 3)]
        faces.append(
            occ.addBSplineSurface(
                points,
                len(patch),
                degreeU=3,
                degreeV=3,
                knotsU=unique,
                knotsV=unique,
                multiplicitiesU=multiplicities,
                multiplicitiesV=multiplicities,
            )
        )
        corners += points
    volume = occ.addVolume([occ.addSurfaceLoop(faces, sewing=True)])
    occ.remove([(0, corner) for corner in corners])
    return volume
