"""Other well-kept meshers on the same labels: MMG's level-set splits, and TetGen on surface nets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pennes.scene.arrays import FACETS, MeshArrays, facet_keys, signed_volumes
from pennes.scene.cutting import hollowed
from pennes.scene.improving import optimised
from pennes.scene.label_comparison import compared_region, compared_vessel
from pennes.scene.label_fields import LabelField
from pennes.scene.label_mesh import WholeMesh
from pennes.scene.names import LabelComparison

_SHIFT = 1000
"""Added to the tags of surfaces: MMG gives numbers of its own to those that it makes."""
LATTICE = 1e-3
"""Of the surface nets, m."""
SMOOTHINGS = 5
"""Of the surface nets; with their usual sixteen they cut themselves."""


def by_mmg(whole: WholeMesh) -> tuple[MeshArrays, list[LabelComparison]]:
    """MMG splits the mesh of box and metal along each level set, without remeshing (which makes a million of fifty
    thousand cells), then optimises the cells with all surfaces kept and no new vertices. For vessels and one target.

    Raises RuntimeError where MMG fails.
    """
    if sum(field.kind != "vessel" for field in whole.fields) > 1:
        raise RuntimeError("splits forget regions")
    mesh, lumens, walls, tags = whole.mesh, {}, {}, {}
    for number, field in enumerate(whole.fields):
        mesh, inside = _split(mesh, field)
        if field.kind == "vessel":
            lumens[field.name] = float(np.abs(signed_volumes(mesh.points, mesh.cells[inside])).sum())
            walls[field.name] = 900 + number
            mesh = hollowed(mesh, inside, walls[field.name])
            continue
        tags[field.name] = 10 + number
        mesh = replace(mesh, cell_tags=np.where(inside, tags[field.name], mesh.cell_tags))
    mesh = optimised(mesh, noinsert=1)
    if mesh is None:
        raise RuntimeError("MMG could not optimise the mesh")
    compared = [
        compared_vessel(field, mesh, lumens[field.name], walls[field.name], whole.box)
        if field.kind == "vessel"
        else compared_region(field, mesh, tags[field.name], whole.box, whole.plan)
        for field in whole.fields
    ]
    return mesh, compared


def _split(mesh: MeshArrays, field: LabelField) -> tuple[MeshArrays, np.ndarray]:
    """The mesh split where the label's level is zero, and which of its cells (m,) are inside; tags are kept where there
    is one region only."""
    from mmgpy import MmgMesh3D

    work = MmgMesh3D()
    work.set_mesh_size(vertices=len(mesh.points), tetrahedra=len(mesh.cells), triangles=len(mesh.facets))
    work.set_vertices(1e3 * mesh.points)
    work.set_tetrahedra(mesh.cells.astype(np.int32), np.ones(len(mesh.cells), np.int64))
    work.set_triangles(mesh.facets.astype(np.int32), mesh.facet_tags.astype(np.int64) + _SHIFT)
    level = -1e3 * field.level(mesh.points)
    if not (level < 0).any():
        return mesh, np.zeros(len(mesh.cells), dtype=bool)
    work.remesh_levelset(level[:, None], noinsert=1, noswap=1, nomove=1, verbose=-1)
    cells, refs = (np.asarray(part) for part in work.get_tetrahedra_with_refs())
    facets, marks = (np.asarray(part) for part in work.get_triangles_with_refs())
    own = marks >= _SHIFT
    points = 1e-3 * np.asarray(work.get_vertices())
    tags = np.ones(len(cells), dtype=np.int64)
    return MeshArrays(points, cells, tags, facets[own], marks[own] - _SHIFT), refs == 3


def by_tetgen(whole: WholeMesh) -> tuple[MeshArrays, list[LabelComparison]]:
    """Surface nets of the labels on a lattice, smoothed a little, filled by TetGen; no needle.

    Raises RuntimeError where the surfaces cut themselves, ModuleNotFoundError without tetgen.
    """
    import pyvista
    import tetgen

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
    filler = tetgen.TetGen(pyvista.PolyData(surface.points, surface.faces))
    nodes, cells, pieces, _ = filler.tetrahedralize(switches="pq1.4AQ")
    nodes, pieces = 1e-3 * np.asarray(nodes, np.float64), np.asarray(pieces, int).ravel()
    mesh = MeshArrays(nodes, cells, np.ones(len(cells), int), np.empty((0, 3), int), np.empty(0, int))
    volumes, middles = np.abs(signed_volumes(nodes, cells)), nodes[cells].mean(axis=1)
    body = np.bincount(pieces, volumes).argmax()
    compared = []
    for number, field in enumerate(whole.fields):
        # TetGen numbers the pieces that surfaces enclose; each belongs to the label that most of it lies in. Surfaces
        # leak where labels meet: there the middles of cells say what they belong to.
        middle_inside = field.level(middles) > 0
        within = np.bincount(pieces, volumes * middle_inside, minlength=pieces.max() + 1)
        held = within > 0.5 * np.bincount(pieces, volumes, minlength=pieces.max() + 1)
        mesh.cell_tags[held[pieces] | (middle_inside & (pieces == body))] = 2 + number
    for number, field in enumerate(whole.fields):
        smooth, inside = field.smooth(box), mesh.cell_tags == 2 + number
        mine, others = mesh.cells[inside][:, FACETS].reshape(-1, 3), mesh.cells[~inside][:, FACETS].reshape(-1, 3)
        wall = mine[np.isin(facet_keys(mine), facet_keys(others))]
        corners = nodes[wall]
        areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
        rms = None
        if field.kind == "target" and len(wall):
            away = field.level(corners.mean(axis=1))
            rms = float(np.sqrt(np.average(away**2, weights=areas)))
        vessel = field.kind == "vessel"
        compared.append(
            LabelComparison(
                field.name,
                field.kind,
                smooth.volume,
                float(volumes[inside].sum()),
                field.voxel_volume(box),
                rms,
                image_area=smooth.area if vessel else None,
                mesh_area=float(areas.sum()) if vessel else None,
            )
        )
    return mesh, compared
