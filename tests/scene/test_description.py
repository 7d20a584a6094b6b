"""What 'pennes check' says beyond the mesh: organs, probes and what the treatment will cost."""

from __future__ import annotations

import json

import pytest

from pennes.scene.build import check

ORGANS = [
    {"name": "duct", "shape": "ball", "diameter": "20 mm", "centre": ["-20 mm", "-20 mm", "-20 mm"]},
    {"name": "kidney", "shape": "ball", "diameter": "20 mm", "centre": ["30 mm", "-30 mm", "0 mm"], "tissue": "kidney"},
]
PROBES = [
    {"name": "middle", "point": ["5 mm", "0 mm", "0 mm"]},
    {"name": "renal", "point": ["30 mm", "-30 mm", "0 mm"]},
    {"name": "far", "point": ["-40 mm", "0 mm", "0 mm"]},
]


@pytest.fixture
def described(make_case, mesh_cache):
    def describe(*settings, ranks=1, **changes):
        return check(make_case(*settings, **changes), mesh_cache, ranks=ranks)

    return describe


def test_organs_and_probes_are_described(described):
    found = described(organs=ORGANS, output={"probes": PROBES})
    assert (found.organs[0].name, found.organs[0].tissue) == ("duct", "tissue around it")
    assert all(organ.vertices > 5 for organ in found.organs)
    assert [probe.inside for probe in found.probes] == ["metastasis", "kidney", "the body"]
    text = str(found)
    assert "organ duct: tissue around it" in text
    assert "probe renal: (30, -30, 0) mm, in kidney" in text


def test_the_cost_is_that_of_vertices_steps_and_ranks(described):
    one, four = described(), described(ranks=4)
    cost = one.cost
    assert cost.unknowns == one.quality.vertices
    assert cost.steps == 108  # 12 minutes of constant power
    assert cost.minutes == pytest.approx(4.0 * four.cost.minutes)
    assert four.cost.memory_mib - cost.memory_mib == pytest.approx(3 * 221.0)
    assert str(one).splitlines()[-1].startswith(f"cost, about: {cost.unknowns} unknowns, 108 time steps, ")
    assert str(four).endswith("on 4 ranks")


def test_pulses_tolerances_and_quadratic_elements_cost_more(described):
    plain = described().cost
    assert described("accuracy.time_tolerance=0.0375 K").cost.steps == 2 * plain.steps
    schedule = [
        {"at": "6 min", "mode": "pulsed_power", "period": "9 s", "duty_cycle": "50 %"},
        {"at": "9 min", "mode": "constant_voltage", "set_voltage": "20 V"},
    ]
    protocol = {"mode": "constant_power", "duration": "12 min", "set_power": "50 W", "cool_down": "1 min"}
    assert described(protocol={**protocol, "schedule": schedule}).cost.steps == 54 + 135 + 27 + 9
    longer = {**protocol, "schedule": [{"at": "6 min", "duration": "20 min", "mode": "constant_voltage"}]}
    longer["schedule"][0]["set_voltage"] = "20 V"
    assert described(protocol=longer).cost.steps == 180 + 9
    quadratic = described("accuracy.element_degree=2")
    # Of a large mesh of tetrahedra: about seven edges a vertex.
    assert 6.0 < quadratic.cost.unknowns / quadratic.quality.vertices < 9.0
    assert plain.steps * plain.unknowns < quadratic.cost.steps * quadratic.cost.unknowns


def test_the_command_takes_the_number_of_ranks(tmp_path, monkeypatch, capsys):
    pytest.importorskip("dolfinx")
    from pennes.cli.check import check_case
    from quick_case import write_case

    check_case(write_case(tmp_path), (), ranks=3, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["cost"]["ranks"] == 3
    assert found["cost"]["unknowns"] == found["quality"]["vertices"]
    assert found["probes"][0] == {"name": "edge", "point_mm": [8.0, 0.0, 0.0], "inside": "the body"}
