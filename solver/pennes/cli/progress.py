"""Progress of a run: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import math
import sys
import time
from types import TracebackType
from typing import Any, TextIO

#: Between plain lines. s.
LINE_INTERVAL = 10.0


class Progress:
    """Shows how far the simulation is. ``shown`` False: it does nothing (other ranks, --quiet)."""

    def __init__(self, *, shown: bool = True, stream: TextIO | None = None):
        self._stream = sys.stderr if stream is None else stream
        self._shown = shown
        self._bar: Any = None
        self._start: tuple[float, float] | None = None
        self._last_line = -math.inf

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def update(
        self,
        simulated_s: float,
        total_s: float,
        max_temperature_c: float,
        power_w: float,
        impedance_ohm: float,
        zone_volume_ml: float,
    ) -> None:
        """Say where the run is. ``impedance_ohm`` may be nan (generator off)."""
        if not self._shown:
            return
        now = time.monotonic()
        if self._start is None:
            self._start = now, simulated_s
        numbers = (
            f"{max_temperature_c:.1f} °C  {power_w:.0f} W  "
            + (f"{impedance_ohm:.0f} ohm  " if math.isfinite(impedance_ohm) else "- ohm  ")
            + f"zone {zone_volume_ml:.1f} ml"
        )
        if self._stream.isatty():
            self._draw(simulated_s, total_s, numbers)
        elif now - self._last_line >= LINE_INTERVAL or simulated_s >= total_s:
            self._last_line = now
            left = self._left(now, simulated_s, total_s)
            place = f"{simulated_s / 60:5.2f} of {total_s / 60:.2f} min"
            print(f"{place}  {numbers}  {left} left", file=self._stream, flush=True)

    def _left(self, now: float, simulated_s: float, total_s: float) -> str:
        """Wall time left, at the pace so far (a resumed run does not start at 0)."""
        assert self._start is not None
        done = simulated_s - self._start[1]
        if done <= 0:
            return "-"
        seconds = (now - self._start[0]) / done * max(total_s - simulated_s, 0.0)
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

    def _draw(self, simulated_s: float, total_s: float, numbers: str) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=total_s / 60,
                initial=simulated_s / 60,
                file=self._stream,
                dynamic_ncols=True,
                bar_format="{percentage:3.0f}% |{bar}| {n:.2f}/{total:.1f} min  {desc}  {remaining} left",
            )
        self._bar.total = total_s / 60
        self._bar.set_description_str(numbers, refresh=False)
        self._bar.update(simulated_s / 60 - self._bar.n)

    def close(self) -> None:
        """End the bar's line."""
        if self._bar is not None:
            self._bar.refresh()
            self._bar.close()
            self._bar = None
