"""Records in words, for ``pennes library``: what is built in, and where every figure comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pennes.errors import InputError, nearest_name
from pennes.library.antennas import Antenna, Coax, Layer, Slot
from pennes.library.devices import Arc, DeviceRecord, Exposure, Polyline, Shaft, Tine
from pennes.library.find import Kind, find_device, find_tissue, list_records
from pennes.library.protocols import ProtocolBase
from pennes.library.records import Distribution, LinearLaw, Property, Record, SigmoidLaw, TissueRecord

KINDS: tuple[Kind, ...] = ("tissues", "devices")


def show(what: str | None = None, folders: Sequence[Path] = ()) -> RenderableType:
    """A table of the records (of ``tissues`` or ``devices``, or all), or one record by its name, to be printed.

    Raises InputError for a name that is neither.
    """
    records = list_records(folders)
    if what is None or what in KINDS:
        table = Table("name", "what", "kind")
        for record in records:
            if what in (None, record.kind):
                table.add_row(record.name, record.title, record.kind[:-1])
        return table
    for record in records:
        if record.name == what:
            find = find_tissue if record.kind == "tissues" else find_device
            return describe(find(what, folders), record.file)
    known = [*KINDS, *(record.name for record in records)]
    raise InputError(f"the library has no '{what}'", expected=" | ".join(known), nearest=nearest_name(what, known))


def as_data(what: str | None = None, folders: Sequence[Path] = ()) -> object:
    """The same as plain values for ``--json``: a list of names, or one record. Raises InputError as ``show``."""
    records = list_records(folders)
    for record in records:
        if record.name == what:
            find = find_tissue if record.kind == "tissues" else find_device
            return find(what, folders).model_dump(mode="json")
    if what is not None and what not in KINDS:
        show(what, folders)
    chosen = [record for record in records if what in (None, record.kind)]
    return [{"kind": r.kind, "name": r.name, "title": r.title, "file": str(r.file)} for r in chosen]


def describe(record: TissueRecord | DeviceRecord, file: Path | None = None) -> RenderableType:
    """One record with its sources, to be printed."""
    heading = Text.assemble((record.title, "bold"), f"  ({record.name})" + (f"\n{file}" if file else ""))
    return Group(heading, *(_tissue(record) if isinstance(record, TissueRecord) else _device(record)))


def _tissue(record: TissueRecord) -> list[RenderableType]:
    table = Table("property", "value", "with temperature", "uncertainty", "source")
    for name in type(record).model_fields:
        item = getattr(record, name)
        if isinstance(item, Property):
            value = str(item.model_dump(mode="json")["value"])
            table.add_row(name.replace("_", " "), value, _law(item), _spread(item.distribution), item.source)
    drying = record.drying
    table.add_row("drying", f"{100 * drying.residual:g} % of sigma left when dry", "", "", drying.source)
    table.add_row("", f"averaged over {1e3 * drying.length:g} mm", "", "", drying.length_source)
    if record.hyperaemia is not None:
        rise = record.hyperaemia
        law = f"perfusion x {rise.peak:g} at {rise.to:g} °C, linear from {rise.start:g} °C"
        table.add_row("hyperaemia", "", law, "", rise.source)
    for entry in record.dielectric:
        low, high = (f"{frequency / 1e6:g}" for frequency in entry.band)
        for name in ("permittivity", "conductivity"):
            item = getattr(entry, name)
            value = str(item.model_dump(mode="json")["value"])
            label = f"{name}, {low} to {high} MHz"
            table.add_row(label, value, _law(item), _spread(item.distribution), item.source)
    return [table]


def _law(item: Property) -> str:
    if item.law is None:
        return "constant"
    if isinstance(item.law, SigmoidLaw):
        half = item.law.centre / item.law.rate
        return f"sigmoid from {item.law.reference:g} °C, half its span gone at {half:.3g} °C"
    if isinstance(item.law, LinearLaw):
        law = item.law
        return f"{100 * law.rate:+.3g} %/K from {law.reference:g} °C, constant above {law.until:g} °C"
    return ", ".join(f"x {f:g} at {t:g} °C" for t, f in zip(item.law.temperatures, item.law.factors, strict=True))


def _spread(distribution: Distribution | None) -> str:
    if distribution is None:
        return "not stated"
    spread = f", sd {distribution.sd:g}" if distribution.sd else ""
    return f"{distribution.kind}{spread}, x {distribution.low:g} to x {distribution.high:g}"


def _device(record: DeviceRecord) -> list[RenderableType]:
    parts = Table("part", "what", "bare metal")
    for shaft in record.shafts:
        parts.add_row(shaft.name, _shaft(shaft), _exposures(shaft.exposures))
    for tine in record.tines:
        parts.add_row(tine.name, _tine(tine), _exposures(tine.exposures))
    if record.antenna is not None:
        for name, what in _antenna(record.antenna).items():
            parts.add_row(name, what, "")
    for sensor in record.thermocouples:
        place = f"tip of {sensor.tine} {sensor.copy_number}" if sensor.tine else _values(sensor, ("at",))
        parts.add_row(sensor.name, f"thermocouple: {place}", "")
    protocols = Table("protocol", "what", "source")
    for name, protocol in record.protocols.items():
        protocols.add_row(name, _protocol(protocol), protocol.source)
    generator = "generator: " + _values(record.generator, tuple(type(record.generator).model_fields))
    return [Text(f"source: {record.source}"), parts, Text(generator), protocols]


def _shaft(shaft: Shaft) -> str:
    cooling = shaft.cooling
    cooled = ""
    if cooling is not None:
        cooled = f"; cooled inside, {cooling.coefficient:g} W/m²/K to {cooling.temperature:g} °C ({cooling.source})"
    return f"shaft {1e3 * shaft.diameter:g} mm, {shaft.tip} tip{cooled}"


def _antenna(antenna: Antenna) -> dict[str, str]:
    """What is inside the needle, part by part."""
    parts = {"antenna": _values(antenna, ("type", "sheath_permittivity", "cable_loss", "efficiency"))}
    parts["coax"] = _values(antenna.coax, tuple(Coax.model_fields))
    for number, slot in enumerate(antenna.slots, start=1):
        parts[f"slot {number}"] = _values(slot, tuple(Slot.model_fields))
    for layer in antenna.layers:
        parts[layer.name] = _values(layer, tuple(name for name in Layer.model_fields if name != "name"))
    return parts


def _tine(tine: Tine) -> str:
    shapes: dict[type[Arc | Polyline], str] = {Arc: "arcs", Polyline: "bent wires"}
    return (
        f"{tine.count} {shapes[type(tine.path)]} of {1e3 * tine.path.length:.1f} mm, {1e3 * tine.diameter:g} mm thick"
    )


def _exposures(exposures: tuple[Exposure, ...]) -> str:
    ends = [f"{1e3 * e.start:g} to {'end' if e.end is None else f'{1e3 * e.end:g} mm'} ({e.pole})" for e in exposures]
    return ", ".join(ends) or "none"


def _protocol(protocol: ProtocolBase) -> str:
    return _values(protocol, tuple(name for name in type(protocol).model_fields if name not in ("name", "source")))


def _values(record: Record, names: tuple[str, ...]) -> str:
    """The record's values that say something, as text with units."""
    written = record.model_dump(mode="json", include=set(names))
    return ", ".join(
        f"{name.replace('_', ' ')} {written[name]}" for name in names if written[name] not in (None, [], {})
    )
