"""The section of an antenna and of the tissue around it in (r, z), meshed with triangles.

The antenna's frame: z along the direction of insertion with the tip at 0, so that the needle fills z < 0. The cable is
cut a little behind the radiating part; that cut is the port. The needle itself goes on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import gmsh
import numpy as np

from pennes.errors import InputError
from pennes.gmsh_session import MILLIMETRES, MeshedModel, gmsh_session
from pennes.library.antennas import Antenna
from pennes.library.devices import CONE_END, Shaft

ROUND_TIP_STEPS = 12
"""Straight pieces that a round tip's outline is made of."""
GROWTH = 0.3
"""Edges may grow by so many m per m away from what needs short ones."""
AT_EDGES, AT_SURFACE, AT_SHAFT = 0.11, 0.4, 1.4
"""Edge lengths in mm at the rims of slots and conductors, at the needle's surface along the radiating part, and at the
rest of it."""
PER_GAP = 1.2
"""Edge length inside the needle over the thickness of what is there (about one quadratic triangle across a gap)."""
CUT_BEHIND = 5.0
"""The port lies so many diameters of the cable's insulator behind the radiating part."""


@dataclass(frozen=True)
class Material:
    """What fills a part of the needle: relative permittivity and conductivity in S/m; of a metal neither counts."""

    name: str
    permittivity: float = 1.0
    conductivity: float = 0.0
    metal: bool = False


@dataclass(frozen=True)
class Extent:
    """How far the section reaches, in m: sideways, ahead of the tip and behind it."""

    radius: float
    front: float
    back: float


@dataclass(frozen=True)
class Section:
    """The meshed section in m: ``points`` (n, 2), ``triangles`` (m, 3) and the number of the material of each (m,):
    0 is tissue, the others index ``materials``. Metal is left out. ``port`` are the cable's radii at its cut,
    ``port_z`` is where that lies."""

    points: np.ndarray
    triangles: np.ndarray
    material: np.ndarray
    materials: tuple[Material, ...]
    extent: Extent
    port: tuple[float, float]
    port_z: float
    centre: float
    """z of the middle of the radiating part."""


def cut_of(antenna: Antenna) -> float:
    """Distance (m) from the tip at which the cable is cut: other waves than TEM have died out there."""
    return antenna.radiating_end + CUT_BEHIND * antenna.coax.dielectric_diameter


def materials_of(antenna: Antenna) -> tuple[Material, ...]:
    """Tissue (which the treatment knows), then what fills the needle, in the order in which it is painted."""
    coax, slots = antenna.coax, antenna.slots
    layers = tuple(
        Material(layer.name, layer.permittivity, layer.conductivity, layer.material == "metal")
        for layer in antenna.layers
    )
    metal = Material("conductor", metal=True)
    return (
        Material("tissue"),
        Material("sheath", antenna.sheath_permittivity),
        *layers,
        metal,
        Material("insulator", coax.permittivity),
        metal,
        *(Material(f"slot {number}", slot.permittivity) for number, slot in enumerate(slots, start=1)),
    )


def paintings(antenna: Antenna, back: float) -> list[tuple[int, list[tuple[float, float, float, float]]]]:
    """Material number and the rectangles (inner radius, outer radius, nearer, farther distance from the tip)."""
    coax = antenna.coax
    inner, insulator, outer = coax.inner_diameter / 2, coax.dielectric_diameter / 2, coax.outer_diameter / 2
    painted = []
    number = 2
    for layer in antenna.layers:
        painted.append((number, [(0.0, layer.diameter / 2, layer.start, back if layer.end is None else layer.end)]))
        number += 1
    conductors = [(insulator, outer, coax.outer_end, back)]
    if coax.shorted:
        conductors.append((0.0, outer, coax.outer_end, coax.dielectric_end))
    conductors.append((inner, insulator, cut_of(antenna), back))  # the field in the cable is known from there on
    painted.append((number, conductors))
    painted.append((number + 1, [(inner, insulator, coax.dielectric_end, cut_of(antenna))]))
    painted.append((number + 2, [(0.0, inner, coax.inner_end, back)]))
    for index, slot in enumerate(antenna.slots):
        painted.append((number + 3 + index, [(insulator, outer, slot.start, slot.end)]))
    return painted


