"""Where in the user's file the keys of a case stand, for complaints that come after the case has been read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pennes.errors import InputError
from pennes.library.written import Written


class Places:
    """Files and lines of the keys of a case as it was written."""

    def __init__(self, written: Written):
        self._written = written

    @contextmanager
    def told(self) -> Iterator[None]:
        """File and line of its key for an InputError of what is done inside, where it names a key and no file."""
        try:
            yield
        except InputError as error:
            if error.key is not None and error.file is None:
                error.file, error.line = self._find(error.key)
            raise

    def _find(self, key: str) -> tuple[str | None, int | None]:
        """Of the deepest written value on the way to ``key``; no line where nothing of it was written."""
        place = self._written
        for step in key.split("."):
            # The keys of a shape stand beside those of its target or organ.
            below = _child(place, step) or _child(place.get("geometry"), step)
            if below is None:
                break
            place = below
        return place.file, None if place is self._written else place.line


def _child(place: Written | None, step: str) -> Written | None:
    if place is not None and isinstance(place.value, list):
        return place.value[int(step)] if step.isdigit() and int(step) < len(place.value) else None
    return None if place is None else place.get(step)
