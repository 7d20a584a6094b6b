"""Studies are found, run and reported; a figure out of its tolerance is exit code 1."""

from __future__ import annotations

import subprocess
import sys

import pytest

STUDY = """
from pathlib import Path
from neighbour import NUMBER
from pennes.cli.validate import Figure, StudyResult

def run(output: Path) -> StudyResult:
    (output / "curve.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return StudyResult(
        "A needle <in> liver", [Figure("diameter", NUMBER, 30.0, "2 mm", "mm", abs(NUMBER - 30) < 2)],
        notes="First.\\n\\n| a | b |\\n|---|---|\\n| 1 | <2 |", pictures=[output / "curve.svg"],
    )
"""


@pytest.fixture
def studies(tmp_path):
    """Two studies: verification/good, and published/bad that fails by a number."""
    for place, number in (("verification/good", 30.5), ("published/bad", 35.0)):
        folder = tmp_path / "validation" / place
        folder.mkdir(parents=True)
        (folder / "study.py").write_text(STUDY.replace("neighbour", f"of_{folder.name}"))
        (folder / f"of_{folder.name}.py").write_text(f"NUMBER = {number}\n")
    return tmp_path


def pennes(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "pennes", "validate", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_studies_are_listed(studies):
    done = pennes(studies, "--list")
    assert done.stdout.split() == ["published/bad", "verification/good"]


def test_a_passed_study_is_exit_code_0_and_one_report(studies):
    done = pennes(studies, "good")
    assert done.returncode == 0, done.stderr
    page = (studies / "validation/output/report.html").read_text()
    assert "A needle &lt;in&gt; liver" in page
    assert "data:image/svg+xml;base64," in page
    assert "<p>First.</p>" in page and "<tr><td>1</td><td>&lt;2</td></tr>" in page and "---" not in page
    text = (studies / "validation/output/report.md").read_text()
    assert "| diameter | 30.5 | 30 | 2 mm | mm | pass |" in text
    assert "verification/good/curve.svg" in text


def test_a_failed_figure_is_exit_code_1_and_the_others_are_run(studies):
    done = pennes(studies)
    assert done.returncode == 1
    assert "FAIL  diameter: 35 mm, expected 30 mm (tolerance 2 mm)" in done.stdout
    assert "pass  diameter: 30.5 mm" in done.stdout


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def run(output): raise ZeroDivisionError('oh')", "ZeroDivisionError: oh"),
        ("from pennes.errors import InputError\ndef run(output): raise InputError('no such mesh')", "no such mesh"),
        ("x = 1", "no function run"),
        ("from pennes.cli.validate import StudyResult\ndef run(output): return StudyResult('empty')", ""),
    ],
)
def test_a_study_without_figures_has_failed(studies, body, said):
    (studies / "validation/verification/good/study.py").write_text(body)
    done = pennes(studies, "good")
    assert done.returncode == 1
    assert said in done.stdout


def test_an_unknown_study_is_one_message_with_the_nearest(studies):
    done = pennes(studies, "god")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'good'?" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_studies_is_one_message(tmp_path):
    done = pennes(tmp_path, "--folder", "nowhere")
    assert done.returncode == 2
    assert "nowhere: there is no such folder" in done.stderr
