"""One small treatment from the case to the result folder, in this process."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes import treatment
from pennes.case import load
from pennes.errors import SolverError
from pennes.report import write_report
from pennes.result.summary import Summary
from quick_case import rows, write_case

SHORT = ("protocol.duration=20 s", "protocol.cool_down=2 s", "output.every=8 s")


class Seen:
    """Keeps what a progress bar is told."""

    def __init__(self):
        self.told = []

    def update(self, **numbers):
        self.told.append(SimpleNamespace(**numbers))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    place = tmp_path_factory.mktemp("whole")
    progress = Seen()
    summary = treatment.run(load(write_case(place), SHORT), place / "result", MPI.COMM_WORLD, progress=progress)
    return SimpleNamespace(
        folder=place / "result", summary=summary, progress=progress.told, rows=rows(place / "result")
    )


def test_the_summary_fits_its_schema_and_is_what_was_written(done):
    jsonschema = pytest.importorskip("jsonschema")
    written = json.loads((done.folder / "summary.json").read_text())
    assert written == json.loads(json.dumps(done.summary))
    schema = Summary.model_json_schema(by_alias=True, mode="serialization")
    jsonschema.validate(written, schema)
    assert written["time"]["simulated_s"] == pytest.approx(22.0)
    assert written["targets"][0]["name"] == "lesion"
    assert set(written["criteria"]) == {"arrhenius", "cem43", "three_state", "isotherm"}
    assert written["criteria"]["arrhenius"]["volume_ml"] == pytest.approx(written["zone"]["volume_ml"])
    del written["zone"]["volume_ml"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written, schema)


def test_set_up_is_timed_in_its_parts(done):
    time = done.summary["time"]
    parts = [time[f"{part}_wall_s"] for part in ("mesh", "distribution", "assembly")]
    assert min(parts) > 0.0
    assert sum(parts) == pytest.approx(time["setup_wall_s"])
    assert time["setup_wall_s"] + time["loop_wall_s"] < time["wall_s"]


def test_the_history_agrees_with_the_summary(done):
    last, summary = done.rows[-1], done.summary
    assert len(done.rows) == summary["time"]["steps"] == len(done.progress)
    assert float(last["zone_volume_ml"]) == pytest.approx(summary["zone"]["volume_ml"])
    assert float(last["covered_fraction:lesion"]) == pytest.approx(summary["targets"][0]["covered_fraction"])
    assert max(float(row["max_temperature_c"]) for row in done.rows) == pytest.approx(summary["temperature"]["max_c"])
    for key in ("deposited_j", "stored_j", "perfusion_j", "vessels_j", "surface_j", "applicator_cooling_j"):
        assert float(last[key]) == pytest.approx(summary["energy"][key]), key
    delivered = sum(float(row["power_w"]) * float(row["dt_s"]) for row in done.rows)
    assert delivered == pytest.approx(summary["generator"]["energy_delivered_j"], rel=0.02)
    assert summary["generator"]["on_time_s"] == pytest.approx(20.0)
    assert max(float(row["vessel:vein_w"]) for row in done.rows) == pytest.approx(
        summary["vessels"][0]["cooling_power_w"]
    )


def test_the_blood_leaves_as_warm_as_its_heat_makes_it(done):
    """Heat that is carried away: density 1050 kg/m3 and heat capacity 3617 J/kg/K, 20 cm/s through 5 mm."""
    vessel = done.summary["vessels"][0]
    capacity_flow = 1050.0 * 3617.0 * 0.2 * np.pi * 2.5e-3**2
    rise = vessel["cooling_power_w"] / capacity_flow
    assert rise > 0.01
    assert vessel["outlet_temperature_max_c"] - 37.0 == pytest.approx(rise, rel=1e-3)


def test_steps_land_on_outputs_and_switches(done):
    times = [float(row["time_s"]) for row in done.rows]
    for landed in (8.0, 10.0, 16.0, 20.0, 22.0):  # outputs, end of the ramp, end, end of the cool-down
        assert min(abs(time - landed) for time in times) < 1e-9
    assert {row["generator_state"] for row in done.rows} >= {"ramp", "pulse", "cool_down"}


def test_the_budget_closes_in_every_step(done):
    assert max(float(row["residual_fraction"]) for row in done.rows) < 1e-3


def test_perfusion_takes_heat_from_the_first_step_on(done):
    assert float(done.rows[0]["perfusion_j"]) > 0.0
    taken = np.array([float(row["perfusion_j"]) for row in done.rows])
    assert np.all(np.diff(taken[: len(taken) // 2]) > 0.0)


def test_progress_is_told_every_step(done):
    assert [told.simulated_s for told in done.progress] == sorted({told.simulated_s for told in done.progress})
    assert done.progress[-1].total_s == pytest.approx(22.0)
    assert done.progress[-1].zone_volume_ml == pytest.approx(done.summary["zone"]["volume_ml"])


def test_next_to_no_power_kills_nothing(tmp_path):
    """The coolant takes heat; nothing gives any. Obtuse tetrahedra let its steep front of 17 K overshoot a little."""
    words = ("protocol.start_power=1 uW", "protocol.set_power=1 uW", "protocol.ramp=0 W/min", *SHORT)
    summary = treatment.run(load(write_case(tmp_path), words), tmp_path / "result", MPI.COMM_WORLD)
    assert summary["temperature"]["max_c"] == pytest.approx(37.0, abs=0.05 * 17.0)
    nothing = {"criterion": "arrhenius", "volume_ml": 0.0, "diameters_mm": None, "after_contraction": None}
    assert summary["zone"] == nothing
    target = summary["targets"][0]
    assert (target["minimal_margin_mm"], target["achieved"], target["covered_fraction"]) == (None, False, 0.0)
    assert "no tissue died: there is no zone and no margin" in summary["warnings"]
    assert all(found["volume_ml"] == 0.0 for found in summary["criteria"].values())


def test_a_solver_that_cannot_go_on_says_when_and_where_the_checkpoint_is(tmp_path, monkeypatch):
    from pennes.bioheat.integrator import HeatIntegrator

    step, failing = HeatIntegrator.step, []

    def fails_after_a_while(self, temperature, dt, *rest):
        if temperature.max() > 70.0:
            failing.append(dt)
            raise SolverError("Newton's iteration did not converge")
        return step(self, temperature, dt, *rest)

    monkeypatch.setattr(HeatIntegrator, "step", fails_after_a_while)
    with pytest.raises(SolverError, match=r"failed at \d.* simulated minutes: a step of .* last checkpoint: none"):
        treatment.run(load(write_case(tmp_path), SHORT), tmp_path / "result", MPI.COMM_WORLD)
    assert failing[-1] < 3e-4 < failing[0]
    assert rows(tmp_path / "result")
    assert not (tmp_path / "result" / "summary.json").exists()


def test_a_vessel_that_is_not_there_is_not_drawn(tmp_path):
    """And its result can be reported."""
    changes = ("vessels.0.model=none", "protocol.duration=2 s", "protocol.cool_down=0 s")
    treatment.run(load(write_case(tmp_path), changes), tmp_path / "result", MPI.COMM_WORLD)
    assert not (tmp_path / "result" / "vessels.vtp").exists()
    assert write_report(tmp_path / "result").is_file()
