"""Verification meshes: volumes, areas, grading, refinement onto curved boundaries, distribution over ranks."""

import numpy as np
import pytest

from pennes.verification import meshes
from pennes.verification.arrays import make_arrays
from pennes.verification.needle import needle_in_ball

MM = 1e-3
SHELL = 4 / 3 * np.pi * (20**3 - 5**3) * MM**3 / 8
FAMILIES = {
    "shell": (lambda n: meshes.spherical_shell(5 * MM, 20 * MM, n), SHELL),
    "ball": (lambda n: meshes.ball(1 * MM, 20 * MM, n), 4 / 3 * np.pi * 20**3 * MM**3 / 8),
    "column": (lambda n: meshes.column(60 * MM, 2 * MM, n), 60 * 2 * 2 * MM**3),
    "annulus": (lambda n: meshes.quarter_annulus(2.5 * MM, 40 * MM, n), np.pi / 4 * (40**2 - 2.5**2) * MM**2),
    "square": (lambda n: meshes.block(2, 20 * MM, n), 400 * MM**2),
    "cube": (lambda n: meshes.block(3, 20 * MM, n), 8000 * MM**3),
}
AREAS = {
    "shell": {"inner": np.pi / 2 * 25 * MM**2, "outer": np.pi / 2 * 400 * MM**2},
    "ball": {"outer": np.pi / 2 * 400 * MM**2},
    "column": {"surface": 4 * MM**2, "deep": 4 * MM**2},
    "annulus": {"inner": np.pi / 2 * 2.5 * MM, "outer": np.pi / 2 * 40 * MM},
    "square": {"boundary": 80 * MM},
    "cube": {"boundary": 2400 * MM**2},
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("way", ["doubled", "refined"])
def test_volume_and_areas_converge(name, way):
    make, volume = FAMILIES[name]
    first = make(8)
    second = make(16) if way == "doubled" else first.refined()
    for arrays in (first, second):
        assert arrays.volumes().min() > 0.0
    errors = [abs(arrays.volumes().sum() / volume - 1.0) for arrays in (first, second)]
    assert errors[1] < 1e-2
    if errors[0] > 1e-10:  # curved: second order
        assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    for part, area in AREAS[name].items():
        assert second.facet_areas(part).sum() == pytest.approx(area, rel=1e-2)
    again = second.refined()
    assert len(again.cells) == len(second.cells) * 2**second.dimension
    assert abs(again.volumes().sum() / volume - 1.0) <= max(errors[1] / 3.0, 1e-10)


@pytest.mark.parametrize("name", FAMILIES)
def test_cells_meet_face_to_face(name):
    """Every facet belongs to one cell or two, and the exterior ones add up to a closed surface."""
    arrays = FAMILIES[name][0](6).refined()
    sides = np.concatenate([np.delete(arrays.cells, i, axis=1) for i in range(arrays.dimension + 1)])
    _, count = np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)
    assert set(count) == {1, 2}
    exterior = meshes.exterior_facets(arrays.cells)
    ridges = np.concatenate([np.delete(exterior, i, axis=1) for i in range(arrays.dimension)])
    _, count = np.unique(np.sort(ridges, axis=1), axis=0, return_counts=True)
    assert set(count) == {2}
    known = {tuple(f) for f in exterior}
    assert all(tuple(f) in known for f in np.sort(arrays.facets, axis=1))


def test_exterior_surface_points_are_on_the_spheres():
    arrays = meshes.spherical_shell(5 * MM, 20 * MM, 5).refined()
    for part, radius in {"inner": 5 * MM, "outer": 20 * MM}.items():
        index = np.unique(arrays.facets[arrays.facet_tags == arrays.names[part]])
        assert np.linalg.norm(arrays.points[index], axis=1) == pytest.approx(radius, rel=1e-12)


def test_grading_follows_the_radius():
    arrays = meshes.spherical_shell(5 * MM, 40 * MM, 10)
    radius = np.linalg.norm(arrays.points[arrays.cells].mean(axis=1), axis=1)
    size = np.cbrt(arrays.volumes()) / radius
    assert size.max() / size.min() < 2.0
    depth = np.unique(np.round(meshes.column(60 * MM, 2 * MM, 16).points[:, 2], 12))
    steps = np.diff(depth)[::-1]
    assert steps[-1] / steps[0] == pytest.approx(8.0, rel=0.2)


def test_ball_has_its_centre_as_vertex_zero():
    arrays = meshes.ball(1 * MM, 20 * MM, 8)
    assert np.all(arrays.points[0] == 0.0)
    core = arrays.cells[(arrays.cells == 0).any(axis=1)]
    volume = arrays.volumes()[(arrays.cells == 0).any(axis=1)].sum()
    assert len(core) == 64
    assert volume == pytest.approx(4 / 3 * np.pi * MM**3 / 8, rel=0.03)


@pytest.fixture(scope="module")
def needle():
    return needle_in_ball(size_at_needle=0.6 * MM, size_outside=12 * MM)


def test_needle_parts(needle):
    cone = np.pi * 0.75 * np.hypot(0.75, 2.0) * MM**2
    bare = cone + np.pi * 1.5 * 28 * MM**2
    assert needle.facet_areas("electrode").sum() == pytest.approx(bare / 4, rel=0.04)
    assert needle.facet_areas("insulation").sum() == pytest.approx(np.pi * 1.5 * 35 / 4 * MM**2, rel=0.04)
    assert needle.facet_areas("outer").sum() == pytest.approx(np.pi * 50**2 * MM**2, rel=0.02)
    assert needle.volumes().min() > 0.0
    refined = needle.refined()
    assert refined.volumes().min() > 0.0
    assert refined.facet_areas("electrode").sum() == pytest.approx(bare / 4, rel=0.01)


def test_refusals():
    with pytest.raises(ValueError, match="dimension"):
        meshes.block(1, 1.0, 4)
    arrays = make_arrays(np.eye(3, 2), np.array([[0, 1, 2]]), {"side": np.array([[0, 1]])})
    with pytest.raises(KeyError):
        arrays.facet_areas("other")


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("name", ["shell", "annulus", "cube"])
def test_in_dolfinx(name, degree):
    pytest.importorskip("dolfinx_solver", reason="the wheel, where DOLFINx comes from it")
    import ufl
    from dolfinx import fem
    from mpi4py import MPI

    from pennes.verification.arrays import to_dolfinx

    make, volume = FAMILIES[name]
    made = to_dolfinx(make(8), MPI.COMM_WORLD, geometry_degree=degree)
    comm = made.mesh.comm
    dx = ufl.Measure("dx", made.mesh, metadata={"quadrature_degree": 6})
    total = comm.allreduce(fem.assemble_scalar(fem.form(fem.Constant(made.mesh, 1.0) * dx)))
    assert total == pytest.approx(volume, rel={1: 3e-2, 2: 2e-4}[degree])
    for part, area in AREAS[name].items():
        ds = ufl.Measure("ds", made.mesh, subdomain_data=made.facet_tags, metadata={"quadrature_degree": 6})
        one = fem.form(fem.Constant(made.mesh, 1.0) * ds(made.names[part]))
        assert comm.allreduce(fem.assemble_scalar(one)) == pytest.approx(area, rel={1: 3e-2, 2: 2e-4}[degree])
