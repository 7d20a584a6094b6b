"""E9 and E10: the models of cell death at constant temperature."""

from pathlib import Path

import numpy as np

from pennes.case.death import ArrheniusDeath, Cem43Death, ThreeStateDeath
from pennes.cli.validate import Figure, StudyResult
from pennes.death import Arrhenius, Cem43, ThreeState
from pennes.verification.exact import arrhenius_time_to_damage, equivalent_minutes_time, three_state_viability


def _after(model, temperature: float, times: list[float]) -> list[np.ndarray]:
    """States at ``times`` (s, rising) of one point held at ``temperature`` (C)."""
    held, state, now, states = np.array([temperature]), model.initial(1), 0.0, []
    for time in times:
        state = model.advance(state, held, held, time - now)
        now = time
        states.append(state)
    return states


def run(output: Path) -> StudyResult:
    """What each model says at the exact time of its threshold."""
    figures = []
    arrhenius = Arrhenius.from_case(ArrheniusDeath())
    for temperature in (43.0, 50.0, 55.0, 60.0, 70.0):
        state = _after(arrhenius, temperature, [float(arrhenius_time_to_damage(temperature))])[0]
        omega = float(arrhenius.damage(state)[0])
        figures.append(Figure.within(f"Arrhenius: Omega at {temperature:g} C", omega, 1.0, 1e-3, ""))
    dose = Cem43.from_case(Cem43Death())
    for temperature in (45.0, 47.0, 50.0, 55.0):
        state = _after(dose, temperature, [float(equivalent_minutes_time(temperature))])[0]
        figures.append(Figure.within(f"CEM43 at {temperature:g} C", float(dose.damage(state)[0]), 240.0, 1e-3, "min"))
    three = ThreeState.from_case(ThreeStateDeath())
    times = [60.0, 300.0, 600.0, 900.0]
    for temperature in (60.0, 80.0):
        exact = three_state_viability(times, lambda _, held=temperature: held)
        for time, state, viability in zip(times, _after(three, temperature, times), exact, strict=True):
            found = 1.0 - float(three.damage(state)[0])
            name = f"three-state: viability at {temperature:g} C, {time:g} s"
            figures.append(Figure.within(name, found, float(viability), 1e-3, ""))
    return StudyResult("Cell death at constant temperature (E9, E10)", figures)
