"""Heat in the developed laminar flow of a straight tube, resolved across it and exact along it.

    rho c 2 U (1 - (r/R)^2) dT/dx = k (1/r d/dr (r dT/dr) + 1/r^2 d2T/dtheta2),   T = T_wall at r = R

Conduction along the flow is left out: its share is 1 / Pe^2, and Pe is a thousand and more. Around the tube the
solution is split into waves cos(n theta), across it into rings that grow finer towards the wall, and along a stretch
of one wall temperature each wave is carried by the exact exponential of its ring matrix. Upwind marching that adds no
diffusion along streamlines: what streamline stabilisation on a general mesh approximates.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

RINGS = 28
GRADING = 1.8
"""Rings at the wall are thinner: their edges lie at 1 - (1 - s)^GRADING of the radius."""


class Stretch:
    """A stretch of ``length`` m: how rings and waves leave it, and the heat that passes its wall.

    For wave n: leaving = ``passes[n]`` @ entering + ``lifts[n]`` x wall, and the mean flux into the blood in W/m2 is
    ``wall_gain[n]`` x wall - ``flux[n]`` @ entering.
    """

    def __init__(self, lumen: Lumen, length: float):
        waves, rings = lumen.waves, RINGS
        self.passes = np.empty((waves, rings, rings))
        self.lifts, self.flux = np.empty((waves, rings)), np.empty((waves, rings))
        self.wall_gain = np.empty(waves)
        for n in range(waves):
            decay = lumen.decay(n)
            steady = np.linalg.solve(decay, lumen.wall_drive)
            passed = expm(-length * decay)
            mean = np.linalg.solve(decay, np.eye(rings) - passed) / length
            self.passes[n] = passed
            self.lifts[n] = steady - passed @ steady
            self.flux[n] = lumen.wall_conductance * mean[-1]
            self.wall_gain[n] = lumen.wall_conductance * (1.0 - steady[-1] + mean[-1] @ steady)


class Lumen:
    """A tube of ``radius`` m with mean ``speed`` m/s; ``capacity`` rho c in J/m3/K, ``conductivity`` in W/m/K; waves 0
    to ``waves`` - 1 around it."""

    def __init__(self, radius: float, speed: float, capacity: float, conductivity: float, waves: int):
        self.radius, self.speed, self.waves = radius, speed, waves
        edges = radius * (1.0 - (1.0 - np.linspace(0.0, 1.0, RINGS + 1)) ** GRADING)
        self._middle = 0.5 * (edges[1:] + edges[:-1])
        area = 0.5 * (edges[1:] ** 2 - edges[:-1] ** 2)
        # Mean over each ring of 2 U (1 - (r/R)^2).
        squares = (edges[1:] ** 4 - edges[:-1] ** 4) / (edges[1:] ** 2 - edges[:-1] ** 2) / 2.0
        self._flow = capacity * 2.0 * speed * (1.0 - squares / radius**2) * area
        between = conductivity * edges[1:-1] / np.diff(self._middle)
        self.wall_conductance = conductivity / (radius - self._middle[-1])
        across = np.zeros((RINGS, RINGS))
        k = np.arange(RINGS - 1)
        across[k, k] += between
        across[k + 1, k + 1] += between
        across[k, k + 1] -= between
        across[k + 1, k] -= between
        across[-1, -1] += radius * self.wall_conductance
        self._across, self._around = across, conductivity * np.log(edges[1:] / np.maximum(edges[:-1], 0.5 * edges[1]))
        self.wall_drive = np.zeros(RINGS)
        self.wall_drive[-1] = radius * self.wall_conductance / self._flow[-1]
        #: Shares of the flow of each ring: the mixing-cup mean of wave 0.
        self.shares = self._flow / self._flow.sum()

    def decay(self, wave: int) -> np.ndarray:
        """(rings, rings) in 1/m: dT/dx = -decay T + wall_drive T_wall."""
        return (self._across + np.diag(wave**2 * self._around)) / self._flow[:, None]

    def march(self, stretches: list[Stretch | None], walls: np.ndarray, inlet: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean flux (m, angles) in W/m2 into the blood of each stretch for wall temperatures (m, angles), and the
        mixing-cup temperature (m,) that leaves it. A stretch that is None has no wall."""
        waves = np.fft.rfft(walls, axis=1)[:, : self.waves]
        angles = walls.shape[1]
        rings = np.zeros((self.waves, RINGS), dtype=complex)
        rings[0] = inlet * angles
        fluxes, mixed = np.zeros((len(walls), angles // 2 + 1), dtype=complex), np.empty(len(walls))
        for number, stretch in enumerate(stretches):
            if stretch is not None:
                wall = waves[number]
                fluxes[number, : self.waves] = stretch.wall_gain * wall - (stretch.flux * rings).sum(axis=1)
                rings = np.einsum("nij,nj->ni", stretch.passes, rings) + stretch.lifts * wall[:, None]
            mixed[number] = (self.shares @ rings[0]).real / angles
        return np.fft.irfft(fluxes, angles, axis=1), mixed
