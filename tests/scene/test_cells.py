"""The number of cells is known before they are made, and too many are refused at once."""

from __future__ import annotations

import time

import pytest

from pennes.errors import InputError
from pennes.scene.build import planned_mesh
from pennes.scene.cells import MOST_CELLS, expected_cells
from pennes.scene.plan import make_plan, make_recipe


@pytest.mark.parametrize("setting", [(), ("accuracy.mesh.lesion=2 mm",), ("accuracy.refinements=1",)])
def test_cells_are_counted_before_they_are_made(setting, make_case, mesh_cache):
    """Within a sixth, refined or not; the constant was measured on other meshes."""
    case = make_case(*setting)
    plan = make_plan(case)
    _, quality, _ = planned_mesh(case, plan, mesh_cache)
    assert expected_cells(case, plan, make_recipe(case, plan)) == pytest.approx(quality.cells, rel=1 / 6)


def test_triangles_of_a_half_plane_are_counted_too(make_case, mesh_cache):
    body = {"shape": "cylinder", "form": "axisymmetric", "diameter": "90 mm", "height": "90 mm", "tissue": "liver"}
    case = make_case(body=body, vessels=[])
    plan = make_plan(case)
    _, quality, _ = planned_mesh(case, plan, mesh_cache)
    assert expected_cells(case, plan, make_recipe(case, plan)) == pytest.approx(quality.cells, rel=0.25)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (("accuracy.mesh.lesion=0.05 mm",), "accuracy.mesh.lesion"),
        (("accuracy.mesh.vessel=0.01 mm",), "accuracy.mesh.vessel"),
        (("body.size=[100 m, 100 m, 100 m]", "vessels=[]"), "accuracy.mesh.applicator"),
        (("accuracy.mesh.lesion=0.7 mm", "accuracy.refinements=3"), "accuracy.refinements"),
    ],
)
def test_a_mesh_of_millions_is_refused_at_once(settings, key, make_case, tmp_path):
    case = make_case(*settings)
    began = time.process_time()
    with pytest.raises(InputError, match=f"more than {MOST_CELLS / 1e6:.0f} million cells") as caught:
        planned_mesh(case, make_plan(case), tmp_path / "cache")
    assert caught.value.key == key
    assert time.process_time() - began < 20.0
    assert not (tmp_path / "cache").exists()
