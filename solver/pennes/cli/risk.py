"""``pennes risk``: a question to the atlas, or a new atlas."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pennes.errors import InputError, nearest_name
from pennes.units import parse_quantity

NONE = "none"


@dataclass(frozen=True)
class Words:
    """What was asked for, as the words of the command."""

    device: str | None
    protocol: str | None
    tumour: str | None
    vessel: str | None
    distance: str | None
    time: str | None
    power: str | None
    placement_error: str
    reposition_beyond: str | None
    samples: int
    seed: int | None
    plot: Path | None
    recurrence: bool
    as_json: bool


def ask(words: Words) -> None:
    """Print the answer. Raises InputError for what cannot be asked."""
    from pennes.risk.atlas import Atlas, known_devices
    from pennes.risk.helps import alternatives
    from pennes.risk.query import Question
    from pennes.risk.report import as_dict, as_text

    atlas = _atlas(words)
    if words.tumour is None:
        raise InputError("is missing", key="--tumour", expected="the tumour's diameter, such as '25 mm'")
    if words.vessel is None:
        raise InputError("is missing", key="--vessel", expected="the vessel's diameter, such as '6 mm', or 'none'")
    absent = words.vessel.strip().lower() == NONE
    question = Question(
        tumour_mm=_length(words.tumour, "--tumour"),
        vessel_mm=None if absent else _length(words.vessel, "--vessel"),
        distance_mm=None if absent or words.distance is None else _length(words.distance, "--distance"),
        duration_s=None if words.time is None else _quantity(words.time, "s", "12 min", "--time"),
        power_w=None if words.power is None else _quantity(words.power, "W", "200 W", "--power"),
        placement_error_mm=_length(words.placement_error, "--placement-error"),
        reposition_beyond_mm=_optional_length(words.reposition_beyond, "--reposition-beyond"),
        samples=words.samples,
        seed=words.seed,
    )
    found = atlas.query(question)
    others = tuple(Atlas.load(name) for name in known_devices() if name != atlas.device)
    data = as_dict(found, alternatives(found, others), recurrence=words.recurrence)
    if words.plot is not None:
        from pennes.risk.plot import draw

        draw(found, words.plot)
    print(json.dumps(data, indent=2, allow_nan=False) if words.as_json else as_text(data))
    if words.plot is not None and not words.as_json:
        print(f"Written: {words.plot}")


def tell(words: Words) -> None:
    """Print where the atlas comes from, without a device all atlases, and what progression is fitted to."""
    from pennes.risk.atlas import Atlas, known_devices
    from pennes.risk.recurrence import about_fit, fit_line
    from pennes.risk.report import about, about_text

    names = known_devices() if words.device is None else [words.device]
    if not names:
        raise InputError("no atlas is built in", key="--about", expected="--device FILE.npz")
    fit = about_fit()
    told = [about(Atlas.load(name)) | {"recurrence_fit": fit} for name in names]
    if words.as_json:
        print(json.dumps(told, indent=2, allow_nan=False))
    else:
        print("\n".join([*(about_text(data) for data in told), f"--recurrence: {fit_line(fit)}"]))


def make(folder: Path, output: Path | None, seed: int | None) -> None:
    """Make an atlas of a cohort's folder and say how far it is off. Raises InputError."""
    from pennes.risk.build import build
    from pennes.risk.report import about, about_text

    if output is None or output.suffix != ".npz":
        raise InputError("is needed with --build", key="-o", expected="a file that ends in .npz")
    atlas = build(folder, 1 if seed is None else seed)
    atlas.save(output)
    print(about_text(about(atlas)))
    print(f"Written: {output}")


def _atlas(words: Words):
    from pennes.risk.atlas import Atlas, known_devices

    if words.device is None:
        raise InputError("is missing", key="--device", expected=" | ".join(known_devices()) or "a file of --build")
    atlas = Atlas.load(words.device)
    known = atlas.header["protocol"]
    if words.protocol is not None and words.protocol != known:
        problem = f"the atlas of {atlas.device} does not know the protocol '{words.protocol}'"
        raise InputError(problem, key="--protocol", expected=f"{known}, with --time and --power",
                         nearest=nearest_name(words.protocol, [known]))  # fmt: skip
    return atlas


def _length(text: str, key: str) -> float:
    return 1e3 * _quantity(text, "m", "25 mm", key)


def _optional_length(text: str | None, key: str) -> float | None:
    return None if text is None else _length(text, key)


def _quantity(text: str, unit: str, example: str, key: str) -> float:
    try:
        return parse_quantity(text, unit, example)
    except ValueError as problem:
        raise InputError(str(problem), key=key) from None
