"""The picture of what vessels cost: zone, tumour and needle with the vessels coloured by the margin they take."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pennes.report import palette
from pennes.report.folder import Result, read_result
from pennes.report.style import house_style, png
from pennes.report.viewpoint import Camera, Frame, make_camera, make_frame

SIZE = (720, 680)
UNKNOWN = "#c9ced6"
"""Vessels of which no paired run was made."""
FAINT = 0.18

Pictures = list[tuple[np.ndarray, np.ndarray]]
"""Of every view the picture and the masks of its see-through parts."""


def draw_costs(folder: Path) -> bytes | None:
    """A PNG of the result in ``folder`` with its vessel_costs.json; None where this machine cannot render.

    A branch has its own cost where that was measured, the vessel's where the vessel has one branch only.
    """
    result = read_result(folder)
    costs = json.loads((folder / "vessel_costs.json").read_text())["costs"]
    top = max((_worst(entry) for entry in costs if np.isfinite(_worst(entry))), default=0.0)
    limits = (0.0, max(top, 0.1))
    frame = make_frame(result)
    reach = 1.15 * frame.radius
    cameras = [make_camera(frame, azimuth, 20.0, frame.radius, reach) for azimuth in (-28.0, 152.0)]
    with tempfile.TemporaryDirectory(prefix="pennes-costs-") as name:
        painted = _painted(result, costs, Path(name))
        pictures = _render(_parts(result, painted, frame, reach), cameras, limits, Path(name))
    if pictures is None:
        return None
    with house_style():
        return _figure(pictures, cameras, limits, result.zone is not None)


def _worst(entry: dict) -> float:
    return max((cost for cost in entry["margin_cost_mm"].values() if cost is not None), default=float("nan"))


def _colours() -> np.ndarray:
    return matplotlib.colormaps["YlOrRd"](np.linspace(0.1, 1.0, 256))


def _painted(result: Result, costs: list[dict], place: Path) -> tuple[Path | None, Path | None]:
    """Vessels with their cost as point data, which the renderer knows as a margin; vessels whose cost is not known."""
    mesh = result.vessels.mesh
    cost = np.full(mesh.n_points, np.nan)
    vessels = [entry["name"] for entry in result.summary["vessels"]]
    branched = {entry["name"] for entry in result.summary["vessels"] if len(entry["branches"]) > 1}
    for entry in costs:
        own = mesh["vessel"] == vessels.index(entry["vessel"])
        if entry["branch"] is not None:
            own &= mesh["branch"] == entry["branch"]
        elif entry["vessel"] in branched:
            continue
        cost[own] = _worst(entry)
    files = []
    for name, chosen in (("known", np.isfinite(cost)), ("unknown", np.isnan(cost))):
        part = mesh.copy()
        part["margin_mm"] = cost
        part = part.extract_points(chosen, adjacent_cells=False).extract_surface(algorithm="dataset_surface")
        if part.n_cells:
            part.save(place / f"{name}.vtp")
        files.append(place / f"{name}.vtp" if part.n_cells else None)
    return files[0], files[1]


def _parts(result: Result, vessels: tuple[Path | None, Path | None], frame: Frame, reach: float) -> list[dict]:
    axes = [sign * axis for axis in (frame.side, frame.up, frame.front) for sign in (1.0, -1.0)]
    cuts = [[axis.tolist(), (frame.centre + reach * axis).tolist()] for axis in axes]
    parts: list[dict] = [{"file": str(s.file), "colour": palette.TUMOUR} for s in result.targets.values()]
    if result.applicators is not None:
        parts.append({"file": str(result.applicators.file), "colour": palette.NEEDLE, "sharp": True, "cuts": cuts})
    known, unknown = vessels
    if known is not None:
        look = {"painted": True, "contours": [], "ink": palette.INK, "unknown": UNKNOWN, "colour": UNKNOWN}
        parts.append({"file": str(known), "cuts": cuts, **look})
    if unknown is not None:
        parts.append({"file": str(unknown), "cuts": cuts, "colour": UNKNOWN, "opacity": FAINT})
    if result.zone is not None:
        parts.append({"file": str(result.zone.file), "colour": palette.ZONE, "opacity": 0.22})
    return parts


def _render(parts: list[dict], cameras: list[Camera], limits: tuple[float, float], place: Path) -> Pictures | None:
    views = [
        {
            "file": str(place / f"{number}.npz"),
            "centre": camera.centre.tolist(),
            "towards": camera.towards.tolist(),
            "up": camera.up.tolist(),
            "half_height": camera.half_height,
            "parts": parts,
        }
        for number, camera in enumerate(cameras)
    ]
    table = (255 * _colours()).astype(int).tolist()
    job = {"size": SIZE, "colours": table, "limits": list(limits), "views": views}
    (place / "job.json").write_text(json.dumps(job))
    command = [sys.executable, "-m", "pennes.report.rendering", str(place / "job.json")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return None
    found = [np.load(view["file"]) for view in views]
    return [(arrays["picture"], arrays["masks"]) for arrays in found]


def _figure(pictures: Pictures, cameras: list[Camera], limits: tuple[float, float], outlined: bool) -> bytes:
    figure = Figure(figsize=(10.6, 5.2), layout="none")
    for number, ((picture, masks), camera) in enumerate(zip(pictures, cameras, strict=True)):
        axes = figure.add_axes((0.005 + 0.455 * number, 0.07, 0.445, 0.86))
        high = camera.half_height
        wide = high * picture.shape[1] / picture.shape[0]
        axes.imshow(picture, extent=(-wide, wide, -high, high), interpolation="antialiased")
        # The zone is the last of the see-through parts.
        if outlined and len(masks) and masks[-1].any():
            extent = (-wide, wide, -high, high)
            axes.contour(masks[-1][::-1], [0.5], colors=palette.ZONE, linewidths=1.2, extent=extent)
        axes.plot([-0.94 * wide, -0.94 * wide + 10.0], [-0.93 * high] * 2, color=palette.INK, linewidth=2.5)
        axes.text(-0.94 * wide + 5.0, -0.91 * high, "10 mm", ha="center", va="bottom", fontsize=8.5)
        axes.set_axis_off()
        axes.set_title(("From the front", "From behind (turned by 180° about the needle)")[number])
    scale = ScalarMappable(Normalize(*limits), ListedColormap(_colours()))
    bar = figure.colorbar(scale, cax=figure.add_axes((0.925, 0.14, 0.018, 0.68)))
    bar.set_label("margin that the vessel costs, mm")
    keys = [
        Patch(color=palette.TUMOUR, label="tumour"),
        Patch(facecolor=palette.ZONE, alpha=0.35, label="zone of dead tissue"),
        Patch(color=palette.NEEDLE, label="applicator"),
        Patch(color=UNKNOWN, label="vessel of which no paired run was made"),
    ]
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.46, 0.0))
    return base64.b64decode(png(figure).partition(",")[2])
