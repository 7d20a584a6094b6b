"""Trees of vessels: what a graph may be, Poiseuille and Murray, what blocked branches leave, growth from a seed."""

from __future__ import annotations

import numpy as np
import pytest

from pennes.case.vessels import Growth, ModelByDiameter, VesselFile
from pennes.errors import InputError
from pennes.library import find_tissue
from pennes.vasculature import Line, Tree, build_tree, models_of, murray_radii, poiseuille
from pennes.vasculature.growth import grow
from pennes.vasculature.stop import Stoppage

VISCOSITY = 3.5e-3


def straight(start, end, a, b, radius, flow=0.0):
    """A line of one step between nodes ``start`` at a and ``end`` at b."""
    return Line(np.array([a, b], float), np.array([radius]), start, end, flow)


def fork():
    """A trunk with two daughters of different length."""
    return [
        straight(0, 1, (0, 0, 0), (0.02, 0, 0), 2e-3),
        straight(1, 2, (0.02, 0, 0), (0.04, 0.01, 0), 1.5e-3),
        straight(1, 3, (0.02, 0, 0), (0.03, -0.01, 0), 1.2e-3),
    ]


def vessel_of(file, **changes):
    values = {"name": "tree", "file": str(file), "blood": find_tissue("blood"), "speed": "10 cm/s"}
    return VesselFile.model_validate(values | changes)


def edge_list(folder, rows):
    """A CSV list of edges: (from, to, first point, last point, radius) in mm."""
    file = folder / "tree.csv"
    text = ["from,to,x1,y1,z1,x2,y2,z2,radius"]
    text += [",".join(map(str, (a, b, *p, *q, r))) for a, b, p, q, r in rows]
    file.write_text("\n".join(text) + "\n")
    return file


FORK = [
    ("a", "b", (0, 0, 0), (20, 0, 0), 2.0),
    ("b", "c", (20, 0, 0), (40, 10, 0), 1.5),
    ("b", "d", (20, 0, 0), (30, -10, 0), 1.2),
]


def test_one_tube_carries_what_poiseuille_says():
    line = straight(0, 1, (0, 0, 0), (0.1, 0, 0), 1e-3)
    (flow,), pressures = poiseuille([line], {0: 100.0, 1: 0.0}, {}, VISCOSITY)
    assert flow == pytest.approx(np.pi * 1e-3**4 / (8 * VISCOSITY * 0.1) * 100.0, rel=1e-12)
    assert pressures == {0: 100.0, 1: 0.0}


def test_flow_divides_by_conductance_and_adds_up():
    trunk, *daughters = lines = fork()
    flows, _ = poiseuille(lines, {2: 0.0, 3: 0.0}, {0: 1e-6}, VISCOSITY)
    assert flows[0] == pytest.approx(1e-6, rel=1e-12) and flows[1:].sum() == pytest.approx(1e-6, rel=1e-12)
    assert flows[1] / flows[2] == pytest.approx(daughters[1].resistance / daughters[0].resistance, rel=1e-9)
    assert trunk.resistance == pytest.approx(0.02 / 2e-3**4)
    with pytest.raises(ValueError, match="pressure"):
        poiseuille(lines, {}, {0: 1e-6}, VISCOSITY)


def test_murray_fills_what_is_missing():
    lines = fork()
    radii = murray_radii(lines, 0, np.array([np.nan, 1.5e-3, 1.2e-3]))
    assert radii[0] == pytest.approx((1.5e-3**3 + 1.2e-3**3) ** (1 / 3))
    radii = murray_radii(lines, 0, np.array([2e-3, np.nan, np.nan]))
    assert radii[1] == radii[2] == pytest.approx(2e-3 * 0.5 ** (1 / 3))
    with pytest.raises(ValueError, match="wider than their parent"):
        murray_radii(lines, 0, np.array([1e-3, 1.5e-3, np.nan]))
    with pytest.raises(ValueError, match="nothing determines"):
        murray_radii(lines, 0, np.array([np.nan, 1e-3, np.nan]))


