"""The report: figures and an HTML page, from a result folder alone."""

from __future__ import annotations

from pathlib import Path


def write_report(folder: Path) -> Path:
    """Write ``report.html`` into a result folder and return its path.

    Raises InputError, which names the file, where one is missing or damaged.
    """
    # matplotlib and VTK are loaded only when a report is made
    from pennes.report.page import write_report as write

    return write(folder)


__all__ = ["write_report"]
