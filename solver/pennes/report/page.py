"""The page: figures, tables and words put together in one self-contained HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

import pennes
from pennes.errors import InputError
from pennes.report import words
from pennes.report.antenna import draw_absorption, draw_flows, has_antenna
from pennes.report.curves import draw_budget, draw_course
from pennes.report.fields import open_fields
from pennes.report.folder import Result, read_result
from pennes.report.planes import draw_planes
from pennes.report.spatial import Renderer, draw_overview, draw_painted, start_renderer
from pennes.report.style import house_style
from pennes.report.tables import provenance, tables
from pennes.report.unrolled import draw_unrolled

NOTICE = "Research use only \N{EN DASH} not a medical device. Not for diagnosis or treatment of patients."


@dataclass(frozen=True)
class Picture:
    """A picture of the page: inline SVG, a data URI, or nothing; what it shows in words."""

    source: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Section:
    title: str
    pictures: list[Picture]


def write_report(folder: Path) -> Path:
    """Write ``report.html`` into a result folder, from what lies in it, and return its path.

    Raises InputError, which names the file, where one is missing or damaged or where the page cannot be written.
    """
    folder = Path(folder)
    result = read_result(folder)
    with house_style(), start_renderer(result) as renderer:
        # The views are rendered by a program of their own meanwhile: they come last.
        planes, course, targets = _planes(result), _course(result), _unrolled(result)
        space = _space(result, renderer)
        painted = {name: _painted(result, renderer, index, name) for index, name in enumerate(result.targets)}
    margins = [picture for name in result.targets for picture in (painted[name], *targets[name])]
    sections = [space, planes, _antenna(result), Section("Margins on the tumour's surface", margins), course]
    state, headline, explanation = words.verdict(result)
    environment = Environment(
        loader=PackageLoader("pennes.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    text = environment.get_template("report.html.j2").render(
        title=result.title,
        version=pennes.__version__,
        notice=NOTICE,
        state=state,
        headline=headline,
        explanation=explanation,
        figures=words.figures(result),
        warnings=result.summary["warnings"],
        sections=[section for section in sections if section.pictures],
        tables=tables(result),
        provenance=provenance(result),
    )
    page = folder / "report.html"
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise InputError(f"the report cannot be written ({problem.strerror})", file=page) from None
    return page


def _space(result: Result, renderer: Renderer) -> Section:
    source = draw_overview(result, renderer)
    what = [name for name, there in _things(result) if there]
    listed = ", ".join(what[:-1]) + f" and {what[-1]}" if len(what) > 1 else what[0]
    caption = f"{listed[0].upper()}{listed[1:]} from two opposite sides; the needle's hub is up. Parallel projection."
    if result.zone is None:
        caption += " Nothing is dead, so there is no zone to show."
    return Section(
        "In space", [_picture(source, renderer, f"Three-dimensional view of {listed} from two sides.", caption)]
    )


def _things(result: Result) -> list[tuple[str, bool]]:
    return [
        ("the zone of dead tissue (orange, see-through)", result.zone is not None),
        ("tumour (green)", bool(result.targets)),
        ("vessel (blue)", result.vessels is not None),
        ("applicator (grey)", result.applicators is not None),
    ]


def _picture(source: str | None, renderer: Renderer, alt: str, caption: str) -> Picture:
    """The picture, or the reason why it could not be rendered in its place."""
    if source is None:
        return Picture("", "", f"No three-dimensional picture. {renderer.failure}")
    return Picture(source, alt, caption)


def _planes(result: Result) -> Section:
    source, time = draw_planes(result, open_fields(result.folder))
    where = "any plane" if result.axisymmetric else "two planes"
    caption = (
        f"Temperature after {time / 60.0:.1f} min (the saved time nearest to the end of heating) in {where} through "
        "the needle's axis. Thin lines are isotherms. The outline of the zone is that of the end of the run, by the "
        f"criterion {words.criterion(result)}."
    )
    if result.axisymmetric:
        caption += " The treatment was simulated as a body of revolution: all that is shown is the same all around."
    return Section(f"Temperature in {where}", [Picture(source, f"Isotherms in {where} through the needle.", caption)])


def _antenna(result: Result) -> Section:
    """Absorption and power budget of an antenna; no pictures for other applicators."""
    if not has_antenna(result):
        return Section("Microwave antenna", [])
    source, first, last = draw_absorption(result, open_fields(result.folder))
    first_antenna = result.summary["antennas"][0]
    caption = (
        f"Specific absorption rate in {'any' if result.axisymmetric else 'the'} plane of needle"
        f"{'' if result.axisymmetric else ' and nearest vessel'}, {first / 60.0:.1f} min and "
        f"{last / 60.0:.1f} min after the start; white lines: 100, 1000 and 10 000 W/kg. Tissue that dries absorbs "
        "less and lets the field reach farther."
    )
    spread = first_antenna["axis_spread_max_k"]
    budget = "Where the generator's energy went."
    if first_antenna["budget_residual_fraction"] is not None:
        budget += f" Missing in the budget: {100.0 * first_antenna['budget_residual_fraction']:.2g} %."
    if spread is not None:
        budget += (
            " The field is solved around the antenna's axis, in tissue averaged around it: the temperature differed "
            f"from that average by up to {spread:.1f} K (root mean square where power is absorbed)."
        )
    pictures = [
        Picture(source, "Specific absorption rate in the antenna's plane at two times.", caption),
        Picture(draw_flows(result), "", budget),
    ]
    return Section("Microwave antenna", pictures)


def _painted(result: Result, renderer: Renderer, index: int, name: str) -> Picture:
    entry = next(entry for entry in result.summary["targets"] if entry["name"] == name)
    if entry["minimal_margin_mm"] is None:
        caption = f"{name}: no part of it is inside a zone of dead tissue, so there is no margin to paint."
    else:
        caption = (
            f"Signed margin painted on {name}: orange below 0 mm is uncovered tumour, amber is 0 to 5 mm, light blue "
            "5 to 10 mm, dark blue more. Black lines: 0, 5 and 10 mm and the required margin. The ring marks the worst "
            "point. " + words.smallest_margin(result, entry)
        )
    source = draw_painted(result, renderer, index, name)
    return _picture(source, renderer, f"Signed margin painted on the surface of {name}, from two sides.", caption)


def _unrolled(result: Result) -> dict[str, list[Picture]]:
    found: dict[str, list[Picture]] = {}
    for name in result.targets:
        source = draw_unrolled(result, name)
        caption = (
            f"The same margins, unrolled: every direction from the middle of {name}, around the needle (across) and "
            "along it (up: towards the hub). The ring is the smallest margin, the diamond the direction of the nearest "
            "vessel; the heavy line is the required margin. Right: share of the surface in each class."
        )
        found[name] = [] if source is None else [Picture(source, f"Map of the signed margin on {name}.", caption)]
    return found


def _course(result: Result) -> Section:
    course = "Grey: no power. Dashed lines: decisions of the generator (listed below under Numbers)."
    budget = (
        "The stack shows where the energy that the generator deposited in tissue has gone; the black line is what was "
        f"deposited. Largest residual of the run: {100.0 * abs(result.summary['energy']['residual_fraction']):.3f} %."
    )
    return Section("Over time", [Picture(draw_course(result), "", course), Picture(draw_budget(result), "", budget)])
