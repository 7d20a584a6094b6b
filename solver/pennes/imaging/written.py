"""Files that are whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from pennes.errors import InputError


def write_through(path: Path, suffix: str, write: Callable[[str], object]) -> None:
    """Let ``write`` write a file beside ``path`` and move it there once it is complete.

    Raises InputError where the disk refuses.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=suffix)
        os.close(handle)
        write(temporary)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as problem:
        raise InputError(f"cannot be written ({problem.strerror or problem})", file=path) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
