"""Better cells by MMG (mmgpy), with every surface kept."""

from __future__ import annotations

import numpy as np

from pennes.errors import InputError
from pennes.scene.arrays import MeshArrays, ordered, radius_ratios

USABLE_RATIO = 0.01
_SHIFT = 1000
"""Added to the tags of surfaces: MMG gives numbers of its own to those between regions."""


def improved(mesh: MeshArrays) -> MeshArrays:
    """The mesh with its cells optimised; named surfaces and those between regions stay as they are.

    Where MMG fails or makes it worse, the mesh is returned as it was. Raises InputError where no mesh is usable.
    """
    best, ratio = mesh, worst_ratio(mesh)
    for options in ({}, {"noinsert": 1}):
        found = optimised(mesh, **options)
        if found is not None and worst_ratio(found) > ratio:
            best, ratio = found, worst_ratio(found)
            break
    if ratio < USABLE_RATIO:
        raise InputError(
            f"the mesh of the label map has a cell with a radius ratio of {ratio:.2g}",
            key="accuracy.mesh",
            expected=f"at least {USABLE_RATIO:g}: other edge lengths",
        )
    return best


def worst_ratio(mesh: MeshArrays) -> float:
    """The smallest radius ratio of all cells."""
    return float(radius_ratios(mesh.points, mesh.cells).min())


def optimised(mesh: MeshArrays, **options: int) -> MeshArrays | None:
    """The mesh with its cells optimised by MMG with these ``options``, None where it fails; surfaces stay."""
    work = as_mmg(mesh)
    try:
        work.remesh(optim=1, nosurf=1, verbose=-1, **options)
    except RuntimeError:
        return None
    return ordered(from_mmg(work))


def as_mmg(mesh: MeshArrays):
    """The mesh as MMG's ``MmgMesh3D``, in mm. Raises InputError without mmgpy."""
    try:
        from mmgpy import MmgMesh3D
    except ModuleNotFoundError:
        raise InputError(
            "'mmgpy' is not installed", key="body.labels", expected="pip install 'pennes[imaging]'"
        ) from None
    work = MmgMesh3D()
    work.set_mesh_size(vertices=len(mesh.points), tetrahedra=len(mesh.cells), triangles=len(mesh.facets))
    work.set_vertices(1e3 * mesh.points)
    work.set_tetrahedra(mesh.cells.astype(np.int32), mesh.cell_tags.astype(np.int64))
    work.set_triangles(mesh.facets.astype(np.int32), mesh.facet_tags.astype(np.int64) + _SHIFT)
    return work


def from_mmg(work) -> MeshArrays:
    """What MMG made of ``as_mmg``, with the named surfaces that it was given."""
    cells, tags = (np.asarray(part) for part in work.get_tetrahedra_with_refs())
    facets, marks = (np.asarray(part) for part in work.get_triangles_with_refs())
    own = marks >= _SHIFT
    return MeshArrays(1e-3 * np.asarray(work.get_vertices()), cells, tags, facets[own], marks[own] - _SHIFT)
