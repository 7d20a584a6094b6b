"""Scenes that cannot be, refused in words. Lengths in m; distances between centrelines, less the radii."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np

from pennes.case.bodies import HalfSpace
from pennes.case.models import Case
from pennes.case.vessels import Vessel
from pennes.errors import InputError
from pennes.scene import bodies, shapes
from pennes.scene.paths import point_distance, segment_distance
from pennes.scene.placement import Wire
from pennes.scene.plan import ScenePlan
from pennes.scene.vascular import VesselTree
from pennes.vasculature import Tree, build_trees

CLEARANCE = 1e-4
"""Parts closer than this touch, as far as a mesh is concerned."""
TOUCHES = 1e-9
"""A probe may lie on the body's surface, to rounding."""
SURFACE_STEP = 25
"""A target's surface is tested at points this many to its width."""


def refuse_impossible(case: Case, plan: ScenePlan) -> None:
    """Raises InputError, naming the key of the case, for a parametric scene that cannot be."""
    _targets_in_body(case)
    for tree in plan.vessels:
        _vessel_in_body(case, tree)
    trees = build_trees(case)
    _unmeshed_vessels_in_body(case, trees, {tree.name for tree in plan.vessels})
    _vessels_apart(case, trees)
    _probes_in_body(case)
    for wire in plan.wires:
        _tip_in_body(case, wire)
        _antenna_in_body(case, wire)
        for tree in plan.vessels:
            _wire_clear_of_vessel(wire, tree)
    free = [_free_part(wire, plan.wires) for wire in plan.wires]
    for first, second in combinations(range(len(plan.wires)), 2):
        _wires_apart(plan.wires[first], free[first], plan.wires[second], free[second])


def wire_to_vessel(wire: Wire, tree: VesselTree) -> tuple[float, np.ndarray]:
    """Smallest distance in m between the surfaces of a wire and a vessel, negative where they overlap, and where."""
    centres, radii = wire.balls()
    distance = np.min(
        [point_distance(centres, tube.sample()) - tube.radius for tube in tree.tubes]
        + [np.linalg.norm(centres - centre, axis=1) - radius for centre, radius in tree.joints],
        axis=0,
    )
    nearest = int(np.argmin(distance - radii))
    return float(distance[nearest] - radii[nearest]), centres[nearest]


def target_to_vessel(case: Case, number: int, tree: VesselTree) -> float:
    """Smallest distance in m from a target's surface to a vessel's wall, negative where the vessel runs into it."""
    geometry = case.targets[number].geometry
    return min(float(shapes.signed_distance(geometry, tube.sample()).min()) - tube.radius for tube in tree.tubes)


def _targets_in_body(case: Case) -> None:
    for number, target in enumerate(case.targets):
        surface = shapes.triangulate(target.geometry, shapes.size(target.geometry) / SURFACE_STEP).points
        depth = bodies.depth(case.body, surface)
        if depth.min() >= CLEARANCE:
            continue
        where = _millimetres(surface[np.argmin(depth)])
        if depth.max() < 0:
            problem = f"the target '{target.name}' lies outside the body"
        elif depth.min() < 0:
            problem = f"the target '{target.name}' sticks out of the body by {-1e3 * depth.min():.3g} mm at {where}"
        else:
            problem = f"the target '{target.name}' touches the surface of the body at {where}"
        raise InputError(problem, key=f"targets.{number}.centre", expected="a target wholly inside the body")


def _vessel_in_body(case: Case, tree: VesselTree) -> None:
    for tube in tree.tubes:
        deepest = float(bodies.depth(case.body, tube.sample()).max())
        if deepest < -0.9 * tube.radius:
            raise InputError(
                f"this part of the vessel '{tree.name}' does not reach into the body: it stays "
                f"{-1e3 * deepest:.3g} mm outside",
                key=f"{tube.key}.path",
            )
        _, size = bodies.enclosing_ball(case.body)
        if tube.radius > 0.5 * size:
            raise InputError(
                f"the vessel '{tree.name}' is {2e3 * tube.radius:.4g} mm wide, which fills the body",
                key=f"{tube.key}.diameter",
            )


def midpoints(points: np.ndarray) -> np.ndarray:
    """Of the steps of a polyline (n, 3): (n - 1, 3)."""
    return (points[1:] + points[:-1]) / 2


def _unmeshed_vessels_in_body(case: Case, trees: list[Tree], meshed: set[str]) -> None:
    for number, (vessel, tree) in enumerate(zip(case.vessels, trees, strict=True)):
        if vessel.name in meshed:
            continue
        points = np.concatenate([part for line in tree.lines for part in (line.points, midpoints(line.points))])
        deepest = float(bodies.depth(case.body, points).max())
        if deepest <= 0.0:
            raise InputError(
                f"the vessel '{vessel.name}' lies outside the body, {-1e3 * deepest:.3g} mm from it",
                key=f"vessels.{number}",
                expected="a vessel that runs through the body",
            )


def _vessels_apart(case: Case, trees: list[Tree]) -> None:
    """Two vessels that are drawn do not run through each other, whatever their models; trees that were read or grown
    come with crossings that nobody drew."""
    drawn = [number for number, vessel in enumerate(case.vessels) if isinstance(vessel, Vessel)]
    for first, second in combinations(drawn, 2):
        for line, other in product(trees[first].lines, trees[second].lines):
            gap, where, _ = segment_distance(line.points, other.points)
            gap -= line.radii[0] + other.radii[0]
            if gap < 0.0:
                names = f"'{case.vessels[first].name}' and '{case.vessels[second].name}'"
                raise InputError(
                    f"the vessels {names} run through each other at {_millimetres(where)}",
                    key=f"vessels.{second}.path",
                    expected="vessels beside each other; of vessels that join, one is among the other's branches",
                )


