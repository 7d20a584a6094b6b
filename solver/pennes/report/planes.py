"""Temperature in two planes through the needle, with the outlines of zone, tumour, vessel and needle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyvista as pv
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from matplotlib.tri import Triangulation

from pennes.report import palette
from pennes.report.fields import FieldFile
from pennes.report.folder import Result, Surface
from pennes.report.style import png
from pennes.report.viewpoint import Frame, make_frame

ISOTHERMS = (43.0, 50.0, 60.0, 80.0, 100.0)
"""C: drawn as labelled lines."""
_HEAT = LinearSegmentedColormap.from_list("heat", colormaps["magma_r"](np.linspace(0.0, 0.88, 256)))


@dataclass(frozen=True)
class Plane:
    """A plane through ``origin`` spanned by unit vectors ``right`` and ``up``, lengths in mm."""

    title: str
    origin: np.ndarray
    right: np.ndarray
    up: np.ndarray

    @property
    def normal(self) -> np.ndarray:
        return np.cross(self.right, self.up)

    def flatten(self, points: np.ndarray) -> np.ndarray:
        """In-plane coordinates (n, 2) of points (n, 3)."""
        offset = points - self.origin
        return np.column_stack([offset @ self.right, offset @ self.up])


def needle_planes(frame: Frame) -> tuple[Plane, Plane]:
    """The plane of needle and nearest vessel, and the one at right angles to it through the needle."""
    origin = frame.axis_point + ((frame.centre - frame.axis_point) @ frame.up) * frame.up
    towards = f", towards {frame.towards}" if frame.towards else ""
    first = Plane(f"Plane A: through the needle{towards}", origin, frame.side, frame.up)
    return first, Plane("Plane B: through the needle, at right angles to A", origin, -frame.front, frame.up)


def heated_time(result: Result, times: np.ndarray) -> float:
    """The saved time in s nearest to the last moment at which power was delivered (the last one if there was none)."""
    on = result.history["time_s"][np.nan_to_num(result.history["power_w"]) > 0.0]
    return float(times[np.abs(times - on[-1]).argmin()]) if len(on) else float(times[-1])


def cut_field(
    points: np.ndarray, cells: np.ndarray, values: np.ndarray, plane: Plane
) -> tuple[Triangulation, np.ndarray] | None:
    """Cut tetrahedra (m, 4) by a plane: the triangulated section and the values on it; None where none is cut.

    Triangles (m, 3) in a half-plane of the needle, whose axis lies in ``plane``, are turned into it, to both sides.
    """
    if cells.shape[1] == 3:
        return _both_sides(points, cells, values, plane)
    origin = plane.origin + 1.234e-4 * plane.normal  # mm: a plane that runs along faces of the mesh would cut nothing
    height = (points - origin) @ plane.normal
    side = height[cells] > 0.0
    cut = cells[side.any(axis=1) & ~side.all(axis=1)]
    if not len(cut):
        return None
    used, local = np.unique(cut, return_inverse=True)
    grid = pv.UnstructuredGrid({pv.CellType.TETRA: local.reshape(-1, 4)}, points[used])
    grid.point_data["value"] = values[used]
    section = grid.slice(normal=plane.normal, origin=origin, generate_triangles=True)
    place = plane.flatten(section.points)
    triangles = section.faces.reshape(-1, 4)[:, 1:]
    (x0, y0), (x1, y1), (x2, y2) = (place[triangles[:, i]].T for i in range(3))
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    return Triangulation(*place.T, triangles[np.abs(area) > 1e-10]), np.asarray(section["value"])


def _both_sides(
    points: np.ndarray, triangles: np.ndarray, values: np.ndarray, plane: Plane
) -> tuple[Triangulation, np.ndarray]:
    offset = points - plane.origin
    height = offset @ plane.up
    radius = np.linalg.norm(offset - height[:, None] * plane.up, axis=1)
    both = np.concatenate([triangles, triangles + len(points)])
    return Triangulation(np.concatenate([radius, -radius]), np.tile(height, 2), both), np.tile(values, 2)


def outlines(surface: Surface | None, plane: Plane, *, closed: bool = False) -> list[np.ndarray]:
    """Lines (n, 2) in which a surface meets a plane; ``closed`` closes the open ends of tubes first."""
    if surface is None:
        return []
    mesh = surface.mesh.fill_holes(1e3) if closed and surface.mesh.n_open_edges else surface.mesh
    lines = mesh.slice(normal=plane.normal, origin=plane.origin)
    if lines.n_cells == 0:
        return []
    lines = lines.clean().strip(join=True, max_length=100_000)
    found, position, flat = [], 0, lines.lines  # VTK's array: count, ids, count, ids, ...
    while position < len(flat):
        end = position + 1 + flat[position]
        found.append(plane.flatten(lines.points[flat[position + 1 : end]]))
        position = end
    return found


def _fill(axes: Axes, loops: list[np.ndarray], **look: object) -> None:
    if loops:
        axes.add_patch(PathPatch(Outline.make_compound_path(*(Outline(loop) for loop in loops)), **look))


def window(result: Result, planes: tuple[Plane, Plane], points: np.ndarray) -> tuple[float, float, float]:
    """Half width, lowest and highest in-plane coordinate shown in both planes, mm."""
    shown = [surface.mesh.points for surface in result.targets.values()]
    shown += [result.zone.mesh.points] if result.zone is not None else []
    flat = (
        [plane.flatten(np.concatenate(shown)) for plane in planes] if shown else [np.array([[15.0, 15.0], [-15, -15]])]
    )
    every = np.concatenate(flat)
    body = np.concatenate([np.abs(plane.flatten(points)) for plane in planes]).max(axis=0)
    half = min(max(np.abs(every[:, 0]).max() + 8.0, 26.0), body[0])
    return half, max(every[:, 1].min() - 6.0, -body[1]), min(every[:, 1].max() + 6.0, body[1])


def draw_planes(result: Result, fields: FieldFile) -> tuple[str, float]:
    """Both planes side by side, or one where all are alike, as a data URI, and the time in s whose temperature they
    show."""
    time = heated_time(result, fields.times("temperature"))
    points, cells = fields.mesh()
    values = fields.values("temperature", time)
    planes = needle_planes(make_frame(result))
    half, low, high = window(result, planes, points)
    if result.axisymmetric:
        planes = (replace(planes[0], title="Through the needle, on both sides of its axis"),)
    norm = Normalize(37.0, 110.0)
    width = 4.15
    height = float(np.clip(width * (high - low) / (2.0 * half), 3.0, 7.0))
    wide, total = 10.2 if len(planes) == 2 else 5.7, height + 1.25
    figure = Figure(figsize=(wide, total), layout="none")
    for number, plane in enumerate(planes):
        axes = figure.add_axes(((0.61 + 4.54 * number) / wide, 0.8 / total, width / wide, height / total))
        _draw_section(axes, cut_field(points, cells, values, plane), norm)
        draw_outlines(axes, result, plane)
        axes.set(xlim=(-half, half), ylim=(low, high), aspect="equal", xlabel="across the needle, mm")
        axes.set_title(plane.title if len(plane.title) < 56 else plane.title[:54] + "…", fontsize=9.5)
        axes.spines[["top", "right"]].set_visible(True)
        if number == 0:
            axes.set_ylabel("along the needle, mm")
    bar = figure.colorbar(
        ScalarMappable(norm, _HEAT),
        cax=figure.add_axes((1.0 - 0.7 / wide, 0.8 / total, 0.13 / wide, height / total)),
        extend="max",
    )
    bar.set_ticks([37, *ISOTHERMS])
    bar.set_label("temperature, °C", labelpad=2)
    figure.legend(handles=_keys(result), loc="lower center", ncols=5, bbox_to_anchor=(0.5, 0.0))
    return png(figure), time


def _draw_section(axes: Axes, section: tuple[Triangulation, np.ndarray] | None, norm: Normalize) -> None:
    if section is None:
        return
    triangles, values = section
    shades = np.arange(norm.vmin, norm.vmax + 0.1, 1.0)
    axes.tricontourf(triangles, values, levels=shades, cmap=_HEAT, norm=norm, extend="both", antialiased=False)
    levels = [level for level in ISOTHERMS if values.min() < level < values.max()]
    if levels:
        lines = axes.tricontour(triangles, values, levels=levels, colors=palette.INK, linewidths=0.6)
        for place, (level, segments) in enumerate(zip(levels, lines.allsegs, strict=True)):
            line = max(segments, key=lambda segment: np.linalg.norm(np.ptp(segment, axis=0)))
            x, y = line[(line @ [0.6 - 1.2 * (place % 2), -0.8]).argmax()]  # below, by turns right and left
            halo = [withStroke(linewidth=2.0, foreground="white")]
            axes.text(
                x, y, f"{level:g} °C", fontsize=7.5, ha="center", va="center", path_effects=halo, clip_on=True, zorder=7
            )


def draw_outlines(axes: Axes, result: Result, plane: Plane) -> None:
    """Vessel, needle, tumour and zone where they meet a plane."""
    vessel = outlines(result.vessels, plane, closed=True)
    _fill(axes, vessel, facecolor=palette.VESSEL, edgecolor="#1c5f8a", linewidth=1.2, zorder=3)
    needle = outlines(result.applicators, plane, closed=True)
    _fill(axes, needle, facecolor=palette.NEEDLE, edgecolor=palette.INK, linewidth=0.5, zorder=4)
    halo = [withStroke(linewidth=3.6, foreground="white")]
    for surface in result.targets.values():
        for line in outlines(surface, plane):
            axes.plot(*line.T, color="#00664a", linewidth=1.8, linestyle=(0, (4, 2)), path_effects=halo, zorder=5)
    for line in outlines(result.zone, plane):
        axes.plot(*line.T, color=palette.INK, linewidth=2.2, path_effects=halo, zorder=6)


def _keys(result: Result) -> list[Line2D | Patch]:
    keys: list[Line2D | Patch] = [Line2D([], [], color=palette.INK, linewidth=0.6, label="isotherm")]
    if result.zone is not None:
        keys.append(Line2D([], [], color=palette.INK, linewidth=2.2, label="edge of the zone"))
    if result.targets:
        keys.append(Line2D([], [], color="#00664a", linewidth=1.8, linestyle=(0, (4, 2)), label="tumour"))
    if result.vessels is not None:
        keys.append(Patch(facecolor=palette.VESSEL, edgecolor="#1c5f8a", label="vessel"))
    if result.applicators is not None:
        keys.append(Patch(facecolor=palette.NEEDLE, edgecolor=palette.INK, label="applicator"))
    return keys
