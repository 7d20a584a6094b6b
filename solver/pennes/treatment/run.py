"""From a case to a result folder: the order of a run."""

from __future__ import annotations

import math
import signal
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from mpi4py import MPI

from pennes.case.models import Case
from pennes.errors import InputError, Interrupted, SolverError
from pennes.generator import Controller
from pennes.result import ResultFolder
from pennes.result.provenance import provenance
from pennes.scene import build
from pennes.treatment.assembly import assemble
from pennes.treatment.audit import EnergyAudit
from pennes.treatment.loop import Counters, Loop
from pennes.treatment.monitor import Monitor
from pennes.treatment.recorder import Recorder
from pennes.treatment.state import Past, State


def run(
    case: Case, folder: str | Path | ResultFolder, comm: MPI.Intracomm, *, resume: bool = False, progress=None
) -> dict:
    """Simulate ``case`` and write its result folder (collective); returns the summary as a dict.

    ``progress.update(simulated_s, total_s, max_temperature_c, power_w, impedance_ohm, zone_volume_ml)`` is called on
    rank 0 where it is given. Raises InputError for what cannot be simulated, SolverError where the solver fails,
    Interrupted after SIGTERM or SIGINT (a checkpoint has been written).
    """
    started = time.perf_counter()
    folder = ResultFolder.create(folder, comm, resume=resume)
    domain = build(case, comm)
    physics = assemble(case, domain)
    elements = physics.elements
    monitor = Monitor(case, domain, elements)
    controller = Controller(
        case.protocol, case.applicators[0].device.generator, physics.energy.names, monitor.sensor_names
    )
    fixed, values = physics.integrator.equation.fixed, physics.integrator.equation.fixed_values
    temperature = np.where(fixed, values, case.body.temperature)
    death = {name: model.initial(elements.n_local) for name, model in physics.death.items()}
    loop = Loop(case, physics, controller, monitor, State(0.0, temperature, death), EnergyAudit(), Counters())
    digest = folder.write_case(case)
    resumed_at: list[float] = []
    if resume and elements.degree != 1:
        raise InputError(
            "a run with quadratic elements cannot be resumed: checkpoints hold values of vertices",
            key="accuracy.element_degree",
            expected="1, or a run from the start",
        )
    if resume:
        resumed_at = _restore(folder, loop, domain)
    recorder = Recorder(case, folder, domain, loop, resume_time=loop.state.time if resume else None)
    recorder.resumed_at = resumed_at
    setup = time.perf_counter() - started

    stop = _StopRequest(comm)
    marching = time.perf_counter()
    last_checkpoint = loop.state.time

    def on_step(measurement, step) -> None:
        nonlocal last_checkpoint
        recorder.record(measurement, step)
        if progress is not None and comm.rank == 0:
            progress.update(
                simulated_s=measurement.time,
                total_s=controller.end_time(),
                max_temperature_c=measurement.max_temperature,
                power_w=measurement.power,
                impedance_ohm=measurement.impedance,
                zone_volume_ml=recorder.zone_volume * 1e6,
            )
        asked = stop.asked()
        if asked or measurement.time - last_checkpoint >= case.output.checkpoint_every:
            _save(folder, loop, domain, recorder)
            last_checkpoint = measurement.time
        if asked:
            raise Interrupted(
                f"stopped on request at {measurement.time / 60:.2f} simulated minutes; checkpoint in "
                f"{folder.checkpoint_path}; go on with --resume"
            )

    try:
        with stop:
            loop.run(on_step, recorder.next_output)
    except SolverError as error:
        where = folder.checkpoint_path if folder.checkpoint_path.exists() else "none written yet"
        raise SolverError(
            f"the solver failed at {loop.state.time / 60:.2f} simulated minutes: {error}; last checkpoint: {where}"
        ) from error
    finally:
        recorder.close()
    timing = {"setup_wall_s": setup, "loop_wall_s": time.perf_counter() - marching, "started": started}
    origin = provenance(comm, case_sha256=digest, recipe_hash=domain.recipe_hash, resumed_at_s=resumed_at)
    summary = recorder.finish(origin, timing)
    _save(folder, loop, domain, recorder)
    folder.remove_previous_checkpoint()
    return summary


class _StopRequest:
    """Notes SIGTERM and SIGINT, and tells all ranks at the end of a step."""

    def __init__(self, comm: MPI.Intracomm):
        self.comm, self.noted, self._old = comm, False, {}

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._old[number] = signal.signal(number, self._note)

    def __exit__(self, *_) -> None:
        for number, old in self._old.items():
            signal.signal(number, old)

    def _note(self, *_) -> None:
        self.noted = True

    def asked(self) -> bool:
        """Whether any rank was asked to stop."""
        return self.comm.allreduce(int(self.noted)) > 0


def _save(folder: ResultFolder, loop: Loop, domain, recorder: Recorder) -> None:
    state = loop.state
    fields = {"temperature": state.temperature}
    for name, values in state.death.items():
        for number, row in enumerate(values):
            fields[f"death_{name}_{number}"] = row
    if state.past is not None:
        fields |= {"past_start": state.past.start, "past_inner": state.past.inner}
    fields |= loop.physics.energy.fields()
    scalars = {
        "time": state.time,
        "finished": loop.controller.finished,
        "steps": state.steps,
        "next_dt": loop.control.next_dt,
        "past_dt": None if state.past is None else state.past.dt,
        "rejected": loop.control.rejected,
        "failed": loop.control.failed,
        "controller": loop.controller.state.to_dict(),
        "audit": loop.audit.to_dict(),
        "counters": {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in asdict(loop.counters).items()
        },
        "max_temperature": loop.monitor.max_temperature,
        "recorder": recorder.to_dict(),
    }
    folder.write_checkpoint(domain.mesh, fields, scalars=scalars)


def _restore(folder: ResultFolder, loop: Loop, domain) -> list[float]:
    """Bring ``loop`` to where the checkpoint is; returns the simulated times of all resumptions."""
    saved = folder.read_checkpoint(domain.mesh)
    fields, scalars, state = saved.fields, saved.scalars, loop.state
    state.temperature = fields["temperature"]
    for name, values in state.death.items():
        state.death[name] = np.stack([fields[f"death_{name}_{number}"] for number in range(len(values))])
    if scalars["past_dt"] is not None:
        state.past = Past(scalars["past_dt"], fields["past_start"], fields["past_inner"])
    loop.physics.energy.restore(fields)
    state.time, state.steps = scalars["time"], scalars["steps"]
    state.next_dt = loop.control.next_dt = scalars["next_dt"]
    loop.control.rejected, loop.control.failed = scalars["rejected"], scalars["failed"]
    loop.controller.restore(scalars["controller"])
    loop.audit = EnergyAudit.from_dict(scalars["audit"])
    loop.counters = Counters(
        **{name: math.nan if value is None else value for name, value in scalars["counters"].items()}
    )
    loop.monitor.max_temperature = scalars["max_temperature"]
    loop.restored = scalars["recorder"]
    loop.warnings.extend(saved.warnings)
    return [*scalars["recorder"]["resumed_at"], state.time]
