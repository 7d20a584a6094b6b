"""``pennes check``: what a case is, before anything is solved."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from pennes.cli import world


def check_case(path: Path, settings: tuple[str, ...], *, ranks: int, as_json: bool) -> None:
    """Print the description of the case at ``path``, with its cost on ``ranks`` ranks.

    Raises InputError where it is not usable.
    """
    from pennes.case import load_with_places

    case, places = load_with_places(path, settings)
    world.connect()
    from pennes.scene import check

    with places.told():
        description = check(case, ranks=ranks)
    print(json.dumps(asdict(description), indent=2) if as_json else description)
