"""What the generator says reaches the steps: ramps do not break them, and a first sample counts from the start."""

from __future__ import annotations

import itertools

import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes import treatment
from pennes.case import load
from pennes.generator import Drive
from pennes.treatment.loop import _jumps
from pennes.treatment.stepping import StepControl
from quick_case import rows, write_case

RAMP = (
    "protocol.duration=6 s",
    "protocol.cool_down=0 s",
    "protocol.start_power=4 W",
    "protocol.set_power=60 W",
    "protocol.ramp=240 W/min",
    "protocol.roll_off_rise=500 ohm",
    "vessels=[]",
)
WATCHED = """
protocol:
  mode: temperature_controlled
  duration: 3 s
  set_temperature: 60 degC
  max_power: 20 W
  proportional: 2
  integral: 0
  sample_interval: 1 s
"""


@pytest.mark.parametrize(
    ("after", "jumps"),
    [
        (Drive("power", 14.0, 1.0), False),
        (Drive("power", 14.0), False),
        (Drive("power", 10.0, 1.0), True),
        (Drive("power", 20.0), True),
        (Drive("voltage", 14.0, 1.0), True),
        (Drive("off"), True),
    ],
)
def test_drives_are_compared_at_the_moment_of_the_change(after, jumps):
    assert _jumps(Drive("power", 10.0, 1.0), after, 4.0) is jumps


def test_steps_are_not_restarted_within_a_ramp(tmp_path, monkeypatch):
    restarts = []
    monkeypatch.setattr(StepControl, "restart", lambda control: restarts.append(control.next_dt))
    treatment.run(load(write_case(tmp_path), RAMP), tmp_path / "result", MPI.COMM_WORLD)
    steps = rows(tmp_path / "result")
    powers = [float(row["power_w"]) for row in steps]
    assert any(after > 1.06 * before for before, after in itertools.pairwise(powers))
    assert len(restarts) == 1  # the end


def test_a_first_sample_at_the_start_gives_power_to_the_first_step(tmp_path):
    text = write_case(tmp_path).read_text()
    protocol, rest = text.index("protocol:"), text.index("death:")
    text = text[:protocol] + WATCHED.lstrip() + text[rest:]
    device = "{name: cooled_tip_1cm, thermocouples: [{name: side, at: [3 mm, 0 mm, -5 mm]}]}"
    text = text.replace("device: cooled_tip_1cm", f"device: {device}")
    case = load(write_case(tmp_path, text))
    treatment.run(case, tmp_path / "result", MPI.COMM_WORLD)
    first = rows(tmp_path / "result")[0]
    assert float(first["power_w"]) == pytest.approx(20.0, rel=1e-6)


def test_mode_coolant_and_limits_of_the_schedule_reach_the_tissue(tmp_path):
    schedule = [
        "{at: 2 s, mode: constant_power, set_power: 30 W}",
        "{at: 4 s, limits: {max_power: 5 W}}",
        "{at: 6 s, coolant: {on: false}}",
        "{at: 8 s, coolant: {on: true, temperature: 5 degC}}",
    ]
    settings = ("protocol.duration=10 s", "protocol.cool_down=0 s", f"protocol.schedule=[{', '.join(schedule)}]")
    summary = treatment.run(load(write_case(tmp_path), (*settings, "vessels=[]")), tmp_path / "result", MPI.COMM_WORLD)
    steps = rows(tmp_path / "result")

    def change(key, start, end):
        values = [float(row[key]) for row in steps if start - 1e-9 <= float(row["time_s"]) <= end + 1e-9]
        return values[-1] - values[0]

    powers = {float(row["time_s"]): float(row["power_w"]) for row in steps}
    assert powers[2.0] == pytest.approx(52.0)
    assert powers[4.0] == pytest.approx(30.0)
    assert powers[6.0] == pytest.approx(5.0)
    assert change("applicator_cooling_j", 6.0, 8.0) == pytest.approx(0.0, abs=1e-9)
    # Cool tissue, warm again: twice the difference to 5 C as to 20 C, more or less.
    assert change("applicator_cooling_j", 8.0, 10.0) > 1.3 * change("applicator_cooling_j", 4.0, 6.0) > 0.0
    assert summary["energy"]["residual_fraction"] < 1e-3
    assert [event["message"] for event in summary["generator"]["events"]][:4] == [
        "mode constant_power, set_power 30 W",
        "limits max_power 5 W",
        "the generator's 5 W limit it (30 W asked)",
        "coolant on False",
    ]
