"""A manufactured solution of the coupled problem: k(T), sigma(T), Joule heat, perfusion that ends with damage.

Temperature and potential are chosen as smooth functions; the sources that make them solutions follow by the chain
rule, with the derivatives written out: div(k(T) grad T) = k(T) laplacian(T) + k' |grad T|^2 for linear laws. Points
are arrays (n, dimension or more), as in a mesh; values are (n,), gradients (n, dimension). Temperatures in C, SI else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.constants import R as GAS_CONSTANT
from scipy.constants import zero_Celsius
from scipy.special import roots_legendre


@dataclass(frozen=True)
class Laws:
    """Coefficients of the coupled problem; every temperature law is linear about ``reference`` (C)."""

    heat_capacity_volumetric: float = 1079.0 * 3540.0
    """rho c, J/m3/K."""
    thermal_conductivity: float = 0.52
    thermal_rate: float = 0.004
    """Relative change per K."""
    electric_conductivity: float = 0.333
    electric_rate: float = 0.015
    perfusion: float = 26752.0
    """rho_b c_b w_b, W/m3/K, of living tissue at the reference temperature."""
    perfusion_rate: float = 0.01
    """Relative rise of perfusion per K (hyperaemia)."""
    blood: float = 37.0
    reference: float = 37.0
    frequency_factor: float = 4.2e38
    """1/s; such that damage reaches 1 in about a minute at 60 C."""
    activation_energy: float = 2.577e5


@dataclass(frozen=True)
class _Wave:
    """mean + amplitude product_i cos(wave_i x_i + shift_i): a smooth field without symmetry on the boundary."""

    mean: float
    amplitude: float
    wave: tuple[float, ...]
    shift: tuple[float, ...]

    def parts(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Product (n,), its gradient (n, d) and its Laplacian (n,), without mean and amplitude."""
        angles = np.asarray(points)[:, : len(self.wave)] * self.wave + self.shift
        cosines, sines = np.cos(angles), np.sin(angles)
        product = cosines.prod(axis=1)
        gradient = np.empty_like(angles)
        for i, wave in enumerate(self.wave):
            gradient[:, i] = -wave * sines[:, i] * np.delete(cosines, i, axis=1).prod(axis=1)
        return product, gradient, -product * np.square(self.wave).sum()


