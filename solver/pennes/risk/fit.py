"""Training of the emulator (scikit-learn) and its errors on runs that it has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pennes.errors import InputError
from pennes.risk.directions import POLAR, SIZE, radii_of
from pennes.risk.emulator import Emulator, Margins
from pennes.risk.features import front_features, outer_features, outer_pull
from pennes.risk.posterior import Posterior
from pennes.risk.zone import outer_reach

WEIGHTS = np.tile([1.0, *[np.sqrt(0.5)] * 3], len(POLAR)) * np.repeat(np.sqrt(np.sin(POLAR)), 4)
"""Of a shape's numbers in the principal components: mean squares over the sphere."""
VARIANCE = 0.999
"""Share of the variance that the principal components hold, at least."""
MOST_COMPONENTS = 12
FOLDS = 10
NINETY = 1.6449
"""Half width of a 90 % interval, in standard deviations."""
LEAST_RUNS = 30
LEAST_ERROR = 0.02
"""Of a margin, mm."""
LENGTHS = (2.0, 100.0)
"""Between which lengths of the kernel are sought, in standard deviations of a feature: in a dozen dimensions a few
hundred runs cannot tell of shorter ones."""
RIDGE = 1e-3


@dataclass(frozen=True)
class Runs:
    """What the simulations of a cohort say."""

    keys: tuple[str, ...]
    inputs: tuple[str, ...]
    """Names of the tissue's inputs that differ between runs."""
    values: Mapping[str, np.ndarray]
    """``pennes.risk.features.GEOMETRY`` and ``inputs``, each (n,)."""
    shapes: np.ndarray
    """(n, 24, 4)"""
    front: np.ndarray
    """(n, 3) mm; nan without a vessel."""
    margins: np.ndarray
    """(n,) minimal margins of the summaries, mm."""

    def __len__(self) -> int:
        return len(self.keys)

    def some(self, rows: np.ndarray) -> Runs:
        """The runs ``rows``."""
        values = {name: column[rows] for name, column in self.values.items()}
        keys = tuple(np.array(self.keys)[rows])
        return Runs(keys, self.inputs, values, self.shapes[rows], self.front[rows], self.margins[rows])


def train(runs: Runs, *, restarts: int = 1, seed: int = 1) -> Emulator:
    """The emulator of ``runs``, its errors calibrated by leaving out a tenth at a time. Raises InputError where there
    are too few or scikit-learn is not installed."""
    if len(runs) < LEAST_RUNS:
        raise InputError(f"{len(runs)} runs are too few to learn from", expected=f"at least {LEAST_RUNS}")
    flat = runs.shapes.reshape(len(runs), SIZE)
    mean = flat.mean(axis=0)
    _, singular, components = np.linalg.svd((flat - mean) * WEIGHTS, full_matrices=False)
    held = np.cumsum(singular**2) / np.sum(singular**2)
    count = min(int(np.searchsorted(held, VARIANCE)) + 1, MOST_COMPONENTS)
    scores = (flat - mean) * WEIGHTS @ components[:count].T
    outer = fit_posterior(
        outer_features(runs.values, runs.inputs), scores, restarts, seed, outer_pull(runs.values, runs.inputs)
    )
    rows = _with_vessel(runs)
    if len(rows) < LEAST_RUNS:
        raise InputError(f"{len(rows)} runs with a vessel are too few to learn from", expected=f"at least {LEAST_RUNS}")
    front = fit_posterior(*_front_of(runs.some(rows)), restarts, seed)
    emulator = Emulator(runs.inputs, mean, components[:count] / WEIGHTS, outer, front, limits=_limits(runs))
    left_out = cross_validate(emulator, runs)
    error = runs.margins - left_out.mean
    rest, at_vessel = (_rest(error, left_out.sd, left_out.at_vessel == there) for there in (False, True))
    spread = np.sqrt(left_out.sd**2 + np.where(left_out.at_vessel, at_vessel, rest) ** 2)
    inflation = float(np.quantile(np.abs(error) / spread, 0.9) / NINETY)
    return replace(emulator, rest_sd=rest, rest_sd_at_vessel=at_vessel, inflation=inflation)


