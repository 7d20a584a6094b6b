"""Whole files written at once: either the new content is there, safe on the disk, or the old one still is."""

from __future__ import annotations

import os
from pathlib import Path


def temporary(path: Path) -> Path:
    """Where the new content of ``path`` is written before it takes its place (same folder: a rename is atomic)."""
    return path.with_name(f".{path.name}.part")


def synchronise(path: Path) -> None:
    """Ask the operating system to put a file, or a folder's list of files, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_in_place(part: Path, path: Path) -> None:
    """Let the finished file ``part`` take the name ``path``."""
    synchronise(part)
    os.replace(part, path)
    synchronise(path.parent)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file atomically. Raises OSError; then neither a new nor a partial file is left."""
    part = temporary(path)
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        put_in_place(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
