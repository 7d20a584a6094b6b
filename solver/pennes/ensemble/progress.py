"""How far a cohort is: counts, failures by their message, when the end is expected."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from pennes.ensemble.folder import CohortFolder
from pennes.ensemble.manifest import Manifest, read_manifest
from pennes.ensemble.states import CaseState, states

RECENT = 200
"""Cases that ended last, of which the pace is taken."""


@dataclass(frozen=True)
class Progress:
    title: str
    rows: int
    """Rows of the manifest."""
    cases: int
    """Different cases among them."""
    done: int
    failed: int
    running: int
    missing: int
    per_hour: float | None
    """Cases that end in an hour at the pace of late; None: nothing is running, or too few have ended."""
    seconds_left: float | None
    failures: tuple[dict[str, Any], ...]
    """``number`` of the row, ``case``: its folder's name, ``message``."""

    @property
    def complete(self) -> bool:
        return self.done == self.cases

    def line(self) -> str:
        """All of it but the failures, on one line."""
        text = f"{self.done} of {self.cases} cases done"
        parts = [f"{count} {word}" for word, count in
                 (("running", self.running), ("failed", self.failed), ("missing", self.missing)) if count]  # fmt: skip
        text += "".join(f", {part}" for part in parts)
        if self.seconds_left is not None and self.per_hour is not None:
            end = time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time() + self.seconds_left))
            text += f"; {self.per_hour:.0f} an hour, {_span(self.seconds_left)} left, end expected {end}"
        return text

    def text(self) -> str:
        """Several lines, failures included: each message once, with the cases that it ended."""
        lines = [self.title, self.line()]
        if self.rows != self.cases:
            lines.append(f"{self.rows} rows of the design are {self.cases} different cases")
        counts = Counter(failure["message"] for failure in self.failures)
        for message, count in counts.most_common():
            names = [f["case"] for f in self.failures if f["message"] == message]
            shown = ", ".join(names[:3]) + (f" and {count - 3} more" if count > 3 else "")
            lines.append(f"Failed ({count}): {message} [{shown}]")
        if self.failed:
            lines.append("Failed cases are run again with --retry-failed.")
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def status(folder: CohortFolder) -> Progress:
    """How far the cohort in ``folder`` is. Raises InputError where there is none."""
    manifest = read_manifest(folder)
    return progress_of(manifest, states(folder, manifest))


def progress_of(manifest: Manifest, found: dict[str, CaseState]) -> Progress:
    """From the states of all cases."""
    counts = Counter(state.state for state in found.values())
    left = counts["running"] + counts["missing"]
    pace = _pace(found) if counts["running"] else None
    numbers: dict[str, int] = {}
    for row in manifest.rows:
        numbers.setdefault(row.key, row.number)
    failures = tuple(
        {"number": numbers[key], "case": key, "message": state.message}
        for key, state in found.items()
        if state.state == "failed"
    )
    return Progress(
        manifest.header["title"], len(manifest.rows), len(found),
        counts["done"], counts["failed"], counts["running"], counts["missing"],
        None if pace is None else 3600.0 * pace, None if not pace else left / pace, failures,
    )  # fmt: skip


def _pace(found: dict[str, CaseState]) -> float | None:
    """Cases that end in a second, of those that ended last while the ones now running, or others, ran."""
    ends = sorted(state.when for state in found.values() if state.state == "done" and state.when is not None)[-RECENT:]
    began = [state.when for state in found.values() if state.state == "running" and state.when is not None]
    if not began:
        return None
    # A pause between two runs of the command does not count: only what ended after the last long gap.
    span = max(time.time() - min(began), 1.0)
    recent = [ends[-1]] if ends else []
    for before, after in zip(reversed(ends[:-1]), reversed(ends), strict=False):
        if after - before > max(600.0, 3.0 * span):
            break
        recent.append(before)
    if len(recent) < 2:
        return None
    passed = time.time() - min(recent)
    return (len(recent) - 1) / passed if passed > 0 else None


def _span(seconds: float) -> str:
    minutes = int(seconds) // 60
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes}:{int(seconds) % 60:02d} min"
