"""A time loop and patients of a few numbers, to run protocols without a mesh."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pennes.generator import Controller, Drive, Measurement, deliver
from pennes.library.protocols import PROTOCOLS, Generator

POLES = ("needle.active",)


def make(mode: str, generator: Generator | None = None, pole_names=POLES, sensor_names=(), **settings) -> Controller:
    protocol = PROTOCOLS[mode](mode=mode, **settings)
    return Controller(protocol, generator or Generator(), pole_names, sensor_names)


@dataclass(frozen=True)
class Patient:
    """Numbers that move by ``rates(numbers, power, time)``; load and temperatures are functions of (numbers, time)."""

    numbers: tuple[float, ...]
    rates: Callable
    load: Callable = lambda numbers, time: 80.0
    temperatures: Callable = lambda numbers, time: {}
    time: float = 0.0

    def measure(self, drive: Drive, since: float, generator: Generator) -> Measurement:
        given = deliver(drive, since, self.load(self.numbers, self.time), drive.generator or generator)
        sensors = self.temperatures(self.numbers, self.time)
        return Measurement(self.time, given.impedance, given.power, given.voltage, given.current, sensors)

    def after(self, drive: Drive, dt: float, generator: Generator) -> Patient:
        """Midpoint rule in pieces of at most 0.05 s."""
        if not self.numbers:
            return replace(self, time=self.time + dt)
        pieces = max(1, math.ceil(dt / 0.05))
        h, numbers = dt / pieces, self.numbers

        def moved(numbers, at, time, duration):
            power = deliver(drive, time - self.time, self.load(at, time), drive.generator or generator).power
            return tuple(x + duration * v for x, v in zip(numbers, self.rates(at, power, time), strict=True))

        for piece in range(pieces):
            time = self.time + piece * h
            middle = moved(numbers, numbers, time, 0.5 * h)
            numbers = moved(numbers, middle, time + 0.5 * h, h)
        return replace(self, numbers=numbers, time=self.time + dt)


@dataclass
class Log:
    drives: list[tuple[float, float, Drive]] = field(default_factory=list)
    measured: list[Measurement] = field(default_factory=list)
    repetitions: int = 0

    def asked(self, time: float) -> float:
        """Value of the drive at ``time``."""
        start, _, drive = next(entry for entry in self.drives if entry[0] < time <= entry[1] + 1e-6)
        return drive.value + drive.rate * (time - start)

    def on(self) -> list[tuple[float, float]]:
        """Stretches of time with power, joined."""
        stretches: list[tuple[float, float]] = []
        for start, end, drive in self.drives:
            if drive.kind == "off":
                continue
            if stretches and abs(stretches[-1][1] - start) < 1e-12:
                stretches[-1] = (stretches[-1][0], end)
            else:
                stretches.append((start, end))
        return stretches


def treat(
    controller: Controller,
    patient: Patient,
    max_step: float = 5.0,
    each_step: Callable[[Controller], Controller] = lambda controller: controller,
) -> Log:
    """The time loop as the controller's documentation asks for it, to the end of the protocol."""
    log = Log()
    while not controller.finished:
        generator, time = controller.generator, patient.time
        drive, switch = controller.drive(time), controller.next_switch(time)
        assert switch > time + 1e-9
        before, dt = patient.measure(drive, 0.0, generator), min(switch - time, max_step)
        for _ in range(100):
            trial = patient.after(drive, dt, generator)
            measured = trial.measure(drive, dt, generator)
            fraction = controller.crossing(before, measured)
            if fraction is None or fraction == 1.0:
                break
            assert 0.0 < fraction < 1.0
            dt *= fraction
            log.repetitions += 1
        else:
            raise AssertionError("the crossing was not met in 100 repetitions")
        assert trial.time > time
        log.drives.append((time, trial.time, drive))
        log.measured.append(measured)
        patient = trial
        controller.advance(measured)
        controller = each_step(controller)
        assert len(log.drives) < 100_000
    return log
