"""The schedule written out: the protocol as it stands from each change on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pennes.errors import InputError, nearest_name
from pennes.generator.modes import MODES, Mode
from pennes.library.protocols import Generator, ProtocolBase, TemperatureControlled, TemperatureLimited
from pennes.library.schedule import Change, Pole


@dataclass(frozen=True)
class Stage:
    """What holds from ``at`` (s) to the next stage.

    ``settings`` the protocol with all changes so far; ``mode`` its rules; ``generator`` with the limits that hold;
    ``patterns`` the poles, all of them by full name, one pattern or several to switch between; ``message`` what has
    changed, in words.
    """

    at: float
    settings: ProtocolBase
    mode: Mode
    generator: Generator
    enabled: bool
    patterns: tuple[Mapping[str, Pole], ...]
    message: str = ""


def make_stages(
    protocol: ProtocolBase, generator: Generator, pole_names: Sequence[str], sensor_names: Sequence[str]
) -> tuple[Stage, ...]:
    """The stages of ``protocol``, the first from t = 0 on.

    ``pole_names`` and ``sensor_names`` are full names, "applicator.part". Raises InputError for a pole or a
    thermocouple that does not exist, or where temperature control has none.
    """
    stages: list[Stage] = []
    settings, enabled = protocol, True
    for index, change in enumerate((None, *protocol.schedule)):
        message, key = "", "protocol"
        if change is not None:
            enabled = enabled if change.enabled is None else change.enabled
            settings = settings.changed(change)
            message, key = _message(change), f"protocol.schedule.{index - 1}"
        limited = generator.model_copy(update={name: limit for name, limit in settings.limits if limit is not None})
        stage = Stage(
            at=0.0 if change is None else change.at,
            settings=settings,
            mode=MODES[settings.mode](settings, limited, _sensors(settings, sensor_names, key)),
            generator=limited,
            enabled=enabled,
            patterns=_patterns(settings, pole_names, key),
            message=message,
        )
        if stages and stage.at == stages[-1].at == 0.0:
            stages.pop()
        stages.append(stage)
    return tuple(stages)


def _changed(change: Change) -> list[str]:
    return [name for name in type(change).model_fields if name != "at" and getattr(change, name) is not None]


def _message(change: Change) -> str:
    """The change as the case states it."""
    text = change.model_dump(mode="json")
    said = []
    for name in _changed(change):
        if name == "enabled":
            said.append("on" if change.enabled else "off")
        elif name in ("coolant", "limits"):
            said += [f"{name} {key} {value}" for key, value in text[name].items() if value is not None]
        elif isinstance(text[name], (dict, list)):
            said.append(f"{name} changed")
        else:
            said.append(f"{name} {text[name]}")
    return ", ".join(said)


def _patterns(settings: ProtocolBase, known: Sequence[str], key: str) -> tuple[Mapping[str, Pole], ...]:
    standing = _poles(settings.poles, known, f"{key}.poles")
    every = {name: standing.get(name, Pole()) for name in known}
    switched = [_poles(poles, known, f"{key}.pole_cycle.{i}") for i, poles in enumerate(settings.pole_cycle)]
    return tuple({**every, **poles} for poles in switched) or (every,)


def _poles(poles: Mapping[str, Pole], known: Sequence[str], key: str) -> dict[str, Pole]:
    """By full name; a pole named in full goes before the bare name that means that pole of every applicator."""
    named = [(name, full, pole) for name, pole in poles.items() for full in _meant(name, known, "pole", key)]
    return {full: pole for name, full, pole in sorted(named, key=lambda entry: entry[0] == entry[1])}


def _sensors(settings: ProtocolBase, known: Sequence[str], key: str) -> tuple[str, ...]:
    if not isinstance(settings, (TemperatureControlled, TemperatureLimited)):
        return ()
    if not known:
        raise InputError("temperature control needs a device with thermocouples", key=f"{key}.mode")
    named = (_meant(name, known, "thermocouple", f"{key}.sensors") for name in settings.sensors)
    return tuple(dict.fromkeys(full for full_names in named for full in full_names)) or tuple(known)


def _meant(name: str, known: Sequence[str], what: str, key: str) -> tuple[str, ...]:
    """The full names that ``name`` means: itself, or that part of every applicator."""
    meant = (name,) if name in known else tuple(full for full in known if full.partition(".")[2] == name)
    if not meant:
        expected, nearest = " | ".join(known) or "none: there are none", nearest_name(name, known)
        raise InputError(f"there is no {what} '{name}'", key=key, expected=expected, nearest=nearest)
    return meant
