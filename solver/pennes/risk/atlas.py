"""The atlas of a device: what was learnt from a cohort's runs, in one small file. NumPy only."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pennes.errors import InputError, nearest_name
from pennes.risk.emulator import Emulator
from pennes.risk.posterior import Posterior

if TYPE_CHECKING:
    from pennes.risk.query import Answer, Question

SCHEMA = "pennes.atlas/1"
DATA = Path(__file__).parent / "data"
_POSTERIOR = ("points", "targets", "lengths", "scales", "trend")


@dataclass(frozen=True)
class AtlasInput:
    """A property of tissue or blood that the atlas knows as uncertain."""

    name: str
    title: str
    group: str
    """``perfusion`` or ``tissue``."""
    unit: str
    base: float
    """Value that a factor of 1 stands for."""
    low: float
    high: float
    """Factors that were simulated."""
    path: tuple[str | int, ...]
    """Where it stands in a resolved case."""


@dataclass(frozen=True)
class Atlas:
    """What the file of a device says."""

    header: Mapping[str, Any]
    emulator: Emulator
    quantiles: np.ndarray
    """(inputs, 257) factors at equal steps of the probability."""
    normal: np.ndarray
    """(257,) of the standard normal."""
    points: np.ndarray
    """(n, inputs + 4) quasi-random numbers: a scrambled Sobol' sequence."""
    runs: Mapping[str, np.ndarray]
    """Of the runs, each (n,): the emulator's values, ``margin``, ``fold``, ``predicted``, ``sd``, ``key``,
    ``case_sha256``."""

    @classmethod
    def load(cls, device: str | Path) -> Atlas:
        """The atlas of a built-in device, or that in a file. Raises InputError: unknown device, unusable file."""
        path = Path(device)
        if path.suffix != ".npz":
            known = known_devices()
            path = DATA / f"{device}.npz"
            if str(device) not in known:
                raise InputError(
                    f"there is no atlas of '{device}'",
                    key="--device",
                    expected=" | ".join(known) or "a file of 'pennes risk --build'",
                    nearest=nearest_name(str(device), known),
                )
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            header = json.loads(str(arrays.pop("header")))
            assert header["schema"] == SCHEMA
        except (OSError, ValueError, KeyError, AssertionError, zipfile.BadZipFile):
            raise InputError(
                "is no atlas of this version", file=path, expected="what 'pennes risk --build' wrote"
            ) from None
        return _from_arrays(header, arrays)

    @property
    def device(self) -> str:
        return self.header["device"]

    @cached_property
    def inputs(self) -> tuple[AtlasInput, ...]:
        """What a query samples, in the order of ``quantiles``."""
        return tuple(AtlasInput(**given | {"path": tuple(given["path"])}) for given in self.header["inputs"])

    def query(self, question: Question) -> Answer:
        """Probabilities and margins. Raises InputError for what lies outside the range of what was simulated."""
        from pennes.risk.query import answer

        return answer(self, question)

    def save(self, path: Path) -> None:
        """Write the file. Raises InputError where that cannot be done."""
        stream = io.BytesIO()
        np.savez_compressed(stream, **_to_arrays(self))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(path.name + ".partial")
            partial.write_bytes(stream.getvalue())
            partial.replace(path)
        except OSError as error:
            raise InputError(f"cannot write this file: {error.strerror or error}", file=path) from None


def known_devices() -> list[str]:
    """Devices whose atlas is built in."""
    return sorted(file.stem for file in DATA.glob("*.npz"))


def _to_arrays(atlas: Atlas) -> dict[str, np.ndarray]:
    emulator = atlas.emulator
    arrays = {"quantiles": atlas.quantiles, "normal": atlas.normal, "points": atlas.points,
              "mean_shape": emulator.mean_shape, "basis": emulator.basis}  # fmt: skip
    for name, posterior in (("outer", emulator.outer), ("front", emulator.front)):
        arrays |= {f"{name}.{part}": getattr(posterior, part) for part in _POSTERIOR}
        arrays[f"{name}.levels"] = np.array([posterior.amplitude, posterior.noise])
    arrays |= {f"run.{name}": column for name, column in atlas.runs.items()}
    small = {name: a.astype(np.float32) if a.dtype == np.float64 else a for name, a in arrays.items()}
    numbers = {
        "rest_sd": emulator.rest_sd,
        "rest_sd_at_vessel": emulator.rest_sd_at_vessel,
        "inflation": emulator.inflation,
        "limits": {name: list(ends) for name, ends in emulator.limits.items()},
    }
    return small | {"header": np.array(json.dumps(dict(atlas.header) | {"emulator": numbers}))}


def _from_arrays(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Atlas:
    wide = {name: a.astype(np.float64) if a.dtype == np.float32 else a for name, a in arrays.items()}

    def posterior(name: str) -> Posterior:
        amplitude, noise = wide[f"{name}.levels"]
        parts = {part: wide[f"{name}.{part}"] for part in _POSTERIOR}
        return Posterior(**parts, amplitude=float(amplitude), noise=float(noise))

    numbers = header["emulator"]
    emulator = Emulator(
        tuple(given["name"] for given in header["inputs"]),
        wide["mean_shape"],
        wide["basis"],
        posterior("outer"),
        posterior("front"),
        numbers["rest_sd"],
        numbers["rest_sd_at_vessel"],
        numbers["inflation"],
        {name: (low, high) for name, (low, high) in numbers["limits"].items()},
    )
    runs = {name.removeprefix("run."): column for name, column in wide.items() if name.startswith("run.")}
    return Atlas(header, emulator, wide["quantiles"], wide["normal"], wide["points"], runs)
