"""From a case to a result folder: the order of a run."""

from __future__ import annotations

import math
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
from pennes.scene import Domain, build
from pennes.stopping import StopRequest
from pennes.treatment.ablatability import refuse_other_series
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
    Interrupted after SIGTERM or SIGINT (once time steps are taken a checkpoint is written first).
    """
    started = time.perf_counter()
    stopped = f"stopped on request during set-up, before the {'run went on' if resume else 'first step'}"
    with StopRequest(stopped, comm, at_once=comm.size == 1) as stop:
        folder = ResultFolder.create(folder, comm, resume=resume)
        domain = build(case, comm)
        if domain.grid is not None:
            refuse_other_series(case, comm, domain.grid)
        stop.check()
        built = time.perf_counter()
        loop = _make_loop(case, domain)
        digest = folder.write_case(case)
        resumed_at = _restore(folder, loop, domain) if resume else []
        recorder = Recorder(case, folder, domain, loop, resume_time=loop.state.time if resume else None)
        recorder.resumed_at = resumed_at
        stop.check()
        # From here on a step is ended, and a checkpoint written, before the wish is granted.
        stop.at_once = False
        marching = time.perf_counter()
        timing = {
            "started": started,
            "mesh_wall_s": domain.mesh_wall_s,
            "distribution_wall_s": built - started - domain.mesh_wall_s,
            "assembly_wall_s": marching - built,
            "setup_wall_s": marching - started,
        }
        _march(case, folder, domain, loop, recorder, stop, progress)
        timing["loop_wall_s"] = time.perf_counter() - marching
        origin = provenance(comm, case_sha256=digest, recipe_hash=domain.recipe_hash, resumed_at_s=resumed_at)
        summary = recorder.finish(origin, timing)
        _save(folder, loop, domain, recorder)
        folder.remove_previous_checkpoint()
        if case.output.report:
            stop.message = f"stopped on request before the report was written; --resume writes it into {folder.path}"
            stop.check()
    return summary


def _make_loop(case: Case, domain: Domain) -> Loop:
    """The loop of ``case`` at t = 0."""
    physics = assemble(case, domain)
    monitor = Monitor(case, domain, physics.elements)
    controller = Controller(
        case.protocol, case.applicators[0].device.generator, physics.energy.names, monitor.sensor_names
    )
    fixed, values = physics.integrator.equation.fixed, physics.integrator.equation.fixed_values
    temperature = np.where(fixed, values, case.body.temperature)
    death = {name: model.initial(physics.elements.n_local) for name, model in physics.death.items()}
    return Loop(case, physics, controller, monitor, State(0.0, temperature, death), EnergyAudit(), Counters())


def _march(
    case: Case, folder: ResultFolder, domain: Domain, loop: Loop, recorder: Recorder, stop: StopRequest, progress
) -> None:
    """Run the loop to its end, with rows of history, checkpoints and progress on the way."""
    last_checkpoint = loop.state.time

    def on_step(measurement, step) -> None:
        nonlocal last_checkpoint
        recorder.record(measurement, step)
        if progress is not None and domain.mesh.comm.rank == 0:
            progress.update(
                simulated_s=measurement.time,
                total_s=loop.controller.end_time(),
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
        loop.run(on_step, recorder.next_output)
    except SolverError as error:
        where = folder.checkpoint_path if folder.checkpoint_path.exists() else "none written yet"
        raise SolverError(
            f"the solver failed at {loop.state.time / 60:.2f} simulated minutes: {error}; last checkpoint: {where}"
        ) from error
    finally:
        recorder.close()


def _save(folder: ResultFolder, loop: Loop, domain, recorder: Recorder) -> None:
    state = loop.state
    fields = {"temperature": state.temperature}
    for name, values in state.death.items():
        for number, row in enumerate(values):
            fields[f"death_{name}_{number}"] = row
    if state.contraction is not None:
        fields["contraction"] = state.contraction
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
        "vessels": {s.name: s.to_dict() for s in loop.physics.sinks if s.kind == "vessel"},
    }
    folder.write_checkpoint(domain.mesh, fields, scalars=scalars)


def _restore(folder: ResultFolder, loop: Loop, domain) -> list[float]:
    """Bring ``loop`` to where the checkpoint is; returns the simulated times of all resumptions."""
    if loop.physics.elements.degree != 1:
        raise InputError(
            "a run with quadratic elements cannot be resumed: checkpoints hold values of vertices",
            key="accuracy.element_degree",
            expected="1, or a run from the start",
        )
    saved = folder.read_checkpoint(domain.mesh)
    fields, scalars, state = saved.fields, saved.scalars, loop.state
    state.temperature = fields["temperature"]
    for name, values in state.death.items():
        state.death[name] = np.stack([fields[f"death_{name}_{number}"] for number in range(len(values))])
    if scalars["past_dt"] is not None:
        state.past = Past(scalars["past_dt"], fields["past_start"], fields["past_inner"])
    state.contraction = fields.get("contraction")
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
    for sink in loop.physics.sinks:
        if sink.kind == "vessel":
            sink.restore(scalars["vessels"][sink.name])
    loop.warnings.extend(saved.warnings)
    return [*scalars["recorder"]["resumed_at"], state.time]
