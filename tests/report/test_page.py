"""The page: what it says, that it needs nothing else, and what happens where something is missing."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from synthetic import Settings, write_result

from pennes.errors import InputError
from pennes.report import write_report

FILES = ("summary.json", "history.csv", "case.yaml", "fields.xdmf", "fields.h5", "zone.vtp", "target.vtp")
FILES += ("vessels.vtp", "applicators.vtp")
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Checks that tags are balanced and collects text, pictures and references."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.images: list[dict[str, str]] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = {key: value or "" for key, value in attributes}
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(values)
        self.references += [v for k, v in values.items() if k in ("src", "href", "xlink:href")]
        self.ids += [values["id"]] if "id" in values else []

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read_page(folder: Path) -> Page:
    return Page(write_report(folder).read_text(encoding="utf-8"))


def pixels(image: dict[str, str]) -> np.ndarray:
    data = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
    return matplotlib.image.imread(io.BytesIO(data))[..., :3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_result(tmp_path_factory.mktemp("result"))


@pytest.fixture(scope="module")
def page(folder) -> Page:
    return read_page(folder)


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "result"))


def test_page_is_complete_and_needs_nothing_else(page):
    assert not page.open
    outside = [ref for ref in page.references if not ref.startswith(("data:", "#"))]
    assert not outside
    assert len(page.ids) == len(set(page.ids))
    targets = {ref[1:] for ref in page.references if ref.startswith("#")}
    assert targets <= set(page.ids)


def test_notice_stands_at_the_top_and_at_the_bottom(page):
    notice = "Research use only \N{EN DASH} not a medical device."
    assert page.text.startswith(notice)
    assert page.text.count(notice) == 2
    assert len(page.text) - page.text.rindex(notice) < 120


def test_every_picture_shows_something_and_is_described(page):
    assert len(page.images) == 4  # in space, planes, painted margin, unrolled margin
    for image in page.images:
        assert len(image["alt"]) > 20
        picture = pixels(image)
        assert picture.shape[1] > 1000
        assert 0.03 < np.mean(picture.min(axis=2) < 0.97) < 0.95


def test_view_in_space_shows_all_four_things(page):
    picture = pixels(page.images[0])[:600]  # without the key
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    assert np.mean((green > red + 0.2) & (green > blue + 0.1)) > 0.02, "tumour"
    assert np.mean((blue > red + 0.3) & (blue > green + 0.05)) > 0.01, "vessel"
    assert np.mean((red > blue + 0.06) & (red > 0.8)) > 0.05, "zone"
    assert np.mean((picture.max(axis=2) - picture.min(axis=2) < 0.08) & (red < 0.6) & (red > 0.3)) > 0.002, "needle"


def test_verdict_says_what_the_summary_says(page, folder):
    target = json.loads((folder / "summary.json").read_text())["targets"][0]
    assert not target["achieved"]
    assert "The required margin of 5 mm is not reached" in page.text
    assert f"{target['minimal_margin_mm']:.1f}\N{NO-BREAK SPACE}mm".replace("\N{NO-BREAK SPACE}", " ") in page.text
    assert target["worst_direction"] in page.text


def test_tables_hold_the_numbers(page):
    for text in (
        "hepatic vein 14.8 W 9.40 kJ",
        "gallbladder 41.3 °C 2.40 min",
        "three-state cell death",
        "412",
        "dolfinx 0.11.0",
    ):
        assert text in page.text, text
    assert "conductivity was clipped at 2 <vertices>" in page.text


@pytest.mark.parametrize(
    ("settings", "expected", "pictures"),
    [
        (Settings(targets=("metastasis", "satellite"), cells=10, times=2), "not reached on 1 of 2 targets", 6),
        (Settings(targets=(), vessel=False, cells=10, times=2), "No target: nothing to judge", 2),
        (Settings(heat=0.05, cells=10, times=2), "No margin: nothing is dead", 3),
    ],
    ids=["two targets", "neither target nor vessel", "nothing dead"],
)
def test_other_results(tmp_path, settings, expected, pictures):
    page = read_page(write_result(tmp_path / "result", settings))
    assert expected in page.text
    assert len(page.images) == pictures
    assert "nan" not in page.text.lower().split()
    assert "None" not in page.text.split()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_missing_or_damaged_file_is_named(copy, name, damage):
    file = copy / name
    if damage == "missing":
        file.unlink()
    else:
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 3] if name != "case.yaml" else b"title: [")
    with pytest.raises(InputError, match=re.escape(name)):
        write_report(copy)


def test_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        write_report(tmp_path / "nowhere")


def test_page_without_graphics_says_why(folder, monkeypatch):
    from pennes.report import page as module
    from pennes.report import rendering, spatial

    monkeypatch.setattr(spatial.sys, "executable", "/bin/false")
    text = Page(module.write_report(folder).read_text()).text
    assert "No three-dimensional picture" in text
    monkeypatch.undo()
    monkeypatch.setattr(rendering.ctypes, "CDLL", lambda name: (_ for _ in ()).throw(OSError(name)))
    monkeypatch.delenv("DISPLAY", raising=False)
    assert not rendering._choose_window()
