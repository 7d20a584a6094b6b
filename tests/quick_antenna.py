"""A small microwave treatment that boils within half a simulated minute."""

from __future__ import annotations

from pathlib import Path

from quick_case import write_case

QUICK_ANTENNA = """\
title: A quick microwave case
body: {shape: box, size: [60 mm, 60 mm, 80 mm], tissue: liver}
targets:
  - {name: lesion, diameter: 12 mm, centre: [0 mm, 0 mm, 0 mm], tissue: colorectal_metastasis, margin: 1 mm}
vessels:
  - {name: vein, diameter: 5 mm, path: [[-40 mm, 12 mm, 0 mm], [40 mm, 12 mm, 0 mm]], speed: 20 cm/s}
applicators:
  - {name: antenna, device: mwa_dual_slot, tip: [0 mm, 0 mm, -9 mm], direction: [0, 0, -1]}
protocol: {mode: pulsed_power, set_power: 90 W, period: 20 s, duty_cycle: 70 %, duration: 30 s, cool_down: 2 s}
death: {criterion: arrhenius}
accuracy:
  mesh: {applicator: 1.2 mm, shaft: 2.5 mm, lesion: 4 mm, vessel: 2.5 mm, far: 15 mm}
output:
  every: 10 s
  checkpoint_every: 4 s
  report: false
  probes: [{name: edge, point: [8 mm, 0 mm, 0 mm]}]
"""


def write_antenna_case(folder: Path, text: str = QUICK_ANTENNA) -> Path:
    """The case as a file."""
    return write_case(folder, text)
