"""What a run leaves: rows of history, saved fields, and at the end surfaces and the summary."""

from __future__ import annotations

import math
import time

import numpy as np

from pennes.case.models import Case
from pennes.generator import Measurement
from pennes.margin import capped
from pennes.result import ResultFolder
from pennes.scene import Domain
from pennes.treatment import findings, tubes
from pennes.treatment.ablatability import ablatability_blocks
from pennes.treatment.level import zone_level
from pennes.treatment.loop import Loop
from pennes.treatment.step import CoupledStep
from pennes.treatment.voxels import write_voxels
from pennes.treatment.zone import zone_measure

MOST_BRANCHES = 40
"""Branches of a vessel that the summary lists, those that took most heat."""
FIELDS = ("temperature", "damage", "viability", "power_density", "dryness")


class Recorder:
    """Writes the result of ``loop`` into ``folder`` (all methods are collective)."""

    def __init__(self, case: Case, folder: ResultFolder, domain: Domain, loop: Loop, *, resume_time: float | None):
        self.case, self.folder, self.domain, self.loop = case, folder, domain, loop
        self.physics, self.elements = loop.physics, loop.physics.elements
        self.zone = zone_measure(domain, self.elements)
        self.model = self.physics.death[case.death.criterion]
        self.zone_volume = 0.0
        self.resumed_at: list[float] = []
        restored = loop.restored or {}
        self._peak_sink = dict(restored.get("peak_sink", {}))
        self._seen: dict[str, dict[str, float]] = dict(restored.get("seen", {}))
        self._cell_power: np.ndarray | None = None
        self.history = folder.history(self._columns(), resume_time=resume_time)
        regions = {"region": self.elements.cell_values(domain.cell_tags)}
        self.fields = folder.field_writer(domain.mesh, FIELDS, cell_tags=regions, resume_time=resume_time)
        self._saved = -1 if resume_time is None else math.floor(resume_time / case.output.every + 1e-9)
        if resume_time is None:
            self._save_fields()

    def to_dict(self) -> dict:
        """Plain values for the checkpoint."""
        return {"peak_sink": self._peak_sink, "seen": self._seen, "resumed_at": self.resumed_at}

    def next_output(self, now: float) -> float:
        """The next time at which fields are saved, in s."""
        return (math.floor(now / self.case.output.every + 1e-9) + 1) * self.case.output.every

    def _columns(self) -> list[str]:
        monitor = self.loop.monitor
        return [
            "time_s", "dt_s", "max_temperature_c",
            *(f"probe:{name}_c" for name in monitor.probe_names),
            *(f"sensor:{name}_c" for name in monitor.sensor_names),
            "voltage_v", "current_a", "power_w", "impedance_ohm", *self.physics.energy.columns, "generator_state",
            "zone_volume_ml",
            *(f"covered_fraction:{target.name}" for target in self.case.targets),
            "deposited_j", "stored_j", "perfusion_j", "vessels_j", "surface_j", "applicator_cooling_j",
            "residual_fraction",
            *(f"vessel:{name}_w" for name in self.case.vessel_names),
        ]  # fmt: skip

    def record(self, measurement: Measurement, step: CoupledStep) -> None:
        """Account for an accepted step."""
        state, audit, monitor = self.loop.state, self.loop.audit, self.loop.monitor
        level = zone_level(self.model, state.death[self.case.death.criterion], self.elements)
        self.zone_volume = self.zone.volume(level)
        for name, power in audit.sink_power.items():
            self._peak_sink[name] = max(self._peak_sink.get(name, 0.0), power)
        row = {
            "time_s": measurement.time,
            "dt_s": step.dt,
            "max_temperature_c": measurement.max_temperature,
            "voltage_v": measurement.voltage,
            "current_a": measurement.current,
            "power_w": measurement.power,
            "impedance_ohm": measurement.impedance,
            "generator_state": self.loop.controller.status(state.time),
            "zone_volume_ml": self.zone_volume * 1e6,
            "deposited_j": audit.deposited,
            "stored_j": audit.stored,
            "perfusion_j": audit.perfusion,
            "vessels_j": audit.vessels,
            "surface_j": audit.surface,
            "applicator_cooling_j": audit.applicator_cooling,
            "residual_fraction": audit.last_residual,
        }
        row |= {f"probe:{name}_c": value for name, value in monitor.probes(state.temperature).items()}
        row |= {f"sensor:{name}_c": value for name, value in measurement.temperatures.items()}
        row |= {
            f"covered_fraction:{target.name}": self.zone.covered_fraction(target.name, level)
            for target in self.case.targets
        }
        row |= {f"vessel:{name}_w": audit.sink_power[name] for name in self.case.vessel_names}
        found = self.physics.energy.row(step.delivery, state.temperature)
        if step.delivery is not None:
            self._note(found)
        self.history.append(row | found)
        self._cell_power = step.cell_power
        if math.floor(state.time / self.case.output.every + 1e-9) > self._saved:
            self._save_fields()

    def _note(self, found: dict[str, float]) -> None:
        """Keep the first, last, smallest and largest of the source's values."""
        for name, value in found.items():
            known = self._seen.setdefault(name, {"first": value, "min": value, "max": value})
            known |= {"last": value, "min": min(known["min"], value), "max": max(known["max"], value)}

    def _save_fields(self) -> None:
        state, power = self.loop.state, self._cell_power
        death = state.death[self.case.death.criterion]
        values = {
            "temperature": state.temperature,
            "damage": self.model.damage(death),
            "viability": self.model.viability(death),
            "power_density": np.zeros_like(state.temperature) if power is None else self.elements.density(power),
            "dryness": self.physics.tissues.dryness(state.temperature),
        }
        self.fields.write(state.time, {name: self.elements.vertex_values(v) for name, v in values.items()})
        self._saved = math.floor(state.time / self.case.output.every + 1e-9)

    def close(self) -> None:
        """Close the history."""
        self.history.close()

    def finish(self, provenance: dict, timing: dict) -> dict:
        """Write surfaces and the summary; returns the summary."""
        case, state, physics = self.case, self.loop.state, self.physics
        if self._last_saved_time() < state.time:
            self._save_fields()
        surfaces = {target.name: findings.target_surface(target, self.domain) for target in case.targets}
        criteria, chosen, boundary = {}, {}, None
        for name, model in physics.death.items():
            level = zone_level(model, state.death[name], self.elements)
            edge = self.zone.surface(level)
            found = {
                target.name: findings.target_finding(target, surfaces[target.name], self.domain, self.zone, edge, level)
                for target in case.targets
            }
            criteria[name] = {
                "volume_ml": self.zone.volume(level) * 1e6,
                "minimal_margin_mm": {
                    target: None if f.statistics.minimal_margin is None else 1e3 * f.statistics.minimal_margin
                    for target, f in found.items()
                },
            }
            if name == case.death.criterion:
                chosen, boundary = found, edge
        whole = self.zone.gathered(boundary)
        self._write_surfaces(chosen, whole)
        volume_ml = criteria[case.death.criterion]["volume_ml"]
        strain = np.zeros(self.elements.n_local) if state.contraction is None else state.contraction
        level = zone_level(self.model, state.death[case.death.criterion], self.elements)
        after = findings.contraction_block(case, self.domain, self.zone, strain, level, whole)
        ablatability = []
        if self.domain.grid is not None:
            hottest = physics.death["isotherm"].damage(state.death["isotherm"])
            dose = physics.death["cem43"].damage(state.death["cem43"])
            dead = write_voxels(case, self.domain, self.folder, self.zone, boundary, level, hottest, dose)
            margins = list(criteria[case.death.criterion]["minimal_margin_mm"].values())
            ablatability = ablatability_blocks(case, self.elements.comm, dead, margins)
        summary = {
            "title": case.title,
            "provenance": provenance,
            "mesh": findings.mesh_block(self.domain.quality),
            "time": {
                "simulated_s": state.time,
                "steps": state.steps,
                **{name: seconds for name, seconds in timing.items() if name.endswith("_wall_s")},
                "wall_s": time.perf_counter() - timing["started"],
            },
            "temperature": {"max_c": self.loop.monitor.max_temperature},
            "zone": findings.zone_block(case, volume_ml, whole, self.elements.comm, after),
            "targets": [
                findings.target_block(case, target, chosen[target.name], self.zone, physics.sinks)
                for target in case.targets
            ],
            "vessels": [
                {
                    "name": sink.name,
                    "cooling_power_w": self._peak_sink.get(sink.name, 0.0),
                    "heat_removed_j": self.loop.audit.sinks.get(sink.name, 0.0),
                    "outlet_temperature_max_c": sink.warmest_outlet,
                    "branches": sink.branches()[:MOST_BRANCHES],
                }
                for sink in physics.sinks
                if sink.kind == "vessel"
            ],
            "generator": findings.generator_block(self.loop),
            "antennas": physics.energy.report(self._seen, self.loop.counters.flows),
            "energy": findings.energy_block(self.loop),
            "organs": self.loop.monitor.organs(physics.death, state.death),
            "labels": findings.label_blocks(self.domain),
            "ablatability": ablatability,
            "criteria": criteria,
            "solver": {
                "newton": physics.integrator.newton,
                "linear_iterations": physics.integrator.system.iterations + physics.energy.iterations,
                "rejected_steps": self.loop.control.rejected,
                "failed_solves": self.loop.control.failed,
                "potential_solves": physics.energy.solves,
            },
            "warnings": [*self.loop.warnings, *self._warnings(chosen, criteria)],
        }
        # The times are those of rank 0, the same on every rank.
        summary = self.elements.comm.bcast(summary)
        return self.folder.write_summary(summary).model_dump(mode="json", by_alias=True)

    def _last_saved_time(self) -> float:
        return self.fields.times[-1] if self.fields.times else -1.0

    def _write_surfaces(self, chosen: dict, whole) -> None:
        root = self.elements.comm.rank == 0
        empty = np.zeros((0, 3))
        # The needle's hole is closed: other programs, and 'pennes margin', need a zone with an inside.
        points, triangles = empty, empty.astype(int)
        if root:
            closed = capped(whole)
            points, triangles = closed.points, closed.triangles
        self.folder.write_surface("zone", points, triangles)
        for number, (name, finding) in enumerate(chosen.items()):
            file = "target" if len(chosen) == 1 else f"target_{number}_{_safe(name)}"
            margins = finding.margins * 1e3
            finite = np.where(np.isfinite(margins), margins, np.nan)
            data = {"margin_mm": finite, "inside": np.isfinite(margins) & (margins > 0)}
            self.folder.write_surface(file, finding.surface.points, finding.surface.triangles, data)
        points, triangles = self._named_surface(("electrode", "insulation"))
        if self.elements.comm.bcast(len(triangles) if root else 0):
            self.folder.write_surface("applicators", points, triangles)
        self._write_vessels()

    def _write_vessels(self) -> None:
        sinks = [sink for sink in self.physics.sinks if sink.kind == "vessel"]
        if not sinks:
            return
        walls = [self._named_surface(("wall",), sink.name) for sink in sinks]
        drawn = tubes.drawing(sinks, walls, [self.loop.audit.sinks.get(sink.name, 0.0) for sink in sinks])
        if not self.elements.comm.bcast(len(drawn.triangles)):  # no vessel, or none that reaches into the box
            return
        self.folder.write_surface("vessels", drawn.points, drawn.triangles, drawn.data)

    def _named_surface(self, kinds: tuple[str, ...], vessel: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Points and triangles on rank 0 of all surfaces of the given kinds, or of those of one vessel."""
        chosen = [s for s in self.domain.surfaces if s.kind in kinds and vessel in (None, s.vessel)]
        facets = [self.domain.facet_tags.find(s.tag) for s in chosen]
        facets = np.unique(np.concatenate([*facets, np.empty(0, np.int32)]))
        corners = self.elements.points[self.elements.facet_corners(facets)]
        parts = self.elements.comm.gather(corners)
        if parts is None:
            return np.zeros((0, 3)), np.zeros((0, 3), dtype=int)
        together = np.concatenate(parts).reshape(-1, 3)
        if self.domain.axis is not None:
            surface = self.domain.axis.swept(self.domain.axis.coordinates(together).reshape(-1, 2, 2))
            return surface.points, surface.triangles
        return together, np.arange(len(together)).reshape(-1, 3)

    def _warnings(self, chosen: dict, criteria: dict) -> list[str]:
        found = list(self.domain.notes)
        if criteria[self.case.death.criterion]["volume_ml"] == 0.0:
            found.append("no tissue died: there is no zone and no margin")
        level = self.model.indicator(self.loop.state.death[self.case.death.criterion])
        outer = [self.domain.facet_tags.find(s.tag) for s in self.domain.surfaces if s.kind == "outer"]
        nodes = self.elements.nodes_of(self.domain.facet_tags.dim, np.concatenate([*outer, np.empty(0, np.int32)]))
        if self.elements.comm.allreduce(int(np.any(nodes & (level > 0.0)))):
            found.append("the zone reaches the outer surface of the body: make the body larger")
        if self.loop.control.failed:
            found.append(f"{self.loop.control.failed} steps were halved because a solve did not converge")
        return found


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)