def outline(shaft: Shaft, back: float) -> np.ndarray:
    """The needle's outline (n, 2) in (r, z), from the axis at the tip to the cut at ``back``, and back to the axis."""
    radius = shaft.diameter / 2
    if shaft.tip == "flat":
        head = [(0.0, 0.0), (radius, 0.0)]
    elif shaft.tip == "cone":
        head = [(0.0, 0.0), (CONE_END * radius, 0.0), (radius, -shaft.tip_length)]
    else:
        angles = np.linspace(0.0, math.pi / 2, ROUND_TIP_STEPS + 1)
        head = [(radius * math.sin(a), -radius * (1 - math.cos(a))) for a in angles]
    return np.array([*head, (radius, -back), (0.0, -back)])


def mesh_section(antenna: Antenna, shaft: Shaft, extent: Extent, largest: float, refine: float = 1.0) -> Section:
    """Mesh an antenna's section with edges up to ``largest`` m in tissue; ``refine`` divides all edge lengths.

    Raises InputError where the needle's parts do not fit into the extent, or gmsh finds no mesh.
    """
    if cut_of(antenna) >= extent.back:
        raise InputError(
            f"the antenna radiates up to {1e3 * antenna.radiating_end:g} mm from its tip, behind the cut of the cable",
            key="antenna",
            expected=f"less than {1e3 * extent.back:g} mm",
        )
    materials = materials_of(antenna)
    try:
        with gmsh_session():
            points, triangles, material = _mesh(antenna, shaft, extent, materials, largest, refine)
    except InputError:
        raise
    except Exception as problem:  # gmsh raises plain Exception
        raise InputError(f"the antenna's section could not be meshed: {problem}", key="antenna") from None
    coax = antenna.coax
    return Section(
        points,
        triangles,
        material,
        materials,
        extent,
        (coax.inner_diameter / 2, coax.dielectric_diameter / 2),
        -cut_of(antenna),
        -0.5 * (antenna.radiating_start + antenna.radiating_end),
    )


