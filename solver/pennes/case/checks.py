"""What the parts of a case must agree on: names, poles, sensors, grounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pennes.case.symmetry import check_axisymmetric
from pennes.errors import nearest_name
from pennes.library.protocols import TemperatureControlled, TemperatureLimited
from pennes.library.records import check_unique, refuse
from pennes.library.schedule import Pole

if TYPE_CHECKING:
    from pennes.case.models import Case

POWER_MODES = ("constant_power", "pulsed_power", "temperature_controlled", "temperature_limited")
"""Modes of the generator that make sense for an antenna."""
FASTEST_BLOOD = 10.0
"""m/s; the aorta has 1 to 2, a tight stenosis 5."""
MOST_OUTPUTS = 10_000
SURFACES = {"outer", "free"}
"""Outer surfaces of parametric bodies; a half-space alone has a free one."""


def check_case(case: Case) -> None:
    """Raises the error of a validator where two parts of the case contradict each other."""
    _check_names(case)
    _check_body(case)
    check_axisymmetric(case)
    _check_generator(case)
    _check_mode(case)
    _check_poles(case)
    _check_current(case)
    _check_sensors(case)
    _check_occlusions(case)
    _check_output(case)
    _check_speeds(case)


def pole_names(case: Case) -> tuple[str, ...]:
    """All poles of the case as "applicator.pole", in the order of the file."""
    return tuple(f"{applicator.name}.{pole}" for applicator in case.applicators for pole in applicator.device.poles)


def sensor_names(case: Case) -> tuple[str, ...]:
    """All thermocouples of the case as "applicator.sensor", in the order of the file."""
    return tuple(
        f"{applicator.name}.{sensor.name}"
        for applicator in case.applicators
        for sensor in applicator.device.thermocouples
    )


def meant(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The full names ("applicator.part") in ``known`` that ``name`` means: itself, or that part of every applicator."""
    known = tuple(known)
    if name in known:
        return (name,)
    return tuple(full for full in known if full.partition(".")[2] == name)


def _check_names(case: Case) -> None:
    seen: dict[str, str] = {}
    for key in ("targets", "vessels", "organs", "applicators"):
        for index, part in enumerate(getattr(case, key)):
            if part.name in seen:
                where = f"the name '{part.name}' is given to one of {seen[part.name]} already"
                raise refuse(where, key, index, "name", expected="another name")
            seen[part.name] = key
    check_unique([probe.name for probe in case.output.probes], "output", "probes")


def _check_occlusions(case: Case) -> None:
    known = [vessel.name for vessel in case.vessels]
    for index, occlusion in enumerate(case.occlusions):
        for place, name in enumerate(occlusion.vessels):
            if name not in known:
                problem, nearest = f"there is no vessel '{name}'", nearest_name(name, known)
                expected = " | ".join(known) or "a case with vessels"
                raise refuse(problem, "occlusions", index, "vessels", place, expected=expected, nearest=nearest)


def _check_speeds(case: Case) -> None:
    """Verification lets blood flow as fast as it likes; a patient's does not."""
    for index, vessel in enumerate(case.vessels):
        if vessel.speed is not None and vessel.speed > FASTEST_BLOOD:
            problem = f"{vessel.speed:g} m/s is faster than blood flows"
            raise refuse(problem, "vessels", index, "speed", expected=f"at most {FASTEST_BLOOD:g} m/s")


def _check_output(case: Case) -> None:
    """Every output is a step's end and a copy of all fields."""
    ends = (case.protocol, *case.protocol.schedule)
    longest = max(end.duration or 0.0 for end in ends) + max(end.cool_down or 0.0 for end in ends)
    count = longest / case.output.every
    if count > MOST_OUTPUTS:
        problem = f"{case.output.every:g} s makes {count:.0f} outputs"
        raise refuse(problem, "output", "every", expected=f"{MOST_OUTPUTS} outputs at most")


FLUID = "hydrodissection"
"""Label of the fluid, as ``pennes.imaging.hydrodissection`` names it (a room above this one)."""


def _check_body(case: Case) -> None:
    from pennes.case.bodies import HalfSpace, LabelBody, MeshBody

    body = case.body
    if isinstance(body, MeshBody):
        known = pole_names(case)
        for group, pole in body.electrodes.items():
            if len(meant(pole, known)) != 1:
                raise _unknown_pole(pole, known, "body", "electrodes", group)
        return
    if isinstance(body, LabelBody):
        _check_label_body(case)
    for index, surface in enumerate(body.ground):
        surfaces = SURFACES if isinstance(body, HalfSpace) else SURFACES - {"free"}
        if surface not in surfaces:
            nearest = nearest_name(surface, surfaces)
            expected = " | ".join(sorted(surfaces))
            raise refuse(
                f"there is no surface '{surface}'", "body", "ground", index, expected=expected, nearest=nearest
            )
    for key in () if isinstance(body, LabelBody) else ("targets", "organs"):
        for index, part in enumerate(getattr(case, key)):
            if part.geometry.shape == "region":
                problem = "a region is a part of the user's mesh, and this body has none"
                raise refuse(problem, key, index, "geometry", "shape", expected="another shape, or body: {mesh: ...}")


