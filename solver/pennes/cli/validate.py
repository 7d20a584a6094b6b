"""``pennes validate``: runs the studies of ``validation/`` and writes one report.

A study is a file ``validation/<kind>/<name>/study.py`` with a function ``run(output: Path) -> StudyResult``; it may
write what it likes below ``output``.
"""

from __future__ import annotations

import base64
import importlib.util
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from pennes import __version__
from pennes.errors import InputError, PennesError, nearest_name


@dataclass(frozen=True)
class Figure:
    """One number of a study against what it should be."""

    name: str
    measured: float | str
    expected: float | str
    tolerance: float | str
    """In the unit of the figure, or in words (``"1 %"``, ``">= 1.9"``)."""
    unit: str
    passed: bool

    @classmethod
    def within(cls, name: str, measured: float, expected: float, relative: float, unit: str) -> Figure:
        """A number that may differ from ``expected`` by the fraction ``relative``."""
        passed = abs(measured - expected) <= relative * abs(expected)
        return cls(name, measured, expected, f"{100.0 * relative:g} %", unit, bool(passed))

    @classmethod
    def near(cls, name: str, measured: float, expected: float, absolute: float, unit: str) -> Figure:
        """A number that may differ from ``expected`` by ``absolute``, in its unit."""
        return cls(name, measured, expected, absolute, unit, bool(abs(measured - expected) <= absolute))

    @classmethod
    def order(cls, name: str, measured: float, least: float, nominal: float) -> Figure:
        """An observed order of convergence, ``nominal`` in theory and at least ``least`` here."""
        return cls(name, measured, nominal, f">= {least:g}", "", bool(measured >= least))


@dataclass(frozen=True)
class StudyResult:
    """What a study found."""

    title: str
    figures: Sequence[Figure] = ()
    notes: str = ""
    """Paragraphs apart by empty lines; one that begins with ``|`` is a table in Markdown."""
    pictures: Sequence[Path] = ()
    """PNG or SVG files."""


@dataclass(frozen=True)
class Outcome:
    """A study that was run: its result, or why there is none."""

    name: str
    result: StudyResult
    seconds: float
    error: str = ""

    @property
    def passed(self) -> bool:
        return not self.error and bool(self.result.figures) and all(f.passed for f in self.result.figures)


@dataclass(frozen=True)
class Report:
    """Where the report was written and what it says."""

    outcomes: list[Outcome]
    markdown: Path
    html: Path
    version: str = field(default=__version__)


def validate_studies(names: tuple[str, ...], folder: Path | None, output: Path | None, *, list_only: bool) -> None:
    """Run the studies and write the report. Raises InputError for unknown names, Exit(1) where a figure fails."""
    folder = _folder(folder)
    studies = _chosen(find_studies(folder), names, folder)
    if list_only:
        print("\n".join(studies))
        return
    output = folder / "output" if output is None else output
    outcomes = [_run(name, file, output / name) for name, file in studies.items()]
    report = write_report(outcomes, output)
    print(f"Written: {report.html}")
    if not all(outcome.passed for outcome in outcomes):
        raise typer.Exit(1)


def find_studies(folder: Path) -> dict[str, Path]:
    """Study files by name ``<kind>/<name>``, in order."""
    return {f"{file.parent.parent.name}/{file.parent.name}": file for file in sorted(folder.glob("*/*/study.py"))}


def _folder(folder: Path | None) -> Path:
    """The folder asked for, else ``validation`` here, else that of the source tree."""
    if folder is None:
        places = [Path("validation"), Path(__file__).resolve().parents[3] / "validation"]
        folder = next((place for place in places if place.is_dir()), places[0])
    if not folder.is_dir():
        raise InputError("there is no such folder", file=folder, expected="the folder of validation studies (--folder)")
    return folder


def _chosen(studies: dict[str, Path], names: tuple[str, ...], folder: Path) -> dict[str, Path]:
    if not studies:
        raise InputError("there are no studies here", file=folder, expected="<kind>/<name>/study.py")
    if not names:
        return studies
    chosen = {}
    for name in names:
        found = [study for study in studies if name.strip("/") in (study, *study.split("/"))]
        if not found:
            known = [word for study in studies for word in (study, *study.split("/"))]
            raise InputError(
                f"there is no study '{name}'",
                file=folder,
                expected=" | ".join(studies),
                nearest=nearest_name(name, known),
            )
        chosen |= {study: studies[study] for study in found}
    return chosen


def _run(name: str, file: Path, output: Path) -> Outcome:
    """Run one study; an error in it is its outcome, the others are still run."""
    print(f"{name} ...", flush=True)
    start, result, error = time.perf_counter(), StudyResult(title=name), ""
    try:
        output.mkdir(parents=True, exist_ok=True)
        result = _load(name, file)(output)
    except PennesError as raised:
        error = str(raised)
    except Exception as raised:
        error = "".join(traceback.format_exception(raised))
    outcome = Outcome(name, result, time.perf_counter() - start, error)
    for figure in result.figures:
        print(f"  {_state(figure.passed)}  {figure.name}: {_line(figure)}")
    if error:
        print(f"  {_state(False)}  {error}")
    return outcome


def _load(name: str, file: Path):
    """The function ``run`` of a study file, which may import its neighbours."""
    sys.path.insert(0, str(file.parent))
    try:
        spec = importlib.util.spec_from_file_location("study_" + name.replace("/", "_"), file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(file.parent))
    if not callable(getattr(module, "run", None)):
        raise InputError("the study has no function run(output)", file=file)
    return module.run


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"


def _line(figure: Figure) -> str:
    unit = f" {figure.unit}" if figure.unit else ""
    return (
        f"{_number(figure.measured)}{unit}, expected {_number(figure.expected)}{unit}"
        f" (tolerance {_number(figure.tolerance)})"
    )


def _state(passed: bool) -> str:
    return "pass" if passed else "FAIL"


def write_report(outcomes: list[Outcome], output: Path) -> Report:
    """Write ``report.md`` and ``report.html`` (self-contained) below ``output``. Raises InputError if it cannot."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=jinja2.select_autoescape(["html.j2"], default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(number=_number, state=_state, data_uri=_data_uri, cells=_cells)
    report = Report(outcomes, output / "report.md", output / "report.html")
    try:
        output.mkdir(parents=True, exist_ok=True)
        for file in (report.markdown, report.html):
            text = environment.get_template(f"validation{file.suffix}.j2").render(report=report, root=output)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write the report: {error.strerror}", file=output) from None
    return report


def _cells(paragraph: str) -> list[list[str]]:
    """The cells of a table in Markdown, by row, without the line below its head; nothing of any other paragraph."""
    lines = [line.strip() for line in paragraph.strip().splitlines()]
    if not all(line.startswith("|") for line in lines):
        return []
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if set("".join(row)) - set("-: ")]


def _data_uri(picture: Path) -> str:
    kind = "svg+xml" if picture.suffix == ".svg" else picture.suffix.removeprefix(".")
    return f"data:image/{kind};base64,{base64.b64encode(Path(picture).read_bytes()).decode()}"
