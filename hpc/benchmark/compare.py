"""Run the benchmark `rfa-block` with pennes and with another program on the same machine, and print the ratios.

usage: python compare.py MESHPREFIX --peer "python peer.py MESHPREFIX ..." [--ranks 1 2] [--repeat N]

Of repeated runs the one with the least CPU time counts: the others were disturbed.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

DRIVER = Path(__file__).with_name("rfa_block.py")
#: Names of the same quantity in the results of the two programs.
WALL, CPU, MEMORY = ("loop_wall_s", "loop_wall"), ("loop_cpu_s", "loop_cpu"), ("peak_memory_mb", "rss_mb")
VALUES = ("Tmax", "V50_cm3", "Vdam_cm3")


def result_of(command: list[str], ranks: int) -> dict:
    """What ``command`` reports on ``ranks`` ranks. Raises RuntimeError where it reports nothing."""
    mpiexec = Path(sys.executable).with_name("mpiexec")
    launcher = str(mpiexec) if mpiexec.exists() else shutil.which("mpiexec") or "mpiexec"
    words = [launcher, "-n", str(ranks), *command] if ranks > 1 else command
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    raise RuntimeError(f"{shlex.join(words)} reported nothing:\n{done.stderr[-2000:]}")


def best(command: list[str], ranks: int, repeat: int) -> dict:
    """The run with the least CPU time of the loop."""
    return min((result_of(command, ranks) for _ in range(repeat)), key=lambda result: _of(result, CPU))


def _of(result: dict, names: tuple[str, ...]) -> float:
    return next(result[name] for name in names if name in result)


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mesh")
    parser.add_argument("--peer", required=True, help="command of the other program")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeat", type=int, default=2)
    arguments = parser.parse_args()
    peer = shlex.split(arguments.peer)
    if peer[0] == "python":
        peer[0] = sys.executable
    print(f"{'ranks':>5} {'program':>8} {'wall s':>8} {'CPU s':>8} {'MB':>6} " + " ".join(f"{v:>10}" for v in VALUES))
    for ranks in arguments.ranks:
        ours = best([sys.executable, str(DRIVER), arguments.mesh], ranks, arguments.repeat)
        theirs = best(peer, ranks, arguments.repeat)
        for name, result in (("pennes", ours), ("peer", theirs)):
            values = " ".join(f"{result[v]:10.4f}" for v in VALUES)
            print(
                f"{ranks:5d} {name:>8} {_of(result, WALL):8.2f} {_of(result, CPU):8.2f} "
                f"{_of(result, MEMORY):6.0f} {values}"
            )
        difference = max(abs(ours[v] / theirs[v] - 1) for v in VALUES)
        print(
            f"      ratio peer/pennes: wall {_of(theirs, WALL) / _of(ours, WALL):.1f}, "
            f"CPU {_of(theirs, CPU) / _of(ours, CPU):.1f}, memory {_of(theirs, MEMORY) / _of(ours, MEMORY):.2f}; "
            f"largest difference of values {100 * difference:.2f} %"
        )


if __name__ == "__main__":
    main()
