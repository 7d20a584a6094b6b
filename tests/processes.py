"""Processes that tests start, and what these start in turn."""

from __future__ import annotations

import contextlib
from pathlib import Path


def descendants(number: int) -> list[int]:
    """Ids of a process and of all that it started, from what the kernel lists."""
    found = [number]
    for task in Path(f"/proc/{number}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += descendants(int(child))
    return found
