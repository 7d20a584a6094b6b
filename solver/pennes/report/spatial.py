"""Pictures in space: zone, tumour, vessel and needle from two sides; the margin painted on the tumour."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pennes.report import palette, rendering, words
from pennes.report.folder import Result
from pennes.report.style import margin_scale, png
from pennes.report.viewpoint import Camera, Frame, make_camera, make_frame

SIZE = (720, 680)
"""Pixels of one rendered view."""


@dataclass
class Renderer:
    """Views that are being rendered by a program of its own while the other figures are drawn."""

    directory: Path
    process: subprocess.Popen[str] | None
    cameras: dict[str, list[Camera]] = field(default_factory=dict)
    failure: str = ""

    def pictures(self, name: str) -> list[tuple[np.ndarray, np.ndarray]] | None:
        """The views of one figure: picture (height, width, 3) uint8 and masks (n, height, width) of the n see-through
        parts; None where they could not be rendered.
        """
        if self.process is not None:
            error = self.process.communicate()[1]
            code, self.process = self.process.returncode, None
            if code == rendering.NO_GRAPHICS:
                self.failure = "This machine has no off-screen OpenGL (libEGL or libOSMesa)."
            elif code:
                self.failure = f"The renderer ended with code {code}. {(error.strip().splitlines() or [''])[-1]}"
        files = [self.directory / f"{name}-{number}.npz" for number in range(len(self.cameras[name]))]
        if not all(file.is_file() for file in files):
            return None
        found = [np.load(file) for file in files]
        return [(arrays["picture"], arrays["masks"]) for arrays in found]


@contextmanager
def start_renderer(result: Result) -> Iterator[Renderer]:
    """Begin to render all views; the program is ended when the context is left."""
    with tempfile.TemporaryDirectory(prefix="pennes-report-") as name:
        renderer = Renderer(Path(name), None)
        job = {
            "size": SIZE,
            "colours": palette.margin_colours().tolist(),
            "limits": palette.MARGIN_RANGE,
            "views": list(_views(result, renderer)),
        }
        file = renderer.directory / "job.json"
        file.write_text(json.dumps(job))
        command = [sys.executable, "-m", "pennes.report.rendering", str(file)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        renderer.process = process = subprocess.Popen(command, text=True, **pipes)
        try:
            yield renderer
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def _views(result: Result, renderer: Renderer) -> Iterator[dict[str, Any]]:
    frame = make_frame(result)
    reach = 1.15 * frame.radius
    cameras = [make_camera(frame, azimuth, 16.0, frame.radius, reach) for azimuth in (-28.0, 152.0)]
    yield from _figure(renderer, "overview", cameras, _overview_parts(result, frame, reach))
    for number, target in enumerate(result.targets):
        frame = make_frame(result, target)
        own = float(np.linalg.norm(result.targets[target].mesh.points - frame.centre, axis=1).max())
        reach = max(2.0 * own, frame.vessel_reach if frame.vessel_reach < 3.0 * own else 0.0)
        turn, rise = _worst_angles(result, frame, target)
        angles = ((turn, rise), (turn + 180.0, -rise))
        cameras = [make_camera(frame, azimuth, elevation, 1.45 * own, reach) for azimuth, elevation in angles]
        yield from _figure(renderer, f"target-{number}", cameras, _painted_parts(result, frame, target, reach))


def _figure(
    renderer: Renderer, name: str, cameras: list[Camera], parts: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    renderer.cameras[name] = cameras
    for number, camera in enumerate(cameras):
        yield {
            "file": str(renderer.directory / f"{name}-{number}.npz"),
            "centre": camera.centre.tolist(),
            "towards": camera.towards.tolist(),
            "up": camera.up.tolist(),
            "half_height": camera.half_height,
            "parts": parts,
        }


def _surroundings(
    result: Result, frame: Frame, reach: float, vessel_opacity: float = 1.0, branches: str = "behind"
) -> list[dict[str, Any]]:
    axes = [sign * axis for axis in (frame.side, frame.up, frame.front) for sign in (1.0, -1.0)]
    cuts = [[axis.tolist(), (frame.centre + reach * axis).tolist()] for axis in axes]
    parts = []
    if result.applicators is not None:
        look = {"colour": palette.NEEDLE, "sharp": True, "cuts": cuts}
        parts.append({"file": str(result.applicators.file), **look})
    if result.vessels is not None:
        look = {"colour": palette.VESSEL, "opacity": vessel_opacity, "cuts": cuts, "branches": branches}
        parts.append({"file": str(result.vessels.file), **look})
    return parts


def _overview_parts(result: Result, frame: Frame, reach: float) -> list[dict[str, Any]]:
    parts = [{"file": str(surface.file), "colour": palette.TUMOUR} for surface in result.targets.values()]
    parts += _surroundings(result, frame, reach)
    if result.zone is not None:
        parts.append({"file": str(result.zone.file), "colour": palette.ZONE, "opacity": 0.22})
    return parts


def _painted_parts(result: Result, frame: Frame, target: str, reach: float) -> list[dict[str, Any]]:
    surface = result.targets[target]
    part: dict[str, Any] = {"file": str(surface.file), "colour": palette.MARGIN_CLASSES[0][2]}
    if np.isfinite(surface.mesh["margin_mm"]).any():
        contours = sorted({*palette.MARGIN_CONTOURS, float(_entry(result, target)["required_margin_mm"])})
        part.update(painted=True, contours=contours, ink=palette.INK, unknown=palette.NEEDLE)
    return [part, *_surroundings(result, frame, reach, vessel_opacity=0.3, branches="none")]


def _entry(result: Result, target: str) -> dict[str, Any]:
    return next(entry for entry in result.summary["targets"] if entry["name"] == target)


def _worst_angles(result: Result, frame: Frame, target: str) -> tuple[float, float]:
    """Azimuth and elevation (degrees) from which the worst point is seen, a little from the side."""
    worst = _entry(result, target)["worst_point_mm"]
    if worst is None:
        return 0.0, 16.0
    offset = np.array(worst) - frame.centre
    turn = np.degrees(np.arctan2(offset @ frame.side, offset @ frame.front))
    rise = np.degrees(np.arctan2(offset @ frame.up, np.hypot(offset @ frame.side, offset @ frame.front)))
    return float(turn - 25.0), float(np.clip(rise, -50.0, 50.0) * 0.6 + 10.0)


def _scale_bar(axes: Axes, half_width: float, half_height: float) -> None:
    length = 10.0 if half_height > 14.0 else 5.0
    left, level = -0.94 * half_width, -0.93 * half_height
    axes.plot([left, left + length], [level, level], color=palette.INK, linewidth=2.5, solid_capstyle="butt")
    axes.text(left + 0.5 * length, level + 0.02 * half_height, f"{length:g} mm", ha="center", va="bottom", fontsize=8.5)


def _show(axes: Axes, view: tuple[np.ndarray, np.ndarray], camera: Camera, colour: str) -> float:
    picture, masks = view
    half = camera.half_height
    wide = half * picture.shape[1] / picture.shape[0]
    axes.imshow(picture, extent=(-wide, wide, -half, half), interpolation="antialiased")
    for mask in masks:
        if mask.any():
            axes.contour(mask[::-1], [0.5], colors=colour, linewidths=1.0, extent=(-wide, wide, -half, half))
    axes.set_axis_off()
    _scale_bar(axes, wide, half)
    return wide


def draw_overview(result: Result, renderer: Renderer) -> str | None:
    """Zone, targets, vessels and applicators from two opposite sides, as a data URI; None without graphics."""
    pictures = renderer.pictures("overview")
    if pictures is None:
        return None
    figure = Figure(figsize=(10.2, 5.15), layout="none")
    for number, (view, camera) in enumerate(zip(pictures, renderer.cameras["overview"], strict=True)):
        axes = figure.add_axes((0.005 + 0.5 * number, 0.06, 0.49, 0.88))
        _show(axes, view, camera, palette.ZONE)
        _name_vessels(axes, camera, SIZE[0] / SIZE[1] * camera.half_height, result)
        axes.set_title(("From the front", "From behind (turned by 180° about the needle)")[number])
    keys = [Patch(color=palette.TUMOUR, label="tumour" if len(result.targets) == 1 else "tumours")] * bool(
        result.targets
    )
    if result.zone is not None:
        keys.append(Patch(facecolor=palette.ZONE, alpha=0.35, label="zone of dead tissue"))
    if result.vessels is not None:
        mesh = result.vessels.mesh
        thin = "branch" in mesh.point_data and (mesh["branch"] >= 0).any()
        words = "vessel (thin branches: only behind the middle)" if thin else "vessel"
        keys.append(Patch(color=palette.VESSEL, label=words))
    keys += [Patch(color=palette.NEEDLE, label="applicator")] * (result.applicators is not None)
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0))
    return png(figure)


def draw_painted(result: Result, renderer: Renderer, number: int, target: str) -> str | None:
    """The signed margin painted on a target, from its worst side and from the other; None without graphics."""
    name = f"target-{number}"
    pictures = renderer.pictures(name)
    if pictures is None:
        return None
    entry = _entry(result, target)
    painted = bool(np.isfinite(result.targets[target].mesh["margin_mm"]).any())
    figure = Figure(figsize=(10.2, 4.9), layout="none")
    for place, (view, camera) in enumerate(zip(pictures, renderer.cameras[name], strict=True)):
        axes = figure.add_axes((0.005 + 0.455 * place, 0.02, 0.445, 0.91))
        wide = _show(axes, view, camera, palette.VESSEL)
        side = "the side of the smallest margin" if painted else "one side"
        axes.set_title((f"Seen from {side}", "Seen from the opposite side")[place])
        if place == 0 and entry["worst_point_mm"] is not None:
            _mark_worst(axes, camera, entry)
        _name_vessels(axes, camera, wide, result)
    if painted:
        colours, norm = margin_scale()
        bar = Colorbar(figure.add_axes((0.93, 0.12, 0.018, 0.7)), cmap=colours, norm=norm, extend="both")
        bar.set_ticks([-5, 0, 5, 10, 15])
        bar.set_label("signed margin, mm")
    return png(figure)


def _mark_worst(axes: Axes, camera: Camera, entry: dict[str, Any]) -> None:
    x, y = camera.project(np.array(entry["worst_point_mm"]))[0]
    axes.plot(x, y, "o", ms=11, mfc="none", mec="white", mew=3.4)
    axes.plot(x, y, "o", ms=11, mfc="none", mec=palette.INK, mew=1.6)
    axes.annotate(
        words.number(entry["minimal_margin_mm"], unit="mm"),
        (x, y),
        xytext=(0, -16),
        textcoords="offset points",
        ha="center",
        va="top",
        weight="bold",
        bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": palette.INK, "lw": 0.7, "alpha": 0.92},
    )


def _name_vessels(axes: Axes, camera: Camera, wide: float, result: Result) -> None:
    """Write each vessel's name on it, near the border of the picture and clear of the middle."""
    box = {"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none", "alpha": 0.8}
    shares = np.linspace(0.0, 1.0, 200)
    for name in dict.fromkeys(tube.name for tube in result.tubes if result.vessels is not None):
        paths = [tube.path for tube in result.tubes if tube.name == name]
        points = [(1 - s) * a + s * b for path in paths for a, b in pairwise(path) for s in shares]
        places = camera.project(np.array(points))
        there = np.linalg.norm(np.array(points) - camera.centre, axis=1) < camera.reach
        offset = np.abs(places / [wide, camera.half_height])
        shown = there & (offset[:, 0] < 0.76) & (offset[:, 1] < 0.85)
        if shown.any():
            x, y = places[shown][offset[shown].max(axis=1).argmax()]
            axes.text(x, y, name, ha="center", va="center", fontsize=8.5, color="#1c5f8a", bbox=box)
