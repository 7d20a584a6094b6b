"""How the energy of an impedance-controlled protocol depends on the mesh at the needle, in a radial model."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure, StudyResult
from pennes.library import find_tissue
from pennes.tissue import Enthalpy, drying_factor, law_factor

RADIUS, OUTER, LENGTH = 0.735e-3, 50e-3, 33e-3
"""m; of a 17-gauge needle, of the body, and what stands for 3 cm of bare metal with its ends."""
COOLING, COOLANT = 3366.0, 20.0
START_POWER, RAMP, ROLL_OFF, PAUSE, MINIMUM_PULSE = 80.0, 20.0 / 60.0, 120.0, 15.0, 1.0
DURATION, LONGEST_STEP = 240.0, 0.02
EDGE, GROWTH, LARGEST, FAR = 0.4e-3, 0.25, 2e-3, 5e-3


@dataclass(frozen=True)
class Grading:
    """Edge lengths: 0.4 mm at the metal and over ``plateau`` m from it, then growing; all times ``scale``."""

    scale: float
    plateau: float

    def radii(self) -> np.ndarray:
        """Nodes (n,) in m from the needle to the outer surface."""
        radii = [RADIUS]
        while radii[-1] < OUTER:
            grown = EDGE + GROWTH * max(0.0, radii[-1] - RADIUS - self.plateau)
            radii.append(radii[-1] + self.scale * min(grown, LARGEST if radii[-1] < 20e-3 else FAR))
        return np.array(radii)


def averaging(radii: np.ndarray, volumes: np.ndarray, length: float) -> np.ndarray:
    """Matrix (n, n) that averages over about ``length`` m: the inverse of 1 - length^2 x Laplacian."""
    coupling = length**2 * 2.0 * np.pi * LENGTH / np.log(radii[1:] / radii[:-1])
    matrix = np.diag(volumes) - np.diag(coupling, 1) - np.diag(coupling, -1)
    matrix += np.diag(np.append(coupling, 0.0) + np.append(0.0, coupling))
    return np.linalg.solve(matrix, np.diag(volumes))


def delivered_energy(grading: Grading, length: float, geometric: bool) -> float:
    """Energy in J that the generator delivers in 4 minutes; drying acts through its mean over ``length`` m (0: as it
    is). Explicit steps on finite volumes with the program's laws."""
    tissue = find_tissue("colorectal_metastasis")
    radii = grading.radii()
    middles = np.concatenate([radii[:1], 0.5 * (radii[1:] + radii[:-1]), radii[-1:]])
    volumes = np.pi * np.diff(middles**2) * LENGTH
    table = Enthalpy.from_records([tissue])
    whole = np.ones(len(radii))
    enthalpy = Enthalpy(table.capacity * whole, table.latent * whole, table.dry_capacity * whole)
    shape = np.log(radii[1:] / radii[:-1]) / (2.0 * np.pi * LENGTH)
    conductance = tissue.thermal_conductivity.value / shape
    mean = averaging(radii, volumes, length) if length > 0.0 else None
    neighbours = np.append(conductance, 0.0) + np.append(0.0, conductance)
    dt = min(0.4 * float(np.min(volumes * table.dry_capacity[0] / neighbours)), LONGEST_STEP)
    electric, cooling = tissue.electric_conductivity, COOLING * 2.0 * np.pi * RADIUS * LENGTH
    perfusion = tissue.perfusion.value * 1050.0 * 3617.0 * volumes
    heat = enthalpy.value(np.full(len(radii), 37.0))
    body, energy, on_time, pulse_start, pause_end = heat[-1], 0.0, 0.0, 0.0, None
    for time in np.arange(0.0, DURATION, dt):
        temperature = enthalpy.temperature(heat)
        dryness = enthalpy.dryness(temperature)
        averaged = dryness if mean is None else np.clip(mean @ dryness, 0.0, 1.0)
        law, left = law_factor(electric.law, temperature), drying_factor(tissue.drying, averaged)
        between = np.sqrt(left[1:] * left[:-1]) if geometric else 0.5 * (left[1:] + left[:-1])
        resistance = shape / (electric.value * 0.5 * (law[1:] + law[:-1]) * between)
        flow = conductance * np.diff(temperature)
        gain = np.append(flow, 0.0) - np.append(0.0, flow) - perfusion * (temperature - 37.0) * (temperature < 60.0)
        gain[0] += cooling * (COOLANT - temperature[0])
        if pause_end is not None and time >= pause_end:
            pulse_start, pause_end = time, None
        if pause_end is None and time - pulse_start > MINIMUM_PULSE and resistance.sum() > ROLL_OFF:
            pause_end = time + PAUSE
        if pause_end is None:
            power = START_POWER + RAMP * on_time
            share = 0.5 * power * resistance / resistance.sum()
            gain += np.append(share, 0.0) + np.append(0.0, share)
            energy, on_time = energy + power * dt, on_time + dt
        heat = heat + dt * gain / volumes
        heat[-1] = body
    return energy


def run(output: Path) -> StudyResult:
    """Energy with the demo's edges and with all edges halved, for ways to mesh and to let drying act."""
    figures, notes = [], []
    length = find_tissue("colorectal_metastasis").drying.length
    for words, plateau, average, geometric in (
        ("arithmetic means in cells", 0.0, 0.0, False),
        ("geometric means", 0.0, 0.0, True),
        ("geometric means, 0.4 mm up to 2.5 mm from the metal", 2.5e-3, 0.0, True),
        (f"geometric means, drying averaged over {1e3 * length / 2:.1f} mm", 0.0, length / 2, True),
        (f"geometric means, drying averaged over {1e3 * length:.1f} mm (the program)", 0.0, length, True),
    ):
        coarse, fine = (delivered_energy(Grading(scale, plateau), average, geometric) / 1e3 for scale in (1.0, 0.5))
        if average == length:
            figures.append(Figure.within(f"energy in 4 min, {words}", coarse, fine, 0.05, "kJ"))
        else:
            notes.append(
                f"{words}: {coarse:.2f} kJ, every edge halved {fine:.2f} kJ ({100 * (coarse / fine - 1):+.0f} %)"
            )
    return StudyResult("Mesh dependence of the roll-off", figures, "For comparison: " + "; ".join(notes) + ".")