def _check_label_body(case: Case) -> None:
    """Targets and organs of a label map are labels, and its vessels are the body's."""
    if case.vessels:
        raise refuse("vessels of a label map are labels", "vessels", 0, expected="body.vessels: [{label: ...}]")
    if not case.targets:
        raise refuse("a label map needs a target to be cut out around", "targets", expected="a target")
    if case.body.hydrodissection and FLUID not in case.body.tissues:
        raise refuse(
            "the fluid of the hydrodissection has no tissue", "body", "tissues",
            expected=f"body.tissues: {{{FLUID}: dextrose_5_percent}}",
        )  # fmt: skip
    for key in ("targets", "organs"):
        for index, part in enumerate(getattr(case, key)):
            if part.geometry.shape != "region":
                raise refuse("this body is a label map", key, index, "shape", expected="{shape: region, region: LABEL}")


def _check_generator(case: Case) -> None:
    """One generator feeds all applicators, and they heat in one way."""
    first = case.applicators[0]
    for index, applicator in enumerate(case.applicators[1:], start=1):
        for what in ("kind", "generator"):
            if getattr(applicator.device, what) != getattr(first.device, what):
                problem = f"the {what} of this device is not that of '{first.name}', and one generator feeds both"
                raise refuse(problem, "applicators", index, "device", expected="devices of one generator")


def _check_mode(case: Case) -> None:
    """Antennas are set in watts; how a field is solved is a question of theirs alone."""
    microwave = case.applicators[0].device.kind == "microwave"
    changes = [(change.mode, ("schedule", index)) for index, change in enumerate(case.protocol.schedule) if change.mode]
    for mode, at in [(case.protocol.mode, ()), *changes]:
        if microwave and mode not in POWER_MODES:
            problem = f"'{mode}' has no meaning for a microwave antenna"
            raise refuse(problem, "protocol", *at, "mode", expected=" | ".join(POWER_MODES))
    for index, applicator in enumerate(case.applicators):
        if applicator.field is not None and not microwave:
            raise refuse("belongs to microwave antennas", "applicators", index, "field", expected="none")


def _check_poles(case: Case) -> None:
    known = pole_names(case)
    protocol = case.protocol
    places = [(protocol.poles, ("poles",))]
    places += [(pattern, ("pole_cycle", index)) for index, pattern in enumerate(protocol.pole_cycle)]
    for index, change in enumerate(protocol.schedule):
        places.append((change.poles or {}, ("schedule", index, "poles")))
        cycle = enumerate(change.pole_cycle or ())
        places += [(pattern, ("schedule", index, "pole_cycle", place)) for place, pattern in cycle]
    for patterns, at in places:
        for name in patterns:
            if not meant(name, known):
                raise _unknown_pole(name, known, "protocol", *at, name)


def _check_current(case: Case) -> None:
    """Current needs two potentials: a ground, or poles that differ."""
    if case.body.ground or case.applicators[0].device.kind == "microwave":
        return
    known = pole_names(case)
    protocol = case.protocol
    patterns = [(protocol.poles, ("poles",))]
    if protocol.pole_cycle:
        patterns = [({**protocol.poles, **cycle}, ("pole_cycle", i)) for i, cycle in enumerate(protocol.pole_cycle)]
    for pattern, at in patterns:
        if len(_potentials(pattern, known)) < 2:
            problem = "no current can flow: nothing is grounded and all poles are at one potential"
            raise refuse(problem, "protocol", *at, expected="a pole with role: ground, or body.ground: [outer]")


def _potentials(pattern: Mapping[str, Pole], known: tuple[str, ...]) -> set[tuple[float, float]]:
    """The different potentials (amplitude, phase) that poles are held at."""
    poles = {full: pole for name, pole in pattern.items() for full in meant(name, known)}
    held = [poles.get(name, Pole()) for name in known]
    ground = (0.0, 0.0)
    return {
        ground if pole.role == "ground" or pole.amplitude == 0 else (pole.amplitude, pole.phase)
        for pole in held
        if pole.role != "floating"
    }


def _check_sensors(case: Case) -> None:
    protocol = case.protocol
    known, own = sensor_names(case), isinstance(protocol, (TemperatureControlled, TemperatureLimited))
    modes = [(protocol.mode, ("mode",))]
    modes += [(change.mode, ("schedule", i, "mode")) for i, change in enumerate(protocol.schedule)]
    for mode, at in modes:
        if mode in ("temperature_controlled", "temperature_limited") and not known:
            raise refuse("temperature control needs a device with thermocouples", "protocol", *at)
    places = [(protocol.sensors, ("sensors",))] if own else []
    places += [(change.sensors or (), ("schedule", i, "sensors")) for i, change in enumerate(protocol.schedule)]
    for sensors, at in places:
        for index, name in enumerate(sensors):
            if not meant(name, known):
                nearest = nearest_name(name, known)
                problem = f"there is no thermocouple '{name}'"
                raise refuse(problem, "protocol", *at, index, expected=" | ".join(known), nearest=nearest)


def _unknown_pole(name: str, known: tuple[str, ...], *at: str | int) -> Exception:
    nearest = nearest_name(name, known)
    return refuse(f"there is no pole '{name}'", *at, expected=" | ".join(known), nearest=nearest)
