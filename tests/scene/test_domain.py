"""The domain in one process: names, places of points, bisection into ranks."""

from __future__ import annotations

import numpy as np
import pytest
from dolfinx import fem
from mpi4py import MPI

from pennes.errors import InputError
from pennes.scene import build
from pennes.scene.distribute import bisection


@pytest.fixture(scope="module")
def domain(tmp_path_factory):
    from pathlib import Path

    from pennes.case import load

    case = Path(__file__).parents[2] / "configs" / "cases" / "rfa_perivascular.yaml"
    sizes = "{applicator: 0.9 mm, shaft: 3 mm, lesion: 4 mm, vessel: 3 mm, far: 15 mm}"
    return build(load(case, [f"accuracy.mesh={sizes}"]), MPI.COMM_SELF, tmp_path_factory.mktemp("meshes"))


def test_every_cell_and_every_outer_facet_has_a_tag(domain):
    assert len(domain.cell_tags.indices) == domain.quality.cells
    assert set(domain.cell_tags.values) == {region.tag for region in domain.regions}
    assert set(domain.facet_tags.values) == {surface.tag for surface in domain.surfaces}
    domain.mesh.topology.create_connectivity(2, 3)
    cells_of = domain.mesh.topology.connectivity(2, 3)
    assert all(len(cells_of.links(facet)) == 1 for facet in domain.facet_tags.indices)


def test_a_point_in_the_needle_takes_the_value_at_its_surface(domain):
    space = fem.functionspace(domain.mesh, ("Lagrange", 1))
    values = space.tabulate_dof_coordinates() @ np.array([1.0, 2.0, 3.0])
    locator = domain.locate(np.array([[5e-4, 0.0, 0.0], [0.0, 0.0205, 0.001], [0.0, 0.0, -0.0151], [0.2, 0.0, 0.0]]))
    assert list(locator.inside) == [False, False, True, False]
    direct, nearest = locator.evaluate(values), locator.evaluate(values, nearest=True)
    assert np.isnan(direct[[0, 1, 3]]).all()
    assert direct[2] == nearest[2] == pytest.approx(-0.0453)
    # Facets cut the corners of the round needle, at most 7 % of its radius with 7 edges around.
    assert nearest[0] == pytest.approx(7.35e-4, abs=2e-4)
    assert abs(nearest[1] - (0.041 + 0.003)) <= 3e-3 * np.linalg.norm([1, 2, 3])
    assert nearest[3] == pytest.approx(0.05, abs=1e-9)


def test_no_points_give_no_values(domain):
    assert domain.locate(np.empty((0, 3))).evaluate(np.zeros(domain.quality.vertices), nearest=True).shape == (0,)


def test_arrays_of_another_mesh_are_refused(domain):
    with pytest.raises(ValueError, match="does not belong to this mesh"):
        domain.locate(np.zeros((1, 3))).evaluate(np.zeros(7))


def test_a_region_that_is_not_there(domain):
    with pytest.raises(InputError, match="did you mean 'metastasis'"):
        domain.region_surface("metastases")


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 8])
def test_bisection_makes_equal_parts_with_short_borders(parts):
    points = np.random.default_rng(0).uniform(0, [4, 1, 1], (4000, 3))
    owners = bisection(points, parts)
    counts = np.bincount(owners, minlength=parts)
    assert counts.max() - counts.min() <= 3
    if parts == 2:
        assert points[owners == 0, 0].max() < points[owners == 1, 0].min() + 0.2 or (
            points[owners == 1, 0].max() < points[owners == 0, 0].min() + 0.2
        )
