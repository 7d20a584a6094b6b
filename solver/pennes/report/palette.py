"""Colours of the report: the same thing has the same colour in every picture. Readable with colour blindness.

Named colours are Okabe and Ito's (2008); the scale of margins keeps a step at 0, 5 and 10 mm, so that its classes are
told apart by lightness as well.
"""

from __future__ import annotations

import numpy as np

INK = "#1b1f24"
MUTED = "#5b6570"
GRID = "#d9dee3"
TUMOUR = "#009e73"
ZONE = "#d55e00"
VESSEL = "#56b4e9"
NEEDLE = "#7d8790"
ORGAN = "#cc79a7"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
ENERGY = {
    "stored": ("stored in tissue", "#e69f00"),
    "perfusion": ("carried away by perfusion", "#cc79a7"),
    "vessels": ("taken by large vessels", "#56b4e9"),
    "applicator_cooling": ("taken by the applicator's coolant", "#9aa4ad"),
    "surface": ("through the outer surface", "#009e73"),
}

MARGIN_RANGE = (-5.0, 15.0)
"""mm; margins beyond are drawn in the last colour."""
MARGIN_CONTOURS = (0.0, 5.0, 10.0)
"""mm: borders of the classes of the quantitative margin (Sandu 2021)."""
MARGIN_CLASSES = (
    ("below_0", "below 0 mm", "#b04300"),
    ("0_to_5", "0 to 5 mm", "#f0a830"),
    ("5_to_10", "5 to 10 mm", "#7fc0ea"),
    ("above_10", "10 mm and more", "#0b5a94"),
)
_RAMPS = (("#5e1f00", "#d55e00"), ("#eb9a00", "#fbe7a6"), ("#cfe8f8", "#56b4e9"), ("#1f82c4", "#052f5c"))


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


def margin_colours(count: int = 256) -> np.ndarray:
    """Colours (count, 4) uint8, red-green-blue-alpha, evenly spaced over ``MARGIN_RANGE``."""
    values = np.linspace(*MARGIN_RANGE, count)
    edges = (MARGIN_RANGE[0], *MARGIN_CONTOURS, MARGIN_RANGE[1])
    table = np.full((count, 4), 255.0)
    for low, high, (first, last) in zip(edges[:-1], edges[1:], _RAMPS, strict=True):
        part = (values >= low) & (values <= high)
        share = ((values[part] - low) / (high - low))[:, None]
        table[part, :3] = (1.0 - share) * _rgb(first) + share * _rgb(last)
    return table.round().astype(np.uint8)
