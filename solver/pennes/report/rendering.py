"""Renders surfaces off-screen. Runs as a program of its own, so that a graphics driver that fails ends nothing else.

Its argument is a JSON file that describes the views; the pictures are written as .npz arrays. No X server is needed:
VTK is told to use EGL where there is no display.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

NO_GRAPHICS = 3
"""Exit code where the machine has no off-screen OpenGL (neither a display nor libEGL nor libOSMesa)."""


def _choose_window() -> bool:
    """Tell VTK which kind of window to open; False where there is none (VTK itself would crash)."""
    if sys.platform != "linux" or os.environ.get("DISPLAY"):
        return True
    for library, window in (("libEGL.so.1", "vtkEGLRenderWindow"), ("libOSMesa.so.8", "vtkOSOpenGLRenderWindow")):
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", window)
        return True
    return False


def _cut(mesh: Any, part: dict[str, Any]) -> Any:
    """The part of a surface that the part's planes leave."""
    for normal, origin in part.get("cuts", ()):
        if mesh.n_cells:
            mesh = mesh.clip(normal=normal, origin=origin)
    return mesh


def _surface(part: dict[str, Any], view: dict[str, Any], meshes: dict[str, Any]) -> Any:
    """The surface of a part, cut off by its planes; of vessels what may be seen of their thin branches."""
    mesh = meshes[part["file"]]
    if part.get("branches"):
        mesh = _seen(mesh, view, part["branches"])
    return _cut(mesh, part)


def _seen(mesh: Any, view: dict[str, Any], branches: str) -> Any:
    """Vessels without their thin branches (``branch`` from 0 on; there are hundreds) between the eye and the middle of
    the view (``branches``: behind), or without any of these (none)."""
    if "branch" not in mesh.point_data or not (mesh["branch"] >= 0).any():
        return mesh
    walls, thin = (
        mesh.extract_points(chosen, adjacent_cells=False).extract_surface(algorithm="dataset_surface")
        for chosen in (mesh["branch"] < 0, mesh["branch"] >= 0)
    )
    if branches == "none":
        return walls
    return walls.append_polydata(thin.clip(normal=view["towards"], origin=view["centre"]))


def _add(
    plotter: Any,
    part: dict[str, Any],
    view: dict[str, Any],
    meshes: dict[str, Any],
    colours: np.ndarray,
    limits: list[float],
) -> None:
    """Add one part of a view: a surface, cut off by planes, in one colour or painted with its margin."""
    import pyvista as pv

    if part["file"] not in meshes:
        meshes[part["file"]] = pv.read(part["file"]).clean()
    mesh = _surface(part, view, meshes)
    if mesh.n_cells == 0:
        return
    look: dict[str, Any] = {
        "smooth_shading": True,
        "specular": 0.15,
        "specular_power": 25,
        "ambient": 0.4,
        "diffuse": 0.75,
    }
    if part.get("sharp"):
        look.update(split_sharp_edges=True, feature_angle=40.0)
    if part.get("opacity", 1.0) < 1.0:
        look.update(opacity=part["opacity"], culling="back")
    if not part.get("painted"):
        plotter.add_mesh(mesh, color=part["colour"], **look)
        return
    look.update(ambient=0.5, diffuse=0.55, specular=0.0)
    table = pv.LookupTable(values=colours, scalar_range=tuple(limits), nan_color=part["unknown"])
    plotter.add_mesh(mesh, scalars="margin_mm", cmap=table, show_scalar_bar=False, **look)
    if not part["contours"]:
        return
    unknown = np.isnan(mesh["margin_mm"])
    known = mesh.remove_points(unknown)[0] if unknown.any() else mesh
    lines = known.contour(part["contours"], scalars="margin_mm")
    if lines.n_points:
        lines.points = mesh.center + 1.006 * (lines.points - np.array(mesh.center))
        plotter.add_mesh(lines, color=part["ink"], line_width=2, lighting=False, show_scalar_bar=False)


def _mask(plotter: Any, part: dict[str, Any], view: dict[str, Any], meshes: dict[str, Any]) -> np.ndarray:
    """Where a see-through part is in the view, (height, width) bool: its outline is drawn over the picture later."""
    plotter.suppress_rendering = True
    plotter.clear_actors()
    mesh = _surface(part, view, meshes)
    if mesh.n_cells:
        plotter.add_mesh(mesh, color="black", lighting=False)
    plotter.suppress_rendering = False
    plotter.render()
    return plotter.screenshot(return_img=True)[..., 0] < 128


def render(job: dict[str, Any]) -> None:
    """Render all views of a job with one plotter. Keys: ``size``, ``colours``, ``limits``, ``views``."""
    import pyvista as pv

    colours, meshes = np.array(job["colours"], dtype=np.uint8), {}
    plotter = pv.Plotter(off_screen=True, window_size=job["size"], lighting="light kit")
    plotter.set_background("white")
    plotter.enable_anti_aliasing("msaa", multi_samples=4)
    plotter.enable_parallel_projection()
    plotter.show(auto_close=False)
    for view in job["views"]:
        plotter.suppress_rendering = True  # else every part that is added renders the view anew
        plotter.clear_actors()
        for part in view["parts"]:
            _add(plotter, part, view, meshes, colours, job["limits"])
        centre, towards = np.array(view["centre"]), np.array(view["towards"])
        plotter.camera_position = [tuple(centre + 500.0 * towards), tuple(centre), tuple(view["up"])]
        plotter.camera.parallel_scale = view["half_height"]
        plotter.renderer.reset_camera_clipping_range()
        plotter.suppress_rendering = False
        plotter.render()
        picture = plotter.screenshot(return_img=True)
        masks = [_mask(plotter, part, view, meshes) for part in view["parts"] if part.get("opacity", 1.0) < 1.0]
        np.savez(view["file"], picture=picture, masks=np.array(masks, dtype=bool).reshape(-1, *picture.shape[:2]))
    plotter.close()


def main(file: str) -> int:
    """Read the job and render it; the exit code is 0, or ``NO_GRAPHICS``."""
    job = json.loads(Path(file).read_text())
    if not _choose_window():
        return NO_GRAPHICS
    render(job)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