@dataclass(frozen=True)
class ManufacturedProblem:
    """Exact fields and the sources that go with them, in 2 or 3 dimensions (``dimension``).

    Made for a body of about 20 mm; temperatures stay between 46 and 74 C, above every cut-off of damage and below
    boiling, so that all laws are smooth. Raises ValueError for another dimension.
    """

    dimension: int
    laws: Laws = field(default_factory=Laws)
    frequency: float = 0.1
    """Angular frequency of the change in time, 1/s."""

    def __post_init__(self) -> None:
        if self.dimension not in (2, 3):
            raise ValueError(f"dimension is {self.dimension}; it must be 2 or 3")

    @property
    def _heat(self) -> _Wave:
        return _Wave(60.0, 9.0, (130.0, 170.0, 110.0)[: self.dimension], (0.3, -0.5, 0.7)[: self.dimension])

    @property
    def _electric(self) -> _Wave:
        return _Wave(12.0, 8.0, (90.0, 60.0, 120.0)[: self.dimension], (0.9, 0.4, -0.6)[: self.dimension])

    def _swing(self, time: float) -> tuple[float, float]:
        """Amplitude factor of temperature and its rate."""
        angle = self.frequency * time
        return 1.0 + 0.5 * np.sin(angle), 0.5 * self.frequency * np.cos(angle)

    def temperature(self, points: np.ndarray, time: float) -> np.ndarray:
        """T (n,) in C."""
        return self._heat.mean + self._heat.amplitude * self._swing(time)[0] * self._heat.parts(points)[0]

    def temperature_gradient(self, points: np.ndarray, time: float) -> np.ndarray:
        """grad T (n, d), K/m."""
        return self._heat.amplitude * self._swing(time)[0] * self._heat.parts(points)[1]

    def potential(self, points: np.ndarray) -> np.ndarray:
        """V (n,), V rms; it does not change in time, the current through the warming tissue does."""
        return self._electric.mean + self._electric.amplitude * self._electric.parts(points)[0]

    def potential_gradient(self, points: np.ndarray) -> np.ndarray:
        """grad V (n, d), V/m."""
        return self._electric.amplitude * self._electric.parts(points)[1]

    def thermal_conductivity(self, temperature: np.ndarray) -> np.ndarray:
        """k(T), W/m/K."""
        laws = self.laws
        return laws.thermal_conductivity * (1.0 + laws.thermal_rate * (temperature - laws.reference))

    def electric_conductivity(self, temperature: np.ndarray) -> np.ndarray:
        """sigma(T), S/m."""
        laws = self.laws
        return laws.electric_conductivity * (1.0 + laws.electric_rate * (temperature - laws.reference))

    def damage(self, points: np.ndarray, time: float) -> np.ndarray:
        """Omega (n,) = int_0^t A exp(-Ea / R T) dt, by Gauss's rule in panels (to 1e-12)."""
        panels = max(1, int(np.ceil(self.frequency * time / 0.5)))
        node, weight = roots_legendre(12)
        half = 0.5 * time / panels
        total = np.zeros(len(points))
        for centre in half * (2 * np.arange(panels) + 1):
            for x, w in zip(node, weight, strict=True):
                kelvin = self.temperature(points, centre + half * x) + zero_Celsius
                total += half * w * np.exp(-self.laws.activation_energy / (GAS_CONSTANT * kelvin))
        return self.laws.frequency_factor * total

    def viability(self, points: np.ndarray, time: float) -> np.ndarray:
        """Living share (n,) = exp(-Omega)."""
        return np.exp(-self.damage(points, time))

    def perfusion(self, points: np.ndarray, time: float) -> np.ndarray:
        """W(T, damage) (n,), W/m3/K."""
        laws = self.laws
        warm = 1.0 + laws.perfusion_rate * (self.temperature(points, time) - laws.reference)
        return laws.perfusion * warm * self.viability(points, time)

    def joule_heat(self, points: np.ndarray, time: float) -> np.ndarray:
        """sigma(T) |grad V|^2 (n,), W/m3."""
        conductivity = self.electric_conductivity(self.temperature(points, time))
        return conductivity * np.square(self.potential_gradient(points)).sum(axis=1)

    def current_source(self, points: np.ndarray, time: float) -> np.ndarray:
        """-div(sigma grad V) (n,), A/m3: what the potential equation needs on its right-hand side."""
        laws = self.laws
        _, _, laplacian = self._electric.parts(points)
        slope = laws.electric_conductivity * laws.electric_rate
        along = np.einsum("nd,nd->n", self.temperature_gradient(points, time), self.potential_gradient(points))
        conductivity = self.electric_conductivity(self.temperature(points, time))
        return -(conductivity * self._electric.amplitude * laplacian + slope * along)

    def heat_source(self, points: np.ndarray, time: float) -> np.ndarray:
        """q (n,), W/m3, beside Joule heat and perfusion:

        q = rho c dT/dt - div(k grad T) - W (T_b - T) - sigma |grad V|^2.
        """
        laws, (swing, rate) = self.laws, self._swing(time)
        product, _, laplacian = self._heat.parts(points)
        temperature = self.temperature(points, time)
        storage = laws.heat_capacity_volumetric * self._heat.amplitude * rate * product
        slope = laws.thermal_conductivity * laws.thermal_rate
        diffusion = self.thermal_conductivity(temperature) * self._heat.amplitude * swing * laplacian
        diffusion += slope * np.square(self.temperature_gradient(points, time)).sum(axis=1)
        perfused = self.perfusion(points, time) * (laws.blood - temperature)
        return storage - diffusion - perfused - self.joule_heat(points, time)

    def heat_flux(self, points: np.ndarray, time: float) -> np.ndarray:
        """-k grad T (n, d), W/m2, for surfaces where flux is prescribed."""
        conductivity = self.thermal_conductivity(self.temperature(points, time))
        return -conductivity[:, None] * self.temperature_gradient(points, time)

    def current_density(self, points: np.ndarray, time: float) -> np.ndarray:
        """-sigma grad V (n, d), A/m2."""
        conductivity = self.electric_conductivity(self.temperature(points, time))
        return -conductivity[:, None] * self.potential_gradient(points)
