"""The posterior of a Gaussian process from its training points and hyperparameters: NumPy only.

Several outputs share one kernel, amplitude^2 Matern 5/2 (r / lengths) + noise^2, each with a scale and a linear trend
of its own (Rasmussen and Williams 2006, section 2.2 and equation 4.17). The trend is fitted beforehand and counts as
known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

ROOT5 = np.sqrt(5.0)


def matern(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Matern 5/2 correlations (n, m) of points (n, d) and (m, d) in units of their lengths."""
    squared = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2.0 * first @ second.T
    distance = ROOT5 * np.sqrt(np.maximum(squared, 0.0))
    return (1.0 + distance + distance**2 / 3.0) * np.exp(-distance)


@dataclass(frozen=True)
class Posterior:
    """What is known after training: arrays as they are kept in the file."""

    points: np.ndarray
    """(n, d) features."""
    targets: np.ndarray
    """(n, k) outputs."""
    lengths: np.ndarray
    """(d,) of the kernel, in units of the features; infinite: of the trend alone."""
    amplitude: float
    noise: float
    """Standard deviations, in units of ``scales``."""
    scales: np.ndarray
    """(k,) of the outputs."""
    trend: np.ndarray
    """(1 + d, k): constant and slopes."""

    @cached_property
    def _factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Inverse of the covariance (n, n) and its product with what the trend leaves (n, k)."""
        scaled = self.points / self.lengths
        covariance = self.amplitude**2 * matern(scaled, scaled) + self.noise**2 * np.eye(len(scaled))
        half = np.linalg.inv(np.linalg.cholesky(covariance))
        inverse = half.T @ half
        return inverse, inverse @ (self._rest(self.points, self.targets) / self.scales)

    def _rest(self, points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return targets - self._trend(points)

    def _trend(self, points: np.ndarray) -> np.ndarray:
        return self.trend[0] + points @ self.trend[1:]

    def mean(self, points: np.ndarray) -> np.ndarray:
        """Means (m, k) at ``points`` (m, d)."""
        return self._mean(points, self._to_training(points))

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means (m, k) and variances (m, k) of the function, noise left out, at ``points`` (m, d)."""
        kernel = self._to_training(points)
        explained = np.einsum("ij,ij->i", kernel @ self._factors[0], kernel)
        variance = np.maximum(self.amplitude**2 - explained, 0.0)
        return self._mean(points, kernel), variance[:, None] * self.scales**2

    def _to_training(self, points: np.ndarray) -> np.ndarray:
        return self.amplitude**2 * matern(points / self.lengths, self.points / self.lengths)

    def _mean(self, points: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        return self._trend(points) + (kernel @ self._factors[1]) * self.scales

    def without(self, rows: np.ndarray) -> Posterior:
        """The same hyperparameters, trained without the points ``rows``."""
        kept = np.setdiff1d(np.arange(len(self.points)), rows)
        return Posterior(self.points[kept], self.targets[kept], self.lengths, self.amplitude, self.noise, self.scales,
                         self.trend)  # fmt: skip
