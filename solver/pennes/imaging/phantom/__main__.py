"""``python -m pennes.imaging.phantom RECIPE.yaml OUT``: write a synthetic patient as NIfTI or NRRD."""

from __future__ import annotations

import sys

from pennes.errors import PennesError
from pennes.imaging.files import write_image
from pennes.imaging.phantom import make_phantom, read_recipe


def main(words: list[str]) -> int:
    """Exit code 0, or 2 for words or a recipe that cannot be used."""
    if len(words) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        phantom = make_phantom(read_recipe(words[0]))
        write_image(words[1], phantom.labels)
    except PennesError as problem:
        print(f"pennes: {problem}", file=sys.stderr)
        return problem.exit_code
    for number in phantom.labels.present:
        print(f"{number:3d} {phantom.labels.name(number)}: {1e6 * phantom.labels.volume(number):.2f} ml")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
