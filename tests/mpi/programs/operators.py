"""What the operators say on n ranks, as a line of JSON: ``operators.py [ghosts]``."""

from __future__ import annotations

import json
import sys

from pennes.cli import world

comm = world.connect()

import numpy as np  # noqa: E402
from mpi4py import MPI  # noqa: E402

from pennes.elements import LinearElements, QuadraticElements  # noqa: E402
from pennes.energy import Radiofrequency  # noqa: E402
from pennes.library.schedule import Pole  # noqa: E402
from pennes.scene.locate import PointLocator, Spaces  # noqa: E402
from pennes.vasculature import build_tree  # noqa: E402
from pennes.vessel import MODELS, Site  # noqa: E402
from small_meshes import facets_where, half_tube, jittered_block, varied, wall_of  # noqa: E402
from veins import make_vessel  # noqa: E402

SIZE = 0.02
domain_mesh = jittered_block(comm, 3, 4, SIZE, ghosts="ghosts" in sys.argv)


def plane(axis: int, at: float) -> np.ndarray:
    return facets_where(domain_mesh, lambda points: np.isclose(points[axis], at))


def largest(values: np.ndarray) -> float:
    return comm.allreduce(float(values.max(initial=0.0)), op=MPI.MAX)


def numbers(elements: LinearElements) -> dict[str, float]:
    """What must not depend on the number of ranks."""
    x, y, z = elements.points.T
    boundary = np.zeros(elements.n_local, dtype=bool)
    for axis in range(3):
        for at in (0.0, SIZE):
            boundary |= elements.nodes_of(2, plane(axis, at))

    # A linear field is the solution for its own values on the boundary.
    linear = 3.0 + 100.0 * x - 70.0 * y + 40.0 * z
    stiffness = elements.stiffness(np.full(elements.n_cells, 0.5))
    system = elements.system(boundary, name="patch", relative_tolerance=1e-12)
    system.set(stiffness)
    solution = system.solve_fixed(stiffness, linear, np.zeros(elements.n_local))
    difference = elements.difference(linear)

    # One surface, and all facets inside the mesh too, some of which lie between ranks.
    outside = elements.facet_shares(plane(0, SIZE))[0].sum()
    domain_mesh.topology.create_connectivity(2, 3)
    to_cells = domain_mesh.topology.connectivity(2, 3)
    areas = elements.facet_shares(np.arange(to_cells.num_nodes))[0]

    conductivity = varied(elements)
    left, right = elements.nodes_of(2, plane(0, 0.0)), elements.nodes_of(2, plane(0, SIZE))
    source = Radiofrequency(elements, {"left": left & (y < 0.011), "right": right}, np.zeros_like(left), 1e-10)
    source.update(conductivity)
    pattern = source.pattern({"left": Pole(role="ground")}, conductivity)
    heat = elements.accumulate(elements.lump(source.cell_power(pattern, conductivity)))

    shared = np.stack([elements.node_volumes, heat, elements.apply(stiffness, x**2), elements.mass(x * y), solution])
    from_owners = np.stack([elements.update_ghosts(row) for row in shared])
    return {
        "ghost_error": largest(np.abs(shared - from_owners) / np.abs(shared).max(axis=1, keepdims=True)),
        "patch_error": largest(np.abs(solution - linear)),
        "boundary_nodes": elements.total(boundary.astype(float)),
        "volume": elements.total(elements.node_volumes),
        "mass": elements.total(elements.mass(x * y)),
        "energy": elements.energy(stiffness, difference, difference),
        "applied": elements.total(elements.apply(stiffness, x**2) * linear),
        "area": comm.allreduce(float(outside)),
        "facets": comm.allreduce(len(areas)),
        "area_of_all_facets": comm.allreduce(float(areas.sum())),
        "conductance": pattern.conductance,
        "heat": elements.total(heat),
        "heat_moment": elements.total(heat * (x + 2.0 * y)),
        "density": elements.total(elements.density(conductivity * elements.volumes) * z),
    }


def vessel_numbers() -> dict[str, list[float]]:
    """Blood along a vessel whose wall is spread over the ranks."""
    tube = LinearElements(half_tube(comm, 1.5e-3, 4e-3, 60e-3, (2, 6, 24), ghosts="ghosts" in sys.argv))
    stem = [["0 mm", "0 mm", "0 mm"], ["30 mm", "0 mm", "0 mm"]]
    vessel = make_vessel(path=stem, branches=[{"path": [["60 mm", "0 mm", "0 mm"]], "diameter": "3 mm"}])
    numbers = {}
    for model, chosen in (("wall", vessel), ("resolved", make_vessel(coefficient=None, model="resolved"))):
        site = Site(wall_of(tube.mesh, 1.5e-3), None, 0.52)
        hot = 37.0 + 40.0 * np.exp(-(((tube.points[:, 0] - 0.02) / 0.01) ** 2)) + 1000.0 * tube.points[:, 1]
        numbers |= said(model, tube, MODELS[model](tube, chosen, build_tree(chosen), site), hot)
    return numbers


def network_numbers() -> dict[str, list[float]]:
    """A branched vessel without a mesh that crosses the ranks, some of it perfusion."""
    block = LinearElements(domain_mesh)
    spaces = Spaces(domain_mesh)
    path = [["-2 mm", "5 mm", "6 mm"], ["10 mm", "9 mm", "11 mm"]]
    branches = [
        {"path": [["22 mm", "16 mm", "12 mm"]], "diameter": "1.5 mm"},
        {"path": [["14 mm", "4 mm", "18 mm"]], "diameter": "0.6 mm"},
    ]
    rule = {"wall_from": None, "network_from": "1 mm", "below": "perfusion"}
    vessel = make_vessel(diameter="2 mm", path=path, branches=branches, by_diameter=rule, model="network")
    site = Site(np.empty(0, np.int32), lambda points: PointLocator(spaces, points), 0.52)
    x, y, _ = block.points.T
    hot = 45.0 + 2000.0 * x + 20.0 * np.sin(300.0 * y)
    dry = hot + 500.0 * np.clip(300.0 * x - 3.0, 0.0, 1.0)
    return {
        key: value
        for name, temperature in (("network", hot), ("dry", dry))
        for key, value in said(
            name, block, MODELS["network"](block, vessel, build_tree(vessel), site), temperature
        ).items()
    }


def said(name: str, elements: LinearElements, sink, temperature: np.ndarray) -> dict[str, list[float]]:
    """What a vessel makes of tissue at ``temperature``."""
    heat = sink.update(temperature)
    outlet, blood = list(sink.outlet_temperature), list(sink.blood_temperature)
    x = elements.points[:, 0]
    sink.accept(temperature + 1.0, temperature > 60.0, 2.0)
    return {
        f"{name}_blood": blood,
        f"{name}_outlet": outlet,
        f"{name}_conductance": [elements.total(sink.conductance), elements.total(sink.conductance * x)],
        f"{name}_heat": [elements.total(heat), elements.total(heat * x)],
        f"{name}_taken": list(sink.line_heat),
    }


result = {kind.__name__: numbers(kind(domain_mesh)) for kind in (LinearElements, QuadraticElements)}
result["vessels"] = vessel_numbers() | network_numbers()
if comm.rank == 0:
    print("RESULT " + json.dumps({"ranks": comm.size, **result}))
