"""CPU time of a question to an atlas, in Python and as a command: python hpc/benchmark/risk_query.py DEVICE_OR_FILE."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import subprocess
import sys
import time

from pennes.risk import Atlas, Question

CALLS = 50


def main(device: str) -> None:
    atlas = Atlas.load(device)
    low, high = atlas.header["ranges"]["distance_mm"]
    question = Question(25.0, 6.0, (low + high) / 2.0)
    atlas.query(question).probability(5.0)
    begun = time.process_time()
    for _ in range(CALLS):
        atlas.query(question).probability(5.0)
    print(f"a call: {1e3 * (time.process_time() - begun) / CALLS:.1f} ms of CPU time, {len(atlas.emulator.outer.points)} runs")
    words = [sys.executable, "-m", "pennes", "risk", "--device", device, "--tumour", "25mm", "--vessel", "6mm"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    subprocess.run([*words, "--distance", "8mm"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"the command: {cpu:.2f} s of CPU time, {time.monotonic() - begun:.2f} s by the clock")


if __name__ == "__main__":
    main(sys.argv[1])
