"""The look of the figures, and figures as text that goes into the page."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from pennes.report import palette

_SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.edgecolor": palette.MUTED,
    "axes.labelcolor": palette.INK,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": palette.GRID,
    "grid.linewidth": 0.7,
    "xtick.color": palette.MUTED,
    "ytick.color": palette.MUTED,
    "xtick.labelcolor": palette.INK,
    "ytick.labelcolor": palette.INK,
    "text.color": palette.INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Figures made inside look like the report; the user's own matplotlib settings come back afterwards."""
    with matplotlib.rc_context(_SETTINGS):
        yield


def margin_scale() -> tuple[ListedColormap, Normalize]:
    """Colour map and norm (mm) of the signed margin."""
    colours = ListedColormap(palette.margin_colours() / 255.0, name="signed margin")
    return colours, Normalize(*palette.MARGIN_RANGE)


def png(figure: Figure, dpi: int = 140) -> str:
    """The figure as a data URI that holds a PNG."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def svg(figure: Figure, name: str, label: str) -> str:
    """The figure as inline SVG as wide as the page; ``name`` keeps its ids apart from those of other figures.

    ``label`` is read out by screen readers.
    """
    FigureCanvasSVG(figure)
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text[text.index("<svg") :])
    return re.sub(r'^<svg ([^>]*?)width="[^"]*"', rf'<svg role="img" aria-label="{escape(label)}" \1', text, count=1)