def test_blocked_branches_take_their_flow_from_above_and_below():
    flows = (3.0, 2.0, 1.0)
    lines = [
        Line(line.points, line.radii, line.start, line.end, flow) for line, flow in zip(fork(), flows, strict=True)
    ]
    tree = Tree("t", tuple(lines))
    remaining = Stoppage(tree).remaining
    assert remaining(np.ones(3)) == pytest.approx([1, 1, 1])
    assert remaining(np.array([1, 0, 1])) == pytest.approx([1 / 3, 0, 1])
    assert remaining(np.array([0, 1, 1])) == pytest.approx([0, 0, 0])
    back = Tree("t", tuple(Line(ln.points[::-1], ln.radii, ln.end, ln.start, ln.flow) for ln in lines))
    assert Stoppage(back).remaining(np.array([1, 0, 1])) == pytest.approx([1 / 3, 0, 1])
    assert [back.lines[k].start for k in back.order()][-1] == 1, "the trunk comes last where veins join"


def test_model_goes_by_diameter():
    tree = Tree("t", tuple(fork()))
    rule = ModelByDiameter(wall_from="3.5 mm", network_from="2.5 mm", below="perfusion")
    assert models_of(tree, "network", rule) == ["wall", "network", "perfusion"]
    assert models_of(tree, "network", None) == ["network"] * 3


def test_edge_list_gives_a_directed_tree(tmp_path):
    tree = build_tree(vessel_of(edge_list(tmp_path, FORK)))
    trunk = next(line for line in tree.lines if line.diameter > 3.9e-3)
    assert trunk.points[0] == pytest.approx([0, 0, 0]) and trunk.flow == pytest.approx(0.1 * np.pi * 4e-6)
    assert sum(line.flow for line in tree.lines) == pytest.approx(2 * trunk.flow)
    back = build_tree(vessel_of(edge_list(tmp_path, FORK), direction="to_root"))
    assert next(line for line in back.lines if line.diameter > 3.9e-3).points[-1] == pytest.approx([0, 0, 0])
    assert back.flows.sum() == pytest.approx(tree.flows.sum()) and (back.flows > 0).all()


def test_pressures_drive_the_flow(tmp_path):
    file = edge_list(tmp_path, FORK)
    tree = build_tree(vessel_of(file, speed=None, pressures={"a": "1 kPa", "c": "0 Pa"}))
    flows = {line.end: line.flow for line in tree.lines}
    assert sorted(flows.values())[0] == 0.0, "the end without a pressure is closed"
    with pytest.raises(InputError, match="no outlet"):
        build_tree(vessel_of(file, speed=None, pressures={"a": "1 kPa"}))
    with pytest.raises(InputError, match="'b' is no end"):
        build_tree(vessel_of(file, speed=None, pressures={"a": "1 kPa", "b": "0 Pa"}))


def test_a_radius_left_out_follows_murray(tmp_path):
    rows = [FORK[0], (*FORK[1][:4], ""), (*FORK[2][:4], "")]
    tree = build_tree(vessel_of(edge_list(tmp_path, rows)))
    assert sorted(line.diameter for line in tree.lines)[:2] == pytest.approx([4e-3 * 0.5 ** (1 / 3)] * 2)


