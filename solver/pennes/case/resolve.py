"""What the user may leave out or say with a name, written out: the file's text becomes the complete case's text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import Field

from pennes.case.accuracy import PRESETS
from pennes.case.models import Applicator, Organ, Shape, Target
from pennes.case.overrides import entry
from pennes.errors import nearest_name
from pennes.library.devices import DeviceRecord, Exposure
from pennes.library.find import Kind, written_record
from pennes.library.protocols import PROTOCOLS
from pennes.library.records import Record, TissueRecord
from pennes.library.validation import DISCRIMINATORS, validate
from pennes.library.written import Written
from pennes.units import parse_quantity

_RECORDS: dict[Kind, type[Record]] = {"tissues": TissueRecord, "devices": DeviceRecord}
_NEWER = {"antenna", "dielectric", "contraction"}
"""Keys that a complete record may leave out."""
_SHAPE_KEYS = {key for shape in get_args(get_args(Shape)[0]) for key in shape.model_fields}


class _Applicators(Record):
    applicators: tuple[Applicator, ...] = Field(min_length=1)


def resolve(written: Written, folders: Sequence[Path]) -> Written:
    """``written`` with library names replaced by records and shapes folded into ``geometry``.

    Blocks with a ``name`` are merged over the record of that name. Whatever is not understood is left as it is, for
    the validation to complain about. Raises InputError for a name that no record has.
    """

    def tissue(place: Written) -> Written:
        return _record(place, "tissues", folders)

    def device(place: Written) -> Written:
        return _record(place, "devices", folders)

    body = written.get("body")
    if body is not None:
        body = _default(body, "blood", "blood")
        body = _each(body, ("tissue", "blood"), tissue)
        for key in ("regions", "tissues"):
            body = _each(body, (key,), lambda regions: _each(regions, tuple(_keys(regions)), tissue))
        body = _entries(body, "vessels", lambda vessel: _each(_default(vessel, "blood", "blood"), ("blood",), tissue))
        written = _replace(written, "body", body)
    written = _entries(written, "targets", lambda target: _each(_fold(target, Target), ("tissue",), tissue))
    written = _entries(written, "organs", lambda organ: _each(_fold(organ, Organ), ("tissue",), tissue))
    written = _entries(written, "vessels", lambda vessel: _each(_default(vessel, "blood", "blood"), ("blood",), tissue))
    written = _entries(written, "applicators", lambda applicator: _each(_aimed(applicator), ("device",), device))
    written = _each(written, ("protocol",), lambda protocol: _full_poles(_protocol(protocol, written), written))
    return _each(written, ("accuracy",), _accuracy)


def merge(base: Written, over: Written) -> Written:
    """``over`` laid over ``base``, block by block; other lists and values of ``over`` replace those of ``base``.

    A block of another kind (``kind``, ``mode``, ``shape``) replaces the whole. Where a property's value is given anew,
    its source says so. A bare value given for a property replaces its ``value``. A block over a list changes the
    entries that its keys name or count.
    """
    if isinstance(base.value, list) and isinstance(over.value, dict):
        items = list(base.value)
        for step, item in over.value.items():
            index, _ = entry(base, str(step), item)
            items[index] = merge(items[index], item)
        return over.with_value(items)
    if not isinstance(base.value, dict):
        return over
    is_property = {"value", "source"} <= base.value.keys()
    if is_property and over.value is not None and not isinstance(over.value, (dict, list)):
        over = over.with_value({"value": over})
    if not isinstance(over.value, dict):
        return over
    for word in DISCRIMINATORS:
        old, new = base.get(word), over.get(word)
        if old is not None and new is not None and old.value != new.value:
            return over
    children = dict(base.value)
    for key, item in over.value.items():
        children[key] = merge(children[key], item) if key in children else item
    if is_property and "value" in over.value and "source" not in over.value:
        children["source"] = over.child("stated by the case", "source")
    return over.with_value(children)


def _aimed(applicator: Written) -> Written:
    """An applicator with ``entry`` instead of ``direction``: from the point of entry to the tip."""
    entry, tip = applicator.get("entry"), applicator.get("tip")
    if entry is None or tip is None or applicator.get("direction") is not None:
        return applicator
    try:
        first, last = ([parse_quantity(x, "m", "25 mm") for x in place.plain()] for place in (entry, tip))
    except (ValueError, TypeError) as problem:
        raise entry.refuse(str(problem), expected="a point such as [10 mm, -35 mm, 80 mm]") from None
    offset = [b - a for a, b in zip(first, last, strict=False)]
    if len(first) != 3 or len(last) != 3 or not any(offset):
        raise entry.refuse("entry and tip give no direction", expected="two different points of three coordinates")
    direction = applicator.child(None, "direction")
    length = sum(x * x for x in offset) ** 0.5
    numbers = [direction.child(round(x / length, 12), i) for i, x in enumerate(offset)]
    kept = {key: item for key, item in applicator.value.items() if key != "entry"}
    return applicator.with_value({**kept, "direction": direction.with_value(numbers)})


def _record(place: Written, kind: Kind, folders: Sequence[Path]) -> Written:
    """The record that ``place`` names, with what else stands there merged over it; complete blocks stay as they are."""
    name = place if isinstance(place.value, str) else place.get("name")
    if name is None or not isinstance(name.value, str):
        return place
    if isinstance(place.value, dict) and _RECORDS[kind].model_fields.keys() - _NEWER <= place.value.keys():
        return place
    base = written_record(kind, name.value, folders, asked=name)
    return base if place is name else merge(base, place)


def _protocol(place: Written, case: Written) -> Written:
    """The named protocol of one of the case's devices, with what else stands there merged over it."""
    name = place if isinstance(place.value, str) else place.get("name")
    mode = place.get("mode")
    model = PROTOCOLS.get(str(mode.value)) if mode is not None else None
    complete = model is not None and isinstance(place.value, dict) and model.model_fields.keys() <= place.value.keys()
    if name is None or not isinstance(name.value, str) or complete:
        return place
    known: dict[str, Written] = {}
    for applicator in _items(case.get("applicators")):
        device = applicator.get("device")
        protocols = device.get("protocols") if device is not None else None
        if protocols is not None and isinstance(protocols.value, dict):
            known = {**protocols.value, **known}
    if name.value not in known:
        if mode is not None:  # a block of its own that has a name
            return place
        _check_devices(case)
        problem, nearest = f"there is no protocol '{name.value}' of this device", nearest_name(name.value, known)
        raise name.refuse(problem, expected=" | ".join(known) or "a block with 'mode: ...'", nearest=nearest)
    base = known[name.value]
    over = place if isinstance(place.value, dict) else place.with_value({"name": name})
    return merge(base, over)


