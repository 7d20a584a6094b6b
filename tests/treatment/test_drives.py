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