def _mesh(
    antenna: Antenna, shaft: Shaft, extent: Extent, materials: tuple[Material, ...], largest: float, refine: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    occ, mm = gmsh.model.occ, MILLIMETRES
    domain = occ.addRectangle(0, -mm * extent.back, 0, mm * extent.radius, mm * (extent.back + extent.front))
    points = [occ.addPoint(mm * r, mm * z, 0) for r, z in outline(shaft, extent.back)]
    lines = [occ.addLine(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True)]
    needle = occ.addPlaneSurface([occ.addCurveLoop(lines)])
    inputs, numbers = [(2, domain), (2, needle)], [0, 1]
    for number, rectangles in paintings(antenna, extent.back):
        for inside, outside, near, far in rectangles:
            if outside > inside and far > near:
                made = occ.addRectangle(mm * inside, -mm * far, 0, mm * (outside - inside), mm * (far - near))
                inputs.append((2, made))
                numbers.append(number)
    _, pieces = occ.fragment(inputs[:1], inputs[1:])
    occ.synchronize()
    filled: dict[int, int] = {}
    in_needle = {piece for _, piece in pieces[1]}
    for number, parts in zip(numbers, pieces, strict=True):
        for _, piece in parts:
            if number < 2 or piece in in_needle:
                filled[piece] = number
    metal = [piece for piece, number in filled.items() if materials[number].metal]
    kept = {piece: number for piece, number in filled.items() if piece not in metal}
    gmsh.model.removeEntities([(2, piece) for piece in metal])
    tissue = [piece for piece, number in kept.items() if number == 0]
    _set_sizes(antenna, kept, tissue, mm * largest / refine, refine)
    gmsh.model.mesh.generate(2)
    return _arrays(kept)


def _set_sizes(antenna: Antenna, kept: dict[int, int], tissue: list[int], largest: float, refine: float):
    """Short edges at rims and gaps, longer ones along the shaft, growing into the tissue."""
    field = gmsh.model.mesh.field
    for name in ("ExtendFromBoundary", "FromPoints", "FromCurvature"):
        gmsh.option.setNumber(f"Mesh.MeshSize{name}", 0)
    fields = []

    def near(size: float, hold: float, **where) -> None:
        distance = field.add("Distance")
        for key, value in where.items():
            field.setNumbers(distance, key, value)
        field.setNumber(distance, "Sampling", 200)
        threshold = field.add("Threshold")
        size = min(size / refine, largest)
        values = {"SizeMin": size, "SizeMax": largest, "DistMin": hold, "DistMax": hold + (largest - size) / GROWTH}
        for key, value in {"InField": distance, **values}.items():
            field.setNumber(threshold, key, value)
        fields.append(threshold)

    skin = _shared_curves([piece for piece, number in kept.items() if number != 0], tissue)
    behind = -MILLIMETRES * (antenna.radiating_end + 5e-3)
    radiating, rest = [], []
    for curve in skin:
        _, low, _, _, high, _ = gmsh.model.getBoundingBox(1, curve)
        (radiating if high > behind and low > behind - 30 else rest).append(curve)
    if radiating:
        near(AT_SURFACE, 0.1, CurvesList=radiating)
    if rest:
        near(AT_SHAFT, 0.1, CurvesList=rest)
    rims = _rims(antenna)
    marked = [
        tag
        for _, tag in gmsh.model.getEntities(0)
        if np.any(np.hypot(*(rims - gmsh.model.getValue(0, tag, [])[:2]).T) < 1e-3)
    ]
    if marked:
        near(AT_EDGES, 0.05, PointsList=marked)
    for piece, number in kept.items():
        if number == 0:
            continue
        curves = [abs(tag) for _, tag in gmsh.model.getBoundary([(2, piece)], oriented=False)]
        around = sum(gmsh.model.occ.getMass(1, curve) for curve in curves)
        thickness = 2 * gmsh.model.occ.getMass(2, piece) / around
        constant = field.add("Constant")
        field.setNumber(constant, "VIn", min(PER_GAP * 2 * thickness, 2.0) / refine)
        field.setNumber(constant, "VOut", 1e3)
        field.setNumbers(constant, "SurfacesList", [piece])
        fields.append(constant)
    top = field.add("Constant")
    field.setNumber(top, "VIn", largest)
    field.setNumber(top, "VOut", largest)
    least = field.add("Min")
    field.setNumbers(least, "FieldsList", [*fields, top])
    field.setAsBackgroundMesh(least)


def _rims(antenna: Antenna) -> np.ndarray:
    """Corners (n, 2) in mm of conductors where the field peaks."""
    coax = antenna.coax
    inner, insulator, outer = coax.inner_diameter / 2, coax.dielectric_diameter / 2, coax.outer_diameter / 2
    corners = [(r, -z) for slot in antenna.slots for r in (insulator, outer) for z in (slot.start, slot.end)]
    corners += [(r, -coax.outer_end) for r in (insulator, outer)] + [(inner, -coax.inner_end)]
    for layer in antenna.layers:
        if layer.material == "metal":
            corners.append((layer.diameter / 2, -layer.start))
            corners += [] if layer.end is None else [(layer.diameter / 2, -layer.end)]
    return MILLIMETRES * np.array(corners)


def _shared_curves(first: list[int], second: list[int]) -> list[int]:
    """Curves between two groups of surfaces."""

    def around(pieces: list[int]) -> set[int]:
        return {tag for piece in pieces for _, tag in gmsh.model.getBoundary([(2, piece)], oriented=False)}

    return sorted(around(first) & around(second))


def _arrays(kept: dict[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    meshed = MeshedModel()
    pieces: dict[int, list[int]] = {}
    for piece, number in sorted(kept.items()):
        pieces.setdefault(number, []).append(piece)
    cells, materials = meshed.elements(2, 3, pieces)
    used, inverse = np.unique(cells, return_inverse=True)
    return meshed.points[used, :2], inverse.reshape(cells.shape), materials
