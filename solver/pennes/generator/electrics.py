"""What a real generator delivers into a load: its limits, its internal resistance, and the leads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pennes.errors import InputError, SolverError
from pennes.generator.signals import Drive
from pennes.library.protocols import Generator

OPEN_CIRCUIT = 1e9
"""ohm; no tissue between two electrodes has as much: the poles are not connected."""


@dataclass(frozen=True)
class Delivery:
    """Rms numbers at the tissue: ``power`` W, ``voltage`` V, ``current`` A; ``impedance`` ohm as displayed.

    ``impedance`` includes the leads and is nan while nothing flows. ``limited_by`` is ``power``, ``voltage`` or
    ``current`` where the generator delivers less than it was set to, else None. ``flows`` are the powers in W on the
    way to the tissue, by name, of sources that name any.
    """

    power: float
    voltage: float
    current: float
    impedance: float
    limited_by: str | None
    flows: Mapping[str, float] = field(default_factory=dict)


def deliver(drive: Drive, time_since: float, load_impedance: float, generator: Generator) -> Delivery:
    """What reaches the tissue ``time_since`` seconds after ``drive`` began, for a real load of the tissue (ohm).

    Set values and limits hold at the generator's terminals, which see the load and the leads in series:
    R_t = R + R_lead. With an internal resistance R_I a power P_set gives the matched power only at R_t = R_I,

        P_t = 4 P_set R_t R_I / (R_t + R_I)^2     (Altrogge et al. 2007),

    and the power available to a voltage or current source is bounded in the same way. Whatever asks for the least
    current wins; of P_t the tissue gets the share R / R_t.

    Raises InputError where the poles are not connected (an open circuit), SolverError where the load is not a positive
    number.
    """
    if not load_impedance > 0:
        raise SolverError(f"the impedance of the tissue is {load_impedance} ohm")
    value = drive.value + drive.rate * time_since
    if drive.kind == "off" or value <= 0:
        return Delivery(0.0, 0.0, 0.0, math.nan, None)
    if load_impedance > OPEN_CIRCUIT:
        problem = "no current can flow between the poles"
        raise InputError(problem, key="protocol.poles", expected="active poles and a ground, or different potentials")
    terminal = load_impedance + generator.lead_resistance
    most = _power_current(generator.max_power, terminal, generator)
    if drive.kind == "power":
        asked = _power_current(value, terminal, generator)
    else:
        asked = value / terminal if drive.kind == "voltage" else value
    bounds = {"power": most}
    if generator.max_voltage is not None:
        bounds["voltage"] = generator.max_voltage / terminal
    if generator.max_current is not None:
        bounds["current"] = generator.max_current
    limit = min(bounds, key=bounds.__getitem__)
    limited = bounds[limit] < asked * (1 - 1e-12)
    current = bounds[limit] if limited else asked
    return Delivery(
        power=current**2 * load_impedance,
        voltage=current * load_impedance,
        current=current,
        impedance=terminal,
        limited_by=limit if limited else None,
    )


def _power_current(power: float, terminal: float, generator: Generator) -> float:
    """Current (A) that the set ``power`` (W) drives through the resistance at the terminals (ohm)."""
    inner = generator.internal_resistance
    if inner:
        return 2.0 * math.sqrt(power * inner) / (terminal + inner)
    return math.sqrt(power / terminal)