def _probes_in_body(case: Case) -> None:
    for number, probe in enumerate(case.output.probes):
        depth = float(bodies.depth(case.body, probe.point)[0])
        if depth < -TOUCHES:
            raise InputError(
                f"the probe '{probe.name}' is at {_millimetres(probe.point)}, {-1e3 * depth:.3g} mm outside the body",
                key=f"output.probes.{number}.point",
                expected="a point inside the body",
            )


def _tip_in_body(case: Case, wire: Wire) -> None:
    tip = wire.path.point_at(0.0)
    depth = float(bodies.depth(case.body, tip)[0])
    if depth < CLEARANCE:
        word = "outside the body" if depth < 0 else "on the surface of the body"
        key = f"applicators.{wire.owner}.tip" if wire.shaft is not None else wire.key
        raise InputError(
            f"the tip of '{wire.part}' of '{wire.applicator}' is at {_millimetres(tip)}, {word}",
            key=key,
            expected="a tip inside the body",
        )
    if wire.shaft is None and (shallow := float(bodies.depth(case.body, wire.sample()).min())) < wire.radius:
        raise InputError(
            f"'{wire.part}' of '{wire.applicator}' leaves the body (by {1e3 * (wire.radius - shallow):.3g} mm)",
            key=wire.key,
        )
    shaft = wire.shaft
    if shaft is not None and isinstance(case.body, HalfSpace) and wire.path.pieces[0].direction(0.0)[2] <= 0:
        raise InputError(
            f"'{wire.applicator}' does not enter through the free surface at z = 0",
            key=f"applicators.{wire.owner}.direction",
            expected="a direction with negative z",
        )


def _antenna_in_body(case: Case, wire: Wire) -> None:
    """What radiates has to lie in tissue: the field is that of an antenna in tissue."""
    antenna = case.applicators[wire.owner].device.antenna
    if antenna is None:
        return
    last = wire.path.point_at(antenna.radiating_end)
    depth = float(bodies.depth(case.body, last)[0])
    if depth < wire.radius:
        raise InputError(
            f"the antenna '{wire.applicator}' radiates into air: its radiating part, which ends "
            f"{1e3 * antenna.radiating_end:.4g} mm from the tip, "
            + (f"sticks out of the body by {-1e3 * depth:.3g} mm" if depth < 0 else "ends on the surface of the body"),
            key=f"applicators.{wire.owner}.tip",
            expected="a deeper tip",
        )


def _wire_clear_of_vessel(wire: Wire, tree: VesselTree) -> None:
    distance, where = wire_to_vessel(wire, tree)
    if distance >= CLEARANCE:
        return
    own = f"applicators.{wire.owner}.tip" if wire.shaft is not None else wire.key
    if distance > -2 * wire.radius:
        relation = "touches" if distance > -CLEARANCE else "cuts the wall of"
    else:
        relation = "runs inside"
    raise InputError(
        f"'{wire.part}' of '{wire.applicator}' {relation} the vessel '{tree.name}' at {_millimetres(where)}",
        key=own,
        expected=f"at least {1e3 * CLEARANCE:g} mm between them",
    )


def _free_part(wire: Wire, wires: tuple[Wire, ...]) -> np.ndarray:
    """Points (n, 3) of a wire outside its device's shafts. Raises InputError for a tine that leaves no shaft, or that
    meets a shaft again."""
    line = wire.sample()
    if wire.shaft is not None:
        return line
    shafts = [shaft for shaft in wires if shaft.owner == wire.owner and shaft.shaft is not None]
    distance = np.min([shaft.distance(line) for shaft in shafts], axis=0)
    if distance[-1] >= 0.0:
        raise InputError(
            f"'{wire.part}' of '{wire.applicator}' begins {1e3 * distance[-1]:.3g} mm outside the shaft",
            key=f"{wire.key}.path",
            expected="a first point inside a shaft",
        )
    touches = distance < wire.radius + CLEARANCE
    first = int(np.argmax(touches))
    if not touches[first:].all() or first == 0:
        raise InputError(
            f"'{wire.part}' of '{wire.applicator}' crosses the shaft"
            if first
            else f"'{wire.part}' of '{wire.applicator}' ends in the shaft",
            key=f"{wire.key}.path",
            expected="a tine that leaves the shaft once",
        )
    return line[:first]


def _wires_apart(first: Wire, line: np.ndarray, second: Wire, other: np.ndarray) -> None:
    """Two wires must not meet outside the shafts; that a tine meets its own shaft has been seen to."""
    if first.owner == second.owner and (first.shaft is None) != (second.shaft is None):
        return
    gap, where, _ = segment_distance(line, other)
    gap -= first.radius + second.radius
    if gap >= CLEARANCE:
        return
    names = [f"'{wire.part}' of '{wire.applicator}'" for wire in (first, second)]
    what = f"{names[0]} and {names[1]}" if names[0] != names[1] else f"two copies of {names[0]}"
    raise InputError(
        f"{what} {'cross' if gap < 0 else 'touch'} at {_millimetres(where)}",
        key=second.key if first.owner == second.owner else f"applicators.{second.owner}.tip",
        expected=f"at least {1e3 * CLEARANCE:g} mm between them",
    )


def _millimetres(point: np.ndarray) -> str:
    return "[" + ", ".join(f"{1e3 * x:.4g}" for x in point) + "] mm"
