"""Meshes that the user brings: groups become regions and surfaces, and what does not fit is refused by name."""

from __future__ import annotations

import meshio
import numpy as np
import pytest

from pennes.errors import InputError
from pennes.scene import check
from pennes.scene.arrays import exterior_facets
from pennes.scene.given_mesh import load_given_mesh

APPLICATOR = {"name": "needle", "device": "cooled_tip_3cm", "tip": ["0 mm"] * 3, "direction": [0, 0, 1]}


def block(n: int = 4, side: float = 40.0):
    """A cube of ``side`` mm: points, cells, which cells lie in the middle, and the facets at z = 0."""
    grid = np.arange((n + 1) ** 3).reshape((n + 1,) * 3)
    axis = np.linspace(0, side, n + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    cells = []
    for place in np.ndindex(n, n, n):
        for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
            at = np.array(place)
            corners = [grid[tuple(at)]]
            for direction in order:
                at[direction] += 1
                corners.append(grid[tuple(at)])
            cells.append(corners)
    cells = np.array(cells)
    middle = (np.abs(points[cells].mean(axis=1) - side / 2) < side / 4).all(axis=1)
    facets = exterior_facets(cells)
    return points, cells, middle, facets[(points[facets][:, :, 2] == 0).all(axis=1)]


def write_gmsh(path):
    points, cells, middle, facets = block()
    mesh = meshio.Mesh(
        points,
        [("triangle", facets), ("tetra", cells)],
        cell_data={
            "gmsh:physical": [np.full(len(facets), 3), np.where(middle, 1, 2)],
            "gmsh:geometrical": [np.full(len(facets), 3), np.where(middle, 1, 2)],
        },
        field_data={"tumour": np.array([1, 3]), "liver": np.array([2, 3]), "metal": np.array([3, 2])},
    )
    meshio.write(path, mesh, file_format="gmsh22", binary=False)


def write_abaqus(path):
    points, cells, middle, facets = block()
    mesh = meshio.Mesh(
        points,
        [("tetra", cells)],
        cell_sets={"tumour": [np.flatnonzero(middle)], "liver": [np.flatnonzero(~middle)]},
        point_sets={"metal": np.unique(facets)},
    )
    meshio.write(path, mesh)


def write_vtu(path):
    points, cells, middle, facets = block()
    region = [np.full(len(facets), 3), np.where(middle, 1, 2)]
    meshio.write(path, meshio.Mesh(points, [("triangle", facets), ("tetra", cells)], cell_data={"region": region}))


def write_comsol(path):
    points, cells, middle, facets = block()
    rows = ["0 1", "3", "5 mesh1", "4 sel1", "4 sel2", "3", "3 obj", "3 obj", "3 obj", "", "# Object", "0 0 1"]
    rows += ["4 Mesh # class", "4 # version", "3 # sdim", f"{len(points)} # vertices", "0 # lowest"]
    rows += [" ".join(map(repr, map(float, point))) for point in points]
    rows += ["2 # types"]
    for name, elements, entity in (
        ("3 tri", facets, np.full(len(facets), 2)),
        ("3 tet", cells, np.where(middle, 1, 2)),
    ):
        rows += [f"{name} # type name", f"{elements.shape[1]} # per element", f"{len(elements)} # elements"]
        rows += [" ".join(map(str, element)) for element in elements]
        rows += [f"{len(entity)} # entities", "# Geometric entity indices", *map(str, entity)]
    rows += ["0 0 1", "9 Selection # class", "0", "6 tumour # Label", "5 mesh1", "3", "1", "1"]
    rows += ["0 0 1", "9 Selection # class", "0", "5 metal", "5 mesh1", "2", "1", "2"]
    path.write_text("\n".join(rows) + "\n")


def given_case(make_case, path, tumour="tumour", metal="metal", **body):
    target = {"name": "metastasis", "shape": "region", "region": tumour, "tissue": "colorectal_metastasis"}
    body = {"mesh": str(path), "tissue": "liver", "electrodes": {metal: "active"}, **body}
    return make_case(body=body, targets=[target], vessels=[], applicators=[APPLICATOR])


@pytest.mark.parametrize(
    ("write", "suffix", "tumour", "metal"),
    [
        (write_gmsh, ".msh", "tumour", "metal"),
        (write_abaqus, ".inp", "tumour", "metal"),
        (write_vtu, ".vtu", "1", "3"),
        (write_comsol, ".mphtxt", "tumour", "metal"),
        (write_comsol, ".mphtxt", "domain 1", "boundary 3"),
    ],
)
def test_formats(write, suffix, tumour, metal, make_case, tmp_path):
    path = tmp_path / f"block{suffix}"
    write(path)
    description = check(given_case(make_case, path, tumour, metal))
    volumes = {region.name: region.volume_ml for region in description.regions}
    assert volumes[tumour] == pytest.approx(8.0, rel=0.2)
    assert sum(volumes.values()) == pytest.approx(64.0)
    areas = {surface.name: (surface.kind, surface.area_mm2) for surface in description.surfaces}
    assert areas[metal] == ("electrode", pytest.approx(1600.0))
    assert areas["outer"] == ("outer", pytest.approx(5 * 1600.0))


def test_what_the_case_says_of_groups(make_case, tmp_path):
    path = tmp_path / "block.msh"
    write_gmsh(path)
    case = given_case(make_case, path, regions={"liver": "liver_cirrhotic"}, fixed_temperature={"metal": "20 degC"})
    _, names, _, key = load_given_mesh(case)
    regions, surfaces = names.named(case)
    assert {region.name: (region.tissue.name, region.target) for region in regions} == {
        "liver": ("liver_cirrhotic", None),
        "tumour": ("colorectal_metastasis", "metastasis"),
    }
    metal = next(surface for surface in surfaces if surface.name == "metal")
    assert (metal.pole, metal.fixed_temperature, metal.applicator) == ("needle.active", 20.0, "needle")
    assert metal.cooling == case.applicators[0].device.shafts[0].cooling
    other = load_given_mesh(given_case(make_case, path, length_unit="cm"))
    assert other[3] != key
    assert np.ptp(other[0].points) == pytest.approx(0.4)


def test_a_volume_may_be_an_electrode(make_case, tmp_path):
    path = tmp_path / "block.msh"
    write_gmsh(path)
    body = {"mesh": str(path), "tissue": "liver", "electrodes": {"tumour": "needle.active"}}
    case = make_case(body=body, targets=[], vessels=[], applicators=[APPLICATOR])
    regions, surfaces = load_given_mesh(case)[1].named(case)
    assert {region.name: region.pole for region in regions} == {"tumour": "needle.active", "liver": None}
    assert {surface.name: surface.kind for surface in surfaces} == {"metal": "insulation", "outer": "outer"}


def test_a_target_given_as_a_shape_takes_the_cells_inside(make_case, tmp_path):
    path = tmp_path / "block.msh"
    write_gmsh(path)
    body = {"mesh": str(path), "tissue": "liver", "electrodes": {"metal": "active"}}
    ball = {"name": "ball", "shape": "ball", "diameter": "30 mm", "centre": ["20 mm"] * 3, "tissue": "liver"}
    case = make_case(body=body, targets=[ball], vessels=[], applicators=[APPLICATOR])
    volumes = {region.name: region.volume_ml for region in check(case).regions}
    assert volumes["ball"] == pytest.approx(np.pi / 6 * 27, rel=0.25)


@pytest.mark.parametrize(
    ("changes", "key", "nearest"),
    [
        ({"tumour": "tumor"}, "targets.0.region", "tumour"),
        ({"metal": "medal"}, "body.electrodes.medal", "metal"),
        ({"regions": {"livre": "liver"}}, "body.regions.livre", "liver"),
        ({"fixed_temperature": {"lumen": "37 degC"}}, "body.fixed_temperature.lumen", None),
        ({"outer": ["metl"]}, "body.outer.0", "metal"),
        ({"ground": ["metall"]}, "body.ground.0", "metal"),
        ({"length_unit": "m"}, "body.length_unit", None),
    ],
)
def test_groups_that_are_not_there(changes, key, nearest, make_case, tmp_path):
    path = tmp_path / "block.msh"
    write_gmsh(path)
    case = given_case(make_case, path, **changes)
    with pytest.raises(InputError) as caught:
        load_given_mesh(case)
    assert caught.value.key == key
    assert caught.value.nearest == nearest
    if nearest is not None:
        assert nearest in caught.value.expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.msh", ""),
        ("text.msh", "this is no mesh\n"),
        ("text.inp", "*HEADING\n"),
        ("text.vtu", "<nonsense"),
        ("text.xyz", "1 2 3"),
        ("short.mphtxt", "0 1\n1\n5 mesh1\n1\n3 obj\n0 0 1\n4 Mesh\n4\n3\n5\n0\n0 0 0\n"),
    ],
)
def test_files_that_are_no_mesh(name, content, make_case, tmp_path, capfd):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        load_given_mesh(given_case(make_case, path))
    assert caught.value.key == "body.mesh"
    assert name in str(caught.value)


def test_other_elements_are_refused(make_case, tmp_path):
    path = tmp_path / "hexahedra.vtu"
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]) * 40.0
    meshio.write(path, meshio.Mesh(corners, [("hexahedron", np.arange(8)[None])]))
    with pytest.raises(InputError, match="only tetrahedra can be used"):
        load_given_mesh(given_case(make_case, path))
