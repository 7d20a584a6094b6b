"""Other well-kept meshers on the same labels: MMG's level-set splits, and TetGen on surface nets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import chdir
from dataclasses import replace

import numpy as np

from pennes.scene.arrays import MeshArrays, signed_volumes
from pennes.scene.cutting import hollowed
from pennes.scene.improving import as_mmg, from_mmg, optimised
from pennes.scene.label_comparison import compared_region, compared_vessel
from pennes.scene.label_fields import LabelField
from pennes.scene.label_mesh import WholeMesh
from pennes.scene.names import LabelComparison
from pennes.scene.plan import ScenePlan

FIRST_TAG = 900
"""Of the labels' regions and walls; those of needles are smaller."""
INSIDE = 3
"""MMG's number for cells inside of a level set."""
LATTICE = 1e-3
"""Of the surface nets, m."""
SMOOTHINGS = 5
"""Of the surface nets; with their usual sixteen they cut themselves."""

Step = Callable[[MeshArrays, int, LabelField], tuple[MeshArrays, np.ndarray]]
"""A mesh, number and field of a label -> the mesh with the label in it, and which of its cells (m,) are inside."""


def by_mmg(whole: WholeMesh) -> tuple[MeshArrays, list[LabelComparison]]:
    """MMG splits the mesh of box and metal along each level set, without remeshing (which makes a million of fifty
    thousand cells), then optimises the cells with all surfaces kept and no new vertices. For vessels and one target.

    Raises RuntimeError where MMG fails.
    """
    if sum(field.kind != "vessel" for field in whole.fields) > 1:
        raise RuntimeError("splits forget regions")
    mesh, lumens = _labelled(whole, whole.mesh, _split)
    mesh = optimised(mesh, noinsert=1)
    if mesh is None:
        raise RuntimeError("MMG could not optimise the mesh")
    return mesh, _compared(whole, mesh, lumens, whole.plan)


def _split(mesh: MeshArrays, number: int, field: LabelField) -> tuple[MeshArrays, np.ndarray]:
    level = -1e3 * field.level(mesh.points)
    if not (level < 0).any():
        return mesh, np.zeros(len(mesh.cells), dtype=bool)
    work = as_mmg(mesh)
    work.remesh_levelset(level[:, None], noinsert=1, noswap=1, nomove=1, verbose=-1)
    split = from_mmg(work)
    return replace(split, cell_tags=np.ones_like(split.cell_tags)), split.cell_tags == INSIDE


def by_tetgen(whole: WholeMesh) -> tuple[MeshArrays, list[LabelComparison]]:
    """Surface nets of the labels on a lattice, smoothed a little, filled by TetGen; no needle.

    Raises RuntimeError where the surfaces cut themselves, ModuleNotFoundError without tetgen.
    """
    import tetgen

    filler = tetgen.TetGen(_surface_nets(whole))
    with tempfile.TemporaryDirectory() as place, chdir(place):  # what TetGen cannot mesh it leaves in files
        points, cells, pieces, _ = filler.tetrahedralize(switches="pq1.4AQ")
    points, pieces = 1e-3 * np.asarray(points, np.float64), np.asarray(pieces, int).ravel()
    tags = np.ones(len(cells), dtype=int)
    volumes, middles = np.abs(signed_volumes(points, cells)), points[cells].mean(axis=1)
    sizes = np.bincount(pieces, volumes)
    for number, field in enumerate(whole.fields):
        # TetGen numbers the pieces that surfaces enclose; each belongs to the label that most of it lies in. Surfaces
        # leak where labels meet: there the middles of cells say what they belong to.
        within = field.level(middles) > 0
        held = np.bincount(pieces, volumes * within, minlength=len(sizes)) > 0.5 * sizes
        tags[held[pieces] | (within & (pieces == sizes.argmax()))] = FIRST_TAG + number
    mesh = MeshArrays(points, cells, tags, np.empty((0, 3), int), np.empty(0, int))
    mesh, lumens = _labelled(whole, mesh, lambda mesh, number, _: (mesh, mesh.cell_tags == FIRST_TAG + number))
    return mesh, _compared(whole, mesh, lumens, replace(whole.plan, wires=()))


def _surface_nets(whole: WholeMesh):
    """Triangles (pyvista) between the labels in the box and around it, in mm."""
    import pyvista

    box = whole.box
    count = np.ceil(np.array(box.size) / LATTICE).astype(int)
    step = np.array(box.size) / count
    first = np.array(box.centre) - np.array(box.size) / 2 - step / 2
    places = [first[k] + step[k] * np.arange(count[k] + 2) for k in range(3)]
    points = np.stack(np.meshgrid(*places, indexing="ij"), -1).reshape(-1, 3)
    labels = np.ones(len(points), dtype=np.uint8)
    for number, field in enumerate(whole.fields):
        labels[field.level(points) > 0] = 2 + number
    labels = labels.reshape(count + 2)
    for axis in range(3):
        ends = np.moveaxis(labels, axis, 0)
        ends[0] = ends[-1] = 0
    image = pyvista.ImageData(dimensions=count + 2, spacing=1e3 * step, origin=1e3 * first)
    image.point_data["label"] = labels.ravel(order="F")
    surface = image.contour_labels(
        "all", scalars="label", smoothing=True, smoothing_iterations=SMOOTHINGS, output_mesh_type="triangles"
    )
    return pyvista.PolyData(surface.points, surface.faces)


def _labelled(whole: WholeMesh, mesh: MeshArrays, step: Step) -> tuple[MeshArrays, dict[str, float]]:
    """The mesh with vessels hollowed out and regions tagged, and the lumens in m3 by vessel."""
    lumens = {}
    for number, field in enumerate(whole.fields):
        mesh, inside = step(mesh, number, field)
        tag = FIRST_TAG + number
        if field.kind == "vessel":
            lumens[field.name] = float(np.abs(signed_volumes(mesh.points, mesh.cells[inside])).sum())
            mesh = hollowed(mesh, inside, tag)
        else:
            mesh = replace(mesh, cell_tags=np.where(inside, tag, mesh.cell_tags))
    return mesh, lumens


def _compared(whole: WholeMesh, mesh: MeshArrays, lumens: dict[str, float], plan: ScenePlan) -> list[LabelComparison]:
    """As our own meshes are compared; ``plan``: with the metal that the mesh lacks."""
    return [
        compared_vessel(field, mesh, lumens[field.name], FIRST_TAG + number, whole.box)
        if field.kind == "vessel"
        else compared_region(field, mesh, FIRST_TAG + number, whole.box, plan)
        for number, field in enumerate(whole.fields)
    ]
