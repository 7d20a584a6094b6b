"""One uninterrupted run of the quick case, for all that compare with it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from quick_case import complete, rows, write_case


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory):
    """``case``, ``folder``, ``summary`` and ``rows`` of the history, from one rank."""
    place = tmp_path_factory.mktemp("uninterrupted")
    case, folder = write_case(place), place / "result"
    summary = complete(case, folder, None)
    return SimpleNamespace(case=case, folder=folder, summary=summary, rows=rows(folder))