def test_swc_and_vtp_are_the_same_tree(tmp_path):
    pyvista = pytest.importorskip("pyvista")
    swc = tmp_path / "tree.swc"
    swc.write_text("# a tree\n1 0 0 0 0 2.0 -1\n2 0 20 0 0 2.0 1\n3 0 40 10 0 2.0 2\n4 0 30 -10 0 2.0 2\n")
    points = np.array([[0, 0, 0], [20, 0, 0], [40, 10, 0], [20, 0, 0], [30, -10, 0]], float)
    data = pyvista.PolyData(points, lines=np.array([3, 0, 1, 2, 2, 3, 4]))
    data.point_data["Radius"] = np.full(5, 2.0)
    data.save(tmp_path / "tree.vtp")
    root = {"root": ["0 mm", "0 mm", "0 mm"]}
    first, second = (build_tree(vessel_of(tmp_path / f"tree.{end}", **root)) for end in ("swc", "vtp"))
    assert sorted(first.flows) == pytest.approx(sorted(second.flows)) and len(first.lines) == 3
    assert sorted(line.lengths.sum() for line in first.lines) == pytest.approx(
        sorted(line.lengths.sum() for line in second.lines)
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*FORK, ("c", "d", (40, 10, 0), (30, -10, 0), 1.0)], "runs in a loop"),
        ([*FORK, ("x", "y", (0, 50, 0), (20, 50, 0), 1.0)], "is in 2 pieces"),
        ([FORK[0], (*FORK[1][:4], 0.0), FORK[2]], "has a radius of 0"),
        ([("a", "b", (0, 0, 0), (0, 0, 0), 1.0)], "has no length"),
        ([], "has no segments"),
        ([("a", "b", (0, 0, 0), (10, 0, 0), "")], "no stretch of the vessel 'tree' has a radius"),
    ],
)
def test_bad_graphs_are_refused(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        build_tree(vessel_of(edge_list(tmp_path, rows)))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tree.csv", "from,to\na,b\n", "line 1: has no column 'x1'"),
        ("tree.csv", "from,to,x1,y1,z1,x2,y2,z2,radius\na,b,0,0,0,1,zero,0,1\n", "line 2: is no segment"),
        ("tree.csv", "from,to,x1,y1,z1,x2,y2,z2,radius\na,b,0,0,0,9,0,0,1\nb,c,8,0,0,20,0,0,1\n", "lies elsewhere"),
        ("tree.swc", "1 0 0 0 0 2.0 -1\n2 0 20 0 0 2.0 7\n", "line 2: there is no sample 7"),
        ("tree.swc", "1 0 zero\n", "line 1: is no sample"),
        ("tree.txt", "", "no ending of centrelines"),
        ("tree.vtp", "nothing", "no PolyData with lines"),
    ],
)
def test_bad_files_are_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        build_tree(vessel_of(tmp_path / name))


def recipe(**changes):
    values = {
        "root": ["-40 mm", "0 mm", "0 mm"],
        "centre": ["0 mm", "0 mm", "0 mm"],
        "diameters": ["60 mm", "50 mm", "40 mm"],
        "ends": 40,
        "focus": {"centre": ["0 mm", "0 mm", "0 mm"], "diameter": "20 mm", "ends": 30},
    }
    return Growth.model_validate(values | changes)


def test_growth_is_a_tree_that_obeys_murray():
    grown = grow(recipe(), 12e-3)
    assert len(grown.radii) == 2 * 70 - 1
    assert 2 * grown.radii.max() == pytest.approx(12e-3) and 2 * grown.radii.min() == pytest.approx(0.5e-3)
    cubes = grown.radii**3
    for node in np.unique(grown.start[grown.start > 0]):
        above, below = cubes[grown.end == node], cubes[grown.start == node]
        assert len(below) == 2 and below.sum() == pytest.approx(above[0], rel=1e-9)
    assert np.linalg.norm(grown.points[grown.start] - grown.points[grown.end], axis=1).min() > 1e-5


def test_growth_depends_on_its_seed_alone():
    first, again, other = (grow(recipe(seed=seed), 12e-3) for seed in (3, 3, 4))
    assert np.array_equal(first.points, again.points) and not np.allclose(first.points, other.points)


def test_ends_keep_clear_of_needles():
    needle = np.array([[[0.0, 0.0, -0.02], [0.0, 0.0, 0.3]]])
    ends = {}
    for clearance in ("0 mm", "4 mm"):
        grown = grow(recipe(clearance=clearance, ends=80), 12e-3, needle)
        leaves = np.setdiff1d(grown.end, grown.start)
        place = grown.points[leaves]
        ends[clearance] = np.hypot(*place.T[:2])[place[:, 2] > -0.02].min()
    assert ends["4 mm"] >= 4e-3 > ends["0 mm"]