def _rest(error: np.ndarray, sd: np.ndarray, rows: np.ndarray) -> float:
    """What the Gaussian processes do not account for of the errors in ``rows``; mm."""
    if not rows.any():
        return LEAST_ERROR
    return float(np.sqrt(max(np.mean(error[rows] ** 2) - np.mean(sd[rows] ** 2), LEAST_ERROR**2)))


def cross_validate(emulator: Emulator, runs: Runs, seed: int = 1) -> Margins:
    """Margins of each of ``runs`` by the emulator without the tenth that it belongs to; the hyperparameters stay."""
    order = np.random.default_rng(seed).permutation(len(runs))
    with_vessel = _with_vessel(runs)
    mean, sd, at_vessel = np.zeros(len(runs)), np.zeros(len(runs)), np.zeros(len(runs), dtype=bool)
    for fold in range(FOLDS):
        out = np.sort(order[fold::FOLDS])
        reduced = emulator.without(out, np.flatnonzero(np.isin(with_vessel, out)))
        found = reduced.margins(runs.some(out).values)
        mean[out], sd[out], at_vessel[out] = found.mean, found.sd, found.at_vessel
    return Margins(mean, sd, at_vessel)


def fit_posterior(
    points: np.ndarray, targets: np.ndarray, restarts: int, seed: int, of_trend: np.ndarray | None = None
) -> Posterior:
    """Hyperparameters of one kernel for all ``targets`` (n, k) at ``points`` (n, d), by their marginal likelihood.

    A linear trend is taken off first (least squares, a little ridge); ``of_trend`` (n, e) are features of it alone.
    Raises InputError without scikit-learn.
    """
    regressor = _regressor(points, restarts, seed)
    everything = points if of_trend is None else np.hstack([points, of_trend])
    ones = np.column_stack([np.ones(len(points)), everything])
    ridge = np.diag([0.0, *(RIDGE * len(points) * everything.var(axis=0))])
    trend = np.linalg.solve(ones.T @ ones + ridge, ones.T @ targets)
    rest = targets - ones @ trend
    scales = np.full(targets.shape[1], float(np.sqrt(np.mean(rest.var(axis=0)))) or 1.0)
    with warnings.catch_warnings():
        # Lengths at their upper bound: inputs that do not matter.
        warnings.simplefilter("ignore")
        regressor.fit(points, rest / scales)
    signal, white = regressor.kernel_.k1, regressor.kernel_.k2
    amplitude, noise = np.sqrt(signal.k1.constant_value), np.sqrt(white.noise_level)
    lengths = np.full(everything.shape[1], np.inf)
    lengths[: points.shape[1]] = signal.k2.length_scale
    return Posterior(everything, targets, lengths, float(amplitude), float(noise), scales, trend)


def _regressor(points: np.ndarray, restarts: int, seed: int):
    try:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
    except ImportError:
        raise InputError(
            "scikit-learn is not installed, which making an atlas needs", expected="'pip install pennes[atlas]'"
        ) from None
    spread = np.maximum(points.std(axis=0), 1e-6)
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * Matern(
        3.0 * spread, [(LENGTHS[0] * s, LENGTHS[1] * s) for s in spread], nu=2.5
    )
    kernel += WhiteKernel(0.05, (1e-3, 1.0))
    return GaussianProcessRegressor(kernel, n_restarts_optimizer=restarts, random_state=seed)


def _with_vessel(runs: Runs) -> np.ndarray:
    return np.flatnonzero(np.isfinite(runs.front).all(axis=1))


def _front_of(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """Features and targets of the living rim in ``runs``, all of which have a vessel."""
    reach = outer_reach(radii_of(runs.shapes), runs.values["z"])
    change = runs.front - np.minimum(reach, runs.values["gap"][:, None])
    return front_features(runs.values, runs.inputs, reach[:, 0]), change


def _limits(runs: Runs) -> dict[str, tuple[float, float]]:
    """Ranges of what was simulated; of the vessel's radius and distance where there is one."""
    present = runs.values["vessel_radius"] > 0
    limits = {}
    for name, column in runs.values.items():
        given = column[present] if name in ("vessel_radius", "gap") else np.abs(column) if name == "y" else column
        limits[name] = (float(given.min()), float(given.max()))
    limits["y"] = (-limits["y"][1], limits["y"][1])
    # A vessel beyond the farthest one is taken for what it is: its influence goes on fading.
    limits["gap"] = (limits["gap"][0], np.inf)
    return limits
