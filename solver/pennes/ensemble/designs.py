"""Designs: where in the unit cube of quantiles the cases lie. Made by scipy.stats.qmc and SALib."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from pennes.ensemble.inputs import BoundInput
from pennes.ensemble.models import Design, Grid, LatinHypercube, Morris, Saltelli, Sobol
from pennes.errors import InputError


def shares(design: Design, inputs: Mapping[str, BoundInput]) -> np.ndarray:
    """Quantiles (n cases, d inputs), 0 to 1, the same for the same design and seed. Raises InputError where a library
    that the design needs is not installed."""
    count = len(inputs)
    if isinstance(design, Sobol):
        from scipy.stats import qmc

        with warnings.catch_warnings():
            # Sizes that are no power of two are balanced less well, which the reference says.
            warnings.simplefilter("ignore", UserWarning)
            return qmc.Sobol(count, rng=design.seed).random(design.size)
    if isinstance(design, LatinHypercube):
        from scipy.stats import qmc

        return qmc.LatinHypercube(count, rng=design.seed).random(design.size)
    if isinstance(design, Grid):
        return _grid([bound.levels or design.size for bound in inputs.values()], inputs)
    if isinstance(design, Morris):
        sample = _salib("SALib.sample.morris")
        return sample.sample(problem(list(inputs)), design.size, num_levels=design.levels, seed=design.seed)
    assert isinstance(design, Saltelli)
    sample = _salib("SALib.sample.sobol")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return sample.sample(
            problem(list(inputs)), design.size, calc_second_order=design.second_order, seed=design.seed
        )


def block(design: Design, count: int) -> int:
    """Cases that stand or fall together in an analysis: a trajectory (Morris), a base sample with its mixtures
    (Saltelli), else 1."""
    if isinstance(design, Morris):
        return count + 1
    if isinstance(design, Saltelli):
        return 2 * count + 2 if design.second_order else count + 2
    return 1


def problem(names: list[str]) -> dict[str, Any]:
    """What SALib calls a problem: all inputs as quantiles."""
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _grid(levels: list[int], inputs: Mapping[str, BoundInput]) -> np.ndarray:
    axes = []
    for count, bound in zip(levels, inputs.values(), strict=True):
        middle = (np.arange(count) + 0.5) / count
        axes.append(middle if bound.listed or count == 1 else np.linspace(0.0, 1.0, count))
    return np.array(list(itertools.product(*axes)))


def _salib(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(
            "SALib is not installed, which Morris' and Saltelli's designs need", expected="'pip install pennes[cohort]'"
        ) from None
