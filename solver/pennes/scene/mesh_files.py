"""Meshes from files of other programs, with their named groups."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pennes.errors import InputError
from pennes.scene.comsol import read_comsol

_TETRAHEDRA = ("tetra", "tetra10")
_TRIANGLES = ("triangle", "triangle6")


@dataclass
class GroupedMesh:
    """``points`` (n, 3) in the file's unit; ``cells`` (m, 4) and ``facets`` (k, 3); groups: name -> mask (m,) or (k,).

    Of elements of second order only the corners are kept.
    """

    points: np.ndarray
    cells: np.ndarray
    facets: np.ndarray
    cell_groups: dict[str, np.ndarray] = field(default_factory=dict)
    facet_groups: dict[str, np.ndarray] = field(default_factory=dict)


def read_mesh(path: Path) -> GroupedMesh:
    """The mesh in a file: .msh (gmsh), .mphtxt (COMSOL), or what meshio reads. Raises InputError, in words."""
    if not path.is_file():
        raise InputError(f"there is no file '{path}'", key="body.mesh", expected="a mesh file")
    readers = {".msh": _read_gmsh, ".mphtxt": _read_mphtxt}
    try:
        mesh = readers.get(path.suffix.lower(), _read_meshio)(path)
    except InputError:
        raise
    except (Exception, SystemExit) as problem:  # readers raise all sorts, and meshio ends the program
        words = str(problem).strip() or type(problem).__name__
        raise InputError(f"'{path.name}' cannot be read: {words}", key="body.mesh") from None
    if len(mesh.cells) == 0:
        raise InputError(f"'{path.name}' has no tetrahedra", key="body.mesh", expected="a volume mesh of tetrahedra")
    if not np.isfinite(mesh.points).all():
        raise InputError(f"'{path.name}' has points that are not finite", key="body.mesh")
    return mesh


def _read_gmsh(path: Path) -> GroupedMesh:
    """Through gmsh itself, which lets an element be in several physical groups."""
    import gmsh

    gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.open(str(path))
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        if len(tags) == 0:
            raise ValueError("it holds no mesh")
        index = np.full(int(tags.max()) + 1, -1, dtype=np.int64)
        index[tags.astype(np.int64)] = np.arange(len(tags))
        cells, cell_groups = _gmsh_elements(3, index)
        facets, facet_groups = _gmsh_elements(2, index)
    finally:
        gmsh.finalize()
    return GroupedMesh(coordinates.reshape(-1, 3), cells, facets, cell_groups, facet_groups)


def _gmsh_elements(dimension: int, index: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    import gmsh

    simplex = {3: "Tetrahedron", 2: "Triangle"}[dimension]
    parts, owners = [np.empty((0, dimension + 1), np.int64)], [np.empty(0, np.int64)]
    for _, entity in gmsh.model.getEntities(dimension):
        kinds, _, nodes = gmsh.model.mesh.getElements(dimension, entity)
        for kind, found in zip(kinds, nodes, strict=True):
            name, _, _, count, _, _ = gmsh.model.mesh.getElementProperties(kind)
            if simplex not in name:
                if dimension == 3:
                    raise ValueError(f"it has elements of the kind '{name}'; only tetrahedra can be used")
                continue
            parts.append(index[found.astype(np.int64)].reshape(-1, count)[:, : dimension + 1])
            owners.append(np.full(len(parts[-1]), entity))
    owner = np.concatenate(owners)
    groups = {}
    for _, tag in gmsh.model.getPhysicalGroups(dimension):
        name = gmsh.model.getPhysicalName(dimension, tag) or str(tag)
        groups[name] = np.isin(owner, gmsh.model.getEntitiesForPhysicalGroup(dimension, tag))
    return np.concatenate(parts), groups


def _read_mphtxt(path: Path) -> GroupedMesh:
    """Groups are named after selections, and "domain 1", "boundary 1" as COMSOL shows them."""
    points, elements, selections = read_comsol(path)
    (facets, boundaries), (cells, domains) = elements[2], elements[3]
    cell_groups = {f"domain {number}": domains == number for number in np.unique(domains)}
    # The file counts boundaries from 0, the program from 1.
    facet_groups = {f"boundary {number + 1}": boundaries == number for number in np.unique(boundaries)}
    for label, (dimension, entities) in selections.items():
        if dimension == 3:
            cell_groups[label] = np.isin(domains, list(entities))
        elif dimension == 2:
            facet_groups[label] = np.isin(boundaries, list(entities))
    return GroupedMesh(points, cells, facets, cell_groups, facet_groups)


def _read_meshio(path: Path) -> GroupedMesh:
    """Groups are element sets, node sets (of which the triangles are those with all corners in the set), and values of
    whole-number cell data: named by the value, or "array=value" where there are several such arrays."""
    import meshio

    # What does not fit, meshio prints before it ends the program, and its words are better than its exit code.
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            mesh = meshio.read(path)
    except SystemExit:
        raise ValueError(" ".join(said.getvalue().split())) from None
    wrong = {block.type for block in mesh.cells} & {"hexahedron", "wedge", "pyramid", "hexahedron20", "hexahedron27"}
    if wrong:
        raise ValueError(f"it has elements of the kind '{sorted(wrong)[0]}'; only tetrahedra can be used")
    result = []
    for kinds, corners in ((_TETRAHEDRA, 4), (_TRIANGLES, 3)):
        blocks = [number for number, block in enumerate(mesh.cells) if block.type in kinds]
        elements = np.concatenate(
            [np.empty((0, corners), np.int64), *(mesh.cells[b].data[:, :corners].astype(np.int64) for b in blocks)]
        )
        result.append((elements, _meshio_groups(mesh, blocks, len(elements))))
    (cells, cell_groups), (facets, facet_groups) = result
    points = np.asarray(mesh.points, dtype=float)
    if points.shape[1] != 3:
        raise ValueError("its points have two coordinates; three are needed")
    if mesh.point_sets:
        facets, facet_groups = _with_node_sets(mesh.point_sets, len(points), cells, facets, facet_groups)
    return GroupedMesh(points, cells, facets, cell_groups, facet_groups)


def _meshio_groups(mesh, blocks: list[int], count: int) -> dict[str, np.ndarray]:
    groups: dict[str, np.ndarray] = {}
    starts = np.cumsum([0, *(len(mesh.cells[block].data) for block in blocks)])
    for name, members in mesh.cell_sets.items():
        mask = np.zeros(count, dtype=bool)
        for start, block in zip(starts, blocks, strict=False):
            if members[block] is not None and len(members[block]):
                mask[start + np.asarray(members[block], dtype=np.int64)] = True
        if mask.any():
            groups[name] = mask
    arrays = {
        name: np.concatenate([np.empty(0, np.int64), *(np.asarray(values[block]).ravel() for block in blocks)])
        for name, values in mesh.cell_data.items()
        if all(np.issubdtype(np.asarray(v).dtype, np.integer) and np.asarray(v).ndim == 1 for v in values)
    }
    names = {int(tag): name for name, (tag, _) in mesh.field_data.items()} if mesh.field_data else {}
    for name, values in arrays.items():
        for value in np.unique(values):
            label = names.get(int(value), str(int(value))) if len(arrays) == 1 else f"{name}={int(value)}"
            groups.setdefault(label, values == value)
    return groups


def _with_node_sets(
    sets: dict[str, np.ndarray], count: int, cells: np.ndarray, facets: np.ndarray, groups: dict[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The boundary of the mesh joins the triangles, so that sets of nodes can name parts of it."""
    from pennes.scene.arrays import exterior_facets

    boundary = exterior_facets(cells)
    joined = {name: np.concatenate([mask, np.zeros(len(boundary), bool)]) for name, mask in groups.items()}
    every = np.concatenate([facets, boundary])
    for name, nodes in sets.items():
        inside = np.zeros(count, dtype=bool)
        inside[np.asarray(nodes, dtype=np.int64)] = True
        mask = inside[every].all(axis=1)
        if mask.any():
            joined.setdefault(name, mask)
    return every, joined
