"""The common benchmark `rfa-block` with the operators and solvers of pennes: fixed mesh, fixed physics, 60 steps.

usage: [mpiexec -n N] python rfa_block.py MESHPREFIX [--profile]

MESHPREFIX.npz holds points (m), tets, tris, tri_tags (1 active electrode, 2 shaft, 3 vessel wall, 4 outer). Prints one
line RESULT {json}: the loop's wall and CPU seconds, peak memory, iterations and the three measured values.
"""

from __future__ import annotations

import time

started = time.perf_counter()

import argparse  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402

import numpy as np  # noqa: E402
from mpi4py import MPI  # noqa: E402

from pennes.elements import LinearElements  # noqa: E402
from pennes.energy import Radiofrequency  # noqa: E402

# isort: split
import basix.ufl  # noqa: E402
import dolfinx  # noqa: E402
import dolfinx.io  # noqa: E402
import ufl  # noqa: E402
from dolfinx.graph import adjacencylist  # noqa: E402

DT, STEPS, TOLERANCE = 5.0, 60, 1e-8
VOLTAGE, BLOOD, WALL_COEFFICIENT, CONDUCTIVITY = 25.0, 37.0, 750.0, 0.52
HEAT_CAPACITY, PERFUSION = 1060.0 * 3600.0, 6.4e-3 * 1060.0 * 3617.0
ACTIVE, SHAFT, VESSEL, OUTER = 1, 2, 3, 4


def electric_conductivity(temperature: np.ndarray) -> np.ndarray:
    """S/m, of the temperature in C."""
    return 0.33 * (1.0 + 0.015 * (temperature - 37.0))


def damage_rate(temperature: np.ndarray) -> np.ndarray:
    """1/s, of the temperature in C."""
    return 7.39e39 * np.exp(-2.577e5 / (8.314 * (temperature + 273.15)))


def extrapolated(values: list[np.ndarray]) -> np.ndarray:
    """Guess for the next step from up to three past ones (newest last)."""
    if len(values) < 3:
        return values[-1] if len(values) == 1 else 2 * values[-1] - values[-2]
    return 3 * values[-1] - 3 * values[-2] + values[-3]


def read_mesh(path: str, comm: MPI.Intracomm) -> tuple[dolfinx.mesh.Mesh, dolfinx.mesh.MeshTags]:
    """The benchmark's mesh and its facet tags, spread over the ranks."""
    names = ("tets", "points", "tris", "tri_tags")
    if comm.rank == 0:
        with np.load(path) as file:
            cells, points, facets, tags = (file[name] for name in names)
    else:
        cells, points = np.empty((0, 4), np.int64), np.empty((0, 3))
        facets, tags = np.empty((0, 3), np.int64), np.empty(0, np.int32)
    element = ufl.Mesh(basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,)))
    mesh = dolfinx.mesh.create_mesh(comm, cells.astype(np.int64), element, points)
    mesh.topology.create_entities(2)
    mesh.topology.create_connectivity(2, 0)
    mesh.topology.create_connectivity(2, 3)
    found, values = dolfinx.io.distribute_entity_data(mesh, 2, facets.astype(np.int64), tags.astype(np.int32))
    return mesh, dolfinx.mesh.meshtags_from_entities(mesh, 2, adjacencylist(found), values)


def main() -> None:
    """Run the benchmark and print its result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mesh")
    parser.add_argument("--profile", action="store_true", help="print where the seconds of the loop went")
    arguments = parser.parse_args()
    comm = MPI.COMM_WORLD
    mesh, facets = read_mesh(arguments.mesh + ".npz", comm)
    setup = time.perf_counter()
    elements = LinearElements(mesh)
    n = elements.n_local
    active, outer = (elements.nodes_of(2, facets.find(tag)) for tag in (ACTIVE, OUTER))
    areas, nodes, shares, _ = elements.facet_shares(facets.find(VESSEL))
    weights = (WALL_COEFFICIENT * areas)[:, None] * shares[None, :]
    wall = elements.accumulate(np.bincount(nodes.ravel(), weights.ravel(), minlength=n))
    potential = Radiofrequency(elements, {"needle": active}, outer, TOLERANCE)
    heat = elements.system(outer, name="heat", relative_tolerance=TOLERANCE)
    diffusion = elements.stiffness(np.full(elements.n_cells, CONDUCTIVITY))
    setup = time.perf_counter() - setup

    temperature, damage = np.full(n, BLOOD), np.zeros(n)
    temperatures, potentials = [], []
    seconds: dict[str, float] = {}

    comm.barrier()
    wall_clock, times = time.perf_counter(), os.times()
    for step in range(STEPS):
        mark = time.perf_counter()
        conductivity = electric_conductivity(elements.cell_mean(temperature))
        if potentials:
            potential.unit_potentials[0] = extrapolated(potentials)
        potential.update(conductivity)
        potentials = [*potentials[-2:], potential.unit_potentials[0]]
        mark = _lap(seconds, "potential", mark)
        power = potential.cell_power(potential.pattern({}, conductivity), conductivity) * VOLTAGE**2
        source = elements.accumulate(elements.lump(power))
        mark = _lap(seconds, "joule", mark)
        perfusion = PERFUSION * np.exp(-damage)
        reaction = HEAT_CAPACITY / DT + perfusion
        heat.set(diffusion, reaction, wall) if step == 0 else heat.set_diagonal(reaction, wall)
        right = elements.mass(HEAT_CAPACITY / DT * temperature + perfusion * BLOOD) + wall * BLOOD + source
        temperatures = [*temperatures[-2:], temperature]
        mark = _lap(seconds, "assembly", mark)
        temperature = heat.solve_fixed(diffusion, np.full(n, BLOOD), extrapolated(temperatures), right=right)
        mark = _lap(seconds, "heat", mark)
        damage = damage + DT * damage_rate(temperature)
        _lap(seconds, "damage", mark)
    comm.barrier()
    loop_wall = time.perf_counter() - wall_clock
    loop_cpu = comm.allreduce(sum(os.times()[:4]) - sum(times[:4]))
    memory = comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0)

    volumes = elements.node_volumes
    result = {
        "program": "pennes",
        "mesh": os.path.basename(arguments.mesh),
        "ranks": comm.size,
        "vertices": elements.index_map.size_global,
        "loop_wall_s": loop_wall,
        "loop_cpu_s": loop_cpu,
        "setup_s": setup,
        "total_wall_s": time.perf_counter() - started,
        "peak_memory_mb": memory,
        "iterations_potential": potential.system.iterations,
        "iterations_heat": heat.iterations,
        "Tmax": comm.allreduce(float(temperature.max()), op=MPI.MAX),
        "V50_cm3": elements.total(volumes * (temperature >= 50.0)) * 1e6,
        "Vdam_cm3": elements.total(volumes * (damage >= 1.0)) * 1e6,
    }
    if comm.rank == 0:
        print("RESULT " + json.dumps(result))
        if arguments.profile:
            print({name: round(value, 2) for name, value in seconds.items()})


def _lap(seconds: dict[str, float], name: str, mark: float) -> float:
    now = time.perf_counter()
    seconds[name] = seconds.get(name, 0.0) + now - mark
    return now


if __name__ == "__main__":
    main()