def _check_devices(case: Written) -> None:
    """Complain about unusable applicators first: without their devices no protocol has a name."""
    applicators = case.get("applicators")
    validate(_Applicators, case.with_value({"applicators": applicators} if applicators is not None else {}))


def _full_poles(protocol: Written, case: Written) -> Written:
    """The protocol with every pole that is named alone written out for all applicators that have such a pole."""
    owners: dict[str, list[str]] = {}
    for applicator in _items(case.get("applicators")):
        name, device = applicator.get("name"), applicator.get("device")
        owner = Applicator.model_fields["name"].default if name is None else name.value
        for pole in _pole_names(device):
            owners.setdefault(pole, []).append(str(owner))

    def write_out(poles: Written) -> Written:
        if not isinstance(poles.value, dict):
            return poles
        named = {key: item for key, item in poles.value.items() if key not in owners}
        alone = {f"{owner}.{key}": poles.value[key] for key in poles.value if key in owners for owner in owners[key]}
        return poles.with_value({**alone, **named})

    protocol = _each(protocol, ("poles",), write_out)
    protocol = _entries(protocol, "pole_cycle", write_out)
    return _entries(
        protocol, "schedule", lambda change: _entries(_each(change, ("poles",), write_out), "pole_cycle", write_out)
    )


def _pole_names(device: Written | None) -> list[str]:
    """Poles of a device as written, defaults included; no name twice."""
    default, names = Exposure.model_fields["pole"].default, []
    for key in ("shafts", "tines") if device is not None else ():
        for part in _items(device.get(key)):
            if part.get("exposures") is None and key == "tines":
                names.append(default)  # a tine of which nothing is said is bare
            poles = [exposure.get("pole") for exposure in _items(part.get("exposures"))]
            names += [default if pole is None else str(pole.value) for pole in poles]
    return list(dict.fromkeys(names))


