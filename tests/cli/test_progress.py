"""Progress: plain lines where there is no terminal, a bar where there is one."""

from __future__ import annotations

import io
import math

import pytest

from pennes.cli import progress
from pennes.cli.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets: ``clock[0]`` in s."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_plain_line_every_ten_seconds_and_at_the_end(clock):
    stream = io.StringIO()
    with Progress(stream=stream) as shown:
        for second in range(25):
            clock[0] = 100.0 + second
            shown.update(10.0 * second, 240.0, 37.0 + second, 60.0, 80.0, 1.25)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[1] == " 1.67 of 4.00 min  47.0 °C  60 W  80 ohm  zone 1.2 ml  0:14 left"
    assert lines[-1].startswith(" 4.00 of 4.00 min  61.0 °C")


def test_time_left_counts_from_where_a_resumed_run_began(clock):
    stream = io.StringIO()
    shown = Progress(stream=stream)
    shown.update(600.0, 720.0, 90.0, 0.0, math.nan, 20.0)
    clock[0] += 30.0
    shown.update(660.0, 720.0, 90.0, 0.0, math.nan, 20.0)
    assert stream.getvalue().splitlines()[1].endswith("- ohm  zone 20.0 ml  0:30 left")


def test_nothing_on_other_ranks():
    stream = io.StringIO()
    with Progress(shown=False, stream=stream) as shown:
        shown.update(1.0, 2.0, 37.0, 1.0, 1.0, 0.0)
    assert stream.getvalue() == ""


def test_a_bar_on_a_terminal():
    stream = io.StringIO()
    stream.isatty = lambda: True
    with Progress(stream=stream) as shown:
        shown.update(0.0, 720.0, 37.0, 60.0, 80.0, 0.0)
        shown.update(360.0, 720.0, 99.5, 120.0, 75.0, 12.3)
    assert "50%" in stream.getvalue()
    assert "6.00/12.0 min" in stream.getvalue()
    assert "99.5 °C  120 W  75 ohm  zone 12.3 ml" in stream.getvalue()
