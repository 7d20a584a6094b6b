"""Claims: files that say who is at work on a case or a cohort, and that are worth nothing once that process is gone.

A claim is a file that one process makes exclusively and touches while it lives. On the host that made it the process
itself is asked for; elsewhere a claim that has not been touched for ``STALE`` seconds is stale. Locks of the operating
system would do without the touching, but many clusters' file systems do not have them.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEAT = 5.0
"""Between touches. s."""
LOOK = 0.5
"""Between looks at what else is to be watched. s."""
STALE = 120.0
"""After the last touch. s."""


class Claim:
    """A claim that this process holds."""

    def __init__(self, path: Path, token: str):
        self.path, self._token = path, token
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def take(cls, path: Path, **about: Any) -> Claim | None:
        """The claim, with ``about`` in its file; None where a living process holds it. Raises OSError."""
        token = uuid.uuid4().hex
        text = json.dumps({"host": _host(), "pid": os.getpid(), "started": _start_of(os.getpid()),
                           "since": time.time(), "token": token, **about})  # fmt: skip
        while True:
            try:
                handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                found = holder(path)
                if found is None:
                    continue  # released meanwhile
                if is_alive(path, found):
                    return None
                _remove_stale(path, found)
                continue
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(text)
            except OSError:
                path.unlink(missing_ok=True)
                raise
            return cls(path, token)

    def beat(self, also: Callable[[], None] | None = None) -> None:
        """Touch the file every ``BEAT`` seconds, in a thread, and call ``also`` every ``LOOK`` seconds."""

        def touch() -> None:
            touched = time.monotonic()
            while not self._done.wait(min(LOOK, BEAT)):
                if time.monotonic() - touched >= BEAT:
                    touched = time.monotonic()
                    # A file that was deleted, or a disk that does not answer, must not end the work.
                    with contextlib.suppress(OSError):
                        os.utime(self.path)
                if also is not None:
                    also()

        self._thread = threading.Thread(target=touch, daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the claim up; a claim that another has taken over stays."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        found = holder(self.path)
        if found is not None and found.get("token") == self._token:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Claim:
        self.beat()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def holder(path: Path) -> dict[str, Any] | None:
    """What a claim says; None where there is none. One that cannot be read (yet) says nothing."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def is_alive(path: Path, said: dict[str, Any]) -> bool:
    """Does the process live that made the claim?"""
    if said.get("host") == _host():
        return said.get("started") == _start_of(int(said["pid"])) is not None
    try:
        return time.time() - path.stat().st_mtime < STALE
    except OSError:
        return False


def process_lives(pid: int) -> bool:
    """Is there a process of that id on this host?"""
    return _start_of(pid) is not None


def _remove_stale(path: Path, found: dict[str, Any]) -> None:
    """Remove the claim that said ``found``, unless another has taken its place meanwhile: one process at a time looks
    and removes."""
    turn = path.with_name(f"{path.name}.turn")
    try:
        os.close(os.open(turn, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - turn.stat().st_mtime > STALE:  # whose turn it was died in it
                turn.unlink()
        time.sleep(0.01)
        return
    try:
        said = holder(path)
        if said is not None and said.get("token") == found.get("token"):
            path.unlink(missing_ok=True)
    finally:
        turn.unlink(missing_ok=True)


def _host() -> str:
    """The host, and the space of process ids where there are several (containers)."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _start_of(pid: int) -> str | None:
    """When a process of this host started, in ticks (a process id may be given again); None where there is none."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        return _asked(pid)
    return None if words[0] == "Z" else words[19]


def _asked(pid: int) -> str | None:
    """As ``_start_of`` where the system has no /proc: lives or not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "lives"