def _accuracy(place: Written) -> Written:
    """The preset's values under those given; a block that names no level starts from the default and is explicit."""
    level = place if isinstance(place.value, str) else place.get("level")
    if not isinstance(place.value, (str, dict)):
        return place
    if level is None:
        level = place.child("explicit", "level")
    if level.value not in (*PRESETS, "explicit"):
        problem = f"there is no accuracy '{level.value}'"
        raise level.refuse(problem, expected=" | ".join(PRESETS), nearest=nearest_name(str(level.value), PRESETS))
    base = _as_written({**PRESETS.get(str(level.value), {}), "level": level.value}, level)
    return merge(base, place) if isinstance(place.value, dict) else base


def _fold(place: Written, model: type[Record]) -> Written:
    """A target or an organ with the keys of its shape moved into ``geometry``; a ball where no shape is named."""
    if not isinstance(place.value, dict):
        return place
    fields = model.model_fields.keys() - {"geometry"}
    # A misspelt key of the target's own stays with it, to be told together with the target's keys.
    own = {
        key: item
        for key, item in place.value.items()
        if key in fields or (nearest_name(key, fields) and not nearest_name(key, _SHAPE_KEYS))
    }
    shape = {key: item for key, item in place.value.items() if key not in own and key != "geometry"}
    block = place.get("geometry")
    if block is not None and not isinstance(block.value, dict):
        return place
    inside: dict[str, Any] = dict(block.value) if block is not None else {}
    for key, item in shape.items():
        if key in inside and not (item.overrides or inside[key].overrides):
            raise item.refuse(f"is given here and in '{inside[key].key}'", expected="one of them")
        if key not in inside or item.overrides:
            inside[key] = item
    if "shape" not in inside:
        inside["shape"] = place.child("ball", "shape")
    around = block if block is not None else place
    return place.with_value({**own, "geometry": around.with_value(inside)})


def _as_written(value: Any, place: Written) -> Written:
    """Plain values as if they stood at ``place``."""
    if isinstance(value, dict):
        return place.with_value({key: _as_written(item, place) for key, item in value.items()})
    return place.with_value(value)


def _default(place: Written, key: str, value: str) -> Written:
    if not isinstance(place.value, dict) or key in place.value:
        return place
    return _replace(place, key, place.child(value, key))


def _replace(place: Written, key: str, item: Written) -> Written:
    return place.with_value({**place.value, key: item}) if isinstance(place.value, dict) else place


def _each(place: Written, keys: Sequence[str], change: Callable[[Written], Written]) -> Written:
    for key in keys:
        item = place.get(key)
        if item is not None and item.value is not None:
            place = _replace(place, key, change(item))
    return place


def _entries(place: Written, key: str, change: Callable[[Written], Written]) -> Written:
    def every(items: Written) -> Written:
        return items.with_value([change(item) for item in items.value]) if isinstance(items.value, list) else items

    return _each(place, (key,), every)


def _items(place: Written | None) -> list[Written]:
    return place.value if place is not None and isinstance(place.value, list) else []


def _keys(place: Written) -> list[str]:
    return list(place.value) if isinstance(place.value, dict) else []
