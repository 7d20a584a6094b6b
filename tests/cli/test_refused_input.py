"""Bad input at the command line, end to end: exit code 2, one message that names the place, nothing half written.

In this process for speed; some in processes of their own, where ranks are started.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest

from quick_case import QUICK

BODY = "body: {shape: box, size: [60 mm, 60 mm, 60 mm], tissue: liver}"
VEIN = "path: [[-40 mm, 12 mm, 0 mm], [40 mm, 12 mm, 0 mm]]"
NEEDLE = "{name: needle, device: cooled_tip_1cm, tip: [0 mm, 0 mm, -8 mm], direction: [0, 0, -1]}"
CROSSING = (
    "{name: a, device: cooled_tip_1cm, tip: [0 mm, 0 mm, -8 mm], direction: [0, 0, -1]}\n"
    "  - {name: b, device: cooled_tip_1cm, tip: [-4 mm, 0 mm, 0 mm], direction: [-1, 0, 0]}"
)
FAR_ORGAN = "organs: [{name: o, shape: ball, diameter: 8 mm, centre: [90 mm, 0 mm, 0 mm]}]\nprotocol:"
CROSSING_VEIN = (
    "  - {name: other, diameter: 5 mm, speed: 20 cm/s, "
    "path: [[0 mm, -40 mm, 10 mm], [0 mm, 40 mm, 0 mm]]}\napplicators:"
)
HIDDEN_TARGET = "targets:\n  - {name: under, shape: ball, diameter: 4 mm, tissue: hcc}\n"
FORK = """\
name: fork
title: Two tines that cross
source: made up
shafts: [{name: tube, diameter: 2 mm, tip: flat, exposures: []}]
tines:
  - name: left
    diameter: 0.5 mm
    path: {kind: polyline, points: [[0.3 mm, 0 mm, -2 mm], [4 mm, 0 mm, 4 mm], [-4 mm, 0 mm, 12 mm]]}
  - name: right
    diameter: 0.5 mm
    path: {kind: polyline, points: [[-0.3 mm, 0 mm, -2 mm], [-4 mm, 0 mm, 4 mm], [4 mm, 0 mm, 12 mm]]}
generator: {max_power: 100 W, frequency: 480 kHz}
"""

# (what of the quick case is replaced, by what, what the message must hold)
SPOILT = {
    # what the file says
    "wrong unit": ("diameter: 10 mm", "diameter: 10 s", "diameter: .*wrong kind of unit"),
    "missing unit": ("diameter: 10 mm", "diameter: 10", "diameter: .*no unit"),
    "unknown unit": ("diameter: 10 mm", "diameter: 10 mn", "diameter: .*no known unit"),
    "negative": ("diameter: 10 mm", "diameter: -10 mm", "diameter: .*too small"),
    "zero": ("diameter: 10 mm", "diameter: 0 mm", "diameter: .*too small"),
    "nan": ("diameter: 10 mm", "diameter: .nan", "diameter: .*not finite"),
    "infinite": ("diameter: 10 mm", "diameter: .inf", "diameter: .*not finite"),
    "unknown key": ("margin: 1 mm", "margn: 1 mm", "margn: unknown key.*did you mean 'margin'"),
    "missing key": (", margin: 1 mm", ", margin: 1 mm}\n  - {name: two", "targets.1"),
    "wrong type": (VEIN, "path: 4", "path: 4 is not a list"),
    "word for number": ("every: 10 s", "every: often", "every: .*not a number"),
    "unknown tissue": ("colorectal_metastasis", "colorectal_metastases", "did you mean 'colorectal_metastasis'"),
    "unknown device": ("cooled_tip_1cm", "cooled_tip_5cm", "applicators.0.device: there is no device"),
    "unknown protocol": ("mode: impedance_controlled", "mode: impedance", "protocol.mode: "),
    "unknown criterion": ("arrhenius}", "arhenius}", "death.criterion: .*did you mean 'arrhenius'"),
    "two of one name": ("name: vein", "name: lesion", "vessels.0.name: the name 'lesion'"),
    "schedule out of turn": ("pause: 6 s", "pause: 6 s\n  schedule: [{at: 90 s, set_power: 9 W}]", "schedule"),
    "nothing ends a pulse": ("  roll_off_rise: 10 ohm\n", "", "protocol.roll_off"),
    "speed without unit": ("speed: 20 cm/s", "speed: 20", "vessels.0.speed: .*no unit"),
    "no applicator": (f"  - {NEEDLE}\n", "  []\n", "applicators"),
    # what cannot be in space
    "target outside": ("centre: [0 mm, 0 mm, 0 mm]", "centre: [90 mm, 0 mm, 0 mm]", "line 4: targets.0.centre: the"),
    "target sticks out": ("centre: [0 mm, 0 mm, 0 mm]", "centre: [28 mm, 0 mm, 0 mm]", "targets.*sticks out"),
    "organ outside": ("protocol:", FAR_ORGAN, "case.yaml, line 9: organs.0: the organ 'o'"),
    "target hides another": ("targets:\n", HIDDEN_TARGET, "case.yaml, line 4: targets.0: the target 'under'"),
    "lobes through the centre": ("name: lesion,", "name: lesion, shape: lobulated, amplitude: 100 %,", "amplitude"),
    "needle outside": ("tip: [0 mm, 0 mm, -8 mm]", "tip: [0 mm, 0 mm, -80 mm]", "line 8: applicators.0.tip.*outside"),
    "needle in vessel": ("tip: [0 mm, 0 mm, -8 mm]", "tip: [0 mm, 12 mm, -8 mm]", "line 8: applicators.0.tip.*'vein'"),
    "vessel through needle": (VEIN, "path: [[-40 mm, 0 mm, 2 mm], [40 mm, 0 mm, 2 mm]]", "the vessel 'vein'"),
    "vessel outside": (VEIN, "path: [[-40 mm, 90 mm, 0 mm], [40 mm, 90 mm, 0 mm]]", "line 6: vessels.0.path: this"),
    "vessel fills body": ("diameter: 5 mm", "diameter: 500 mm", "vessel"),
    "needles cross": (NEEDLE, CROSSING, "applicators.*cross"),
    "tines cross": ("cooled_tip_1cm", "fork", "fork.yaml, line 9: applicators.0.device.tines.1: .*cross"),
    "probe outside": ("point: [8 mm,", "point: [80 mm,", "line 25: output.probes.0.point: .* 50 mm outside"),
    "vessels cross": ("applicators:", CROSSING_VEIN, "line 7: vessels.1.path: .*'vein' and 'other' run through each"),
    "feverish body": ("tissue: liver}", "tissue: liver, temperature: 90 degC}", "body.temperature: .*at most 45"),
    "boiling blood": ("speed: 20 cm/s", "speed: 20 cm/s, inlet_temperature: 90 degC", "inlet_temp.*at most 45"),
    "jet of blood": ("speed: 20 cm/s", "speed: 20 km/s", "speed: .*at most 10 m/s"),
    "boiling coolant": ("cooled_tip_1cm", "{name: cooled_tip_1cm, shafts: {0: {cooling: {temperature: 300 degC}}}}",
                        "cooling.temperature: .*at most 100"),
    "lightning": ("set_power: 60 W", "set_power: 60 MW", "set_power: .*at most 10000 W"),
    "a year": ("duration: 60 s", "duration: 1 year", "duration: .*at most 86400 s"),
    "edges of a micron": ("lesion: 3 mm", "lesion: 1 um", "line 20: accuracy.mesh.lesion: .*at least 1e-05 m"),
    "billions of cells": ("lesion: 3 mm", "lesion: 20 um", "line 20: accuracy.mesh.lesion: .*more than 30 million"),
    "a body of a hundred metres": ("[60 mm, 60 mm, 60 mm]", "[100 m, 100 m, 100 m]", "accuracy.mesh.*million"),
    "outputs without end": ("every: 10 s", "every: 1 ms", "line 22: output.every: .*65000 outputs"),
    "no direction": ("direction: [0, 0, -1]", "direction: [0, 0, 0]", "direction: is the zero vector"),
    "vessel without length": (VEIN, "path: [[0 mm, 12 mm, 0 mm], [0 mm, 12 mm, 0 mm]]", "repeats the point"),
    # what names something that is not there
    "unknown ground": ("tissue: liver}", "tissue: liver, ground: [botom]}", "body.ground.*botom"),
    "unknown pole": ("pause: 6 s", "pause: 6 s\n  poles: {needle.activ: {role: ground}}", "activ"),
    "no current": ("tissue: liver}", "tissue: liver, ground: []}", "no current can flow"),
    # a mesh of one's own
    "mesh missing": (BODY, "body: {mesh: nowhere.msh, tissue: liver}", "body.mesh: there is no file.*nowhere.msh"),
    "mesh empty": (BODY, "body: {mesh: empty.msh, tissue: liver}", "body.mesh: 'empty.msh'"),
    "mesh garbage": (BODY, "body: {mesh: garbage.msh, tissue: liver}", "body.mesh: 'garbage.msh' cannot be read"),
    "mesh garbage vtu": (BODY, "body: {mesh: garbage.vtu, tissue: liver}", "'garbage.vtu' cannot be read: .*Couldn't"),
    "mesh of unknown kind": (BODY, "body: {mesh: garbage.docx, tissue: liver}", "body.mesh: 'garbage.docx'"),
    "mesh is a folder": (BODY, "body: {mesh: ., tissue: liver}", "body.mesh"),
    "mesh without group": (
        BODY,
        "body: {mesh: ball.msh, tissue: liver, regions: {tumor: hcc}}",
        "body.regions.*no .*group 'tumor'.*did you mean 'tumour'",
    ),
}  # fmt: skip

FILES = {
    "empty": (b"", "is empty|empty"),
    "not YAML": (b"title: [a\nbody: }", "is not YAML"),
    "binary": (bytes(range(256)) * 40, "case.yaml, line 2: is not text"),
    "a list": (b"- title\n- body\n", "case.yaml"),
    "a word": (b"hello\n", "case.yaml"),
}

GMSH_BALL = """\
$MeshFormat
2.2 0 8
$EndMeshFormat
$PhysicalNames
1
3 1 "tumour"
$EndPhysicalNames
$Nodes
4
1 0 0 0
2 10 0 0
3 0 10 0
4 0 0 10
$EndNodes
$Elements
1
1 4 2 1 1 1 2 3 4
$EndElements
"""


@dataclass
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def pennes(tmp_path, monkeypatch, capfd):
    """The command, in this process and in a folder of its own: ``pennes("run", "case.yaml")``."""
    from pennes.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENNES_CACHE", str(tmp_path.with_name(tmp_path.name + "_cache")))

    def command(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["pennes", *map(str, words)])
        with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
            main()
        seen = capfd.readouterr()
        return Ended(ended.value.code, seen.out, seen.err)

    return command


def check_refused(ended: Ended, pattern: str) -> None:
    """Exit code 2 and one message that fits the pattern."""
    assert (ended.code, ended.out) == (2, ""), ended
    assert "Traceback" not in ended.err
    # Either the program's own line, or the usage that the option parser prints.
    if "Error" in ended.err:
        assert ended.err.count("Error") == 1
    else:
        assert re.fullmatch(r"pennes: [^\n]+\n", ended.err), ended.err
    assert re.search(pattern, ended.err, re.DOTALL), ended.err


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_case_is_refused_and_leaves_nothing(name, pennes, tmp_path):
    pytest.importorskip("dolfinx")
    old, new, pattern = SPOILT[name]
    assert QUICK.count(old) >= 1
    (tmp_path / "case.yaml").write_text(QUICK.replace(old, new, 1))
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "fork.yaml").write_text(FORK)
    (tmp_path / "empty.msh").touch()
    (tmp_path / "ball.msh").write_text(GMSH_BALL)
    for ending in ("msh", "vtu", "docx"):
        (tmp_path / f"garbage.{ending}").write_bytes(b"\x00\xff not a mesh at all\n" * 20)
    before = names(tmp_path)
    check_refused(pennes("run", "case.yaml", "-o", "results/new", "--quiet"), pattern)
    assert names(tmp_path) == before


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_case_is_refused(name, pennes, tmp_path):
    content, pattern = FILES[name]
    (tmp_path / "case.yaml").write_bytes(content)
    check_refused(pennes("run", "case.yaml"), pattern)
    assert names(tmp_path) == ["case.yaml"]


COMMANDS = {
    "no such file": (("run", "nowhere.yaml"), "nowhere.yaml"),
    "folder as case": (("run", "folder"), "folder"),
    "no case at all": (("run",), "CASE.yaml"),
    "no ranks": (("run", "case.yaml", "-n", "0"), "-n"),
    "ranks below none": (("run", "case.yaml", "-n", "-1"), "-n"),
    "ranks in words": (("run", "case.yaml", "-n", "x"), "-n"),
    "unknown option": (("run", "case.yaml", "--fast"), "--fast"),
    "set what is not there": (("run", "case.yaml", "--set", "body.tisue=liver"), "did you mean 'tissue'"),
    "set no value": (("run", "case.yaml", "--set", "title"), "--set title: is not an assignment"),
    "set wrong unit": (("run", "case.yaml", "--set", "targets.lesion.diameter=1 kg"), "wrong kind of unit"),
    "set nothing": (("run", "case.yaml", "--set"), "--set"),
    "resume and overwrite": (("run", "case.yaml", "--resume", "--overwrite"), "one of them"),
    "nothing to resume": (("run", "case.yaml", "--resume"), "there is no checkpoint"),
    "resume of garbage": (("run", "case.yaml", "--resume", "-o", "garbage"), "checkpoint.h5 is refused"),
    "folder not empty": (("run", "case.yaml", "-o", "folder"), "not empty.*--overwrite"),
    "overwrite of other things": (("run", "case.yaml", "-o", "folder", "--overwrite"), "holds what no run writes"),
    "output is a file": (("run", "case.yaml", "-o", "case.yaml"), "this is a file"),
    "check of nothing": (("check", "nowhere.yaml"), "nowhere.yaml"),
    "check of what cannot be": (
        ("check", "case.yaml", "--set", "applicators.needle.tip=[0 m, 0 m, 2 m]"),
        "--set applicators.needle.tip=.*: applicators.0.tip: .*outside the body",
    ),
    "margin without files": (("margin", "--target", "a.stl", "--zone", "b.stl"), "a.stl"),
    "margin of garbage": (("margin", "--target", "garbage.stl", "--zone", "garbage.stl"), "garbage.stl"),
    "margin of nothing": (("margin", "--target", "empty.ply", "--zone", "empty.ply"), "empty.ply"),
    "margin without zone": (("margin", "--target", "garbage.stl"), "--zone"),
    "margin below zero": (("margin", "--target", "a.stl", "--zone", "b.stl", "--required", "-3"), "--required"),
    "unknown study": (("validate", "nonsense", "--folder", "studies"), "there is no study 'nonsense'"),
    "no studies": (("validate", "--folder", "folder"), "there are no studies"),
    "no folder of studies": (("validate", "--folder", "nowhere"), "no such folder"),
    "unknown record": (("library", "livr"), "did you mean 'liver'"),
    "unknown library folder": (("library", "--folder", "nowhere"), "nowhere"),
    "unknown command": (("simulate", "case.yaml"), "simulate"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_bad_command_is_refused_and_changes_nothing(name, pennes, tmp_path):
    words, pattern = COMMANDS[name]
    (tmp_path / "case.yaml").write_text(QUICK)
    (tmp_path / "empty.ply").touch()
    (tmp_path / "garbage.stl").write_bytes(b"\x00\x01 solid nothing \xff" * 9)
    for folder, file in (("folder", "notes.txt"), ("garbage", "checkpoint.h5"), ("studies/one/two", "study.py")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / file).write_text("mine\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    check_refused(pennes(*words), pattern)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_a_folder_that_cannot_be_written_to_is_refused(pennes, tmp_path, monkeypatch):
    (tmp_path / "case.yaml").write_text(QUICK)
    (tmp_path / "locked").mkdir(mode=0o500)
    # An administrator may write anywhere: what the system answers to everybody else.
    refused = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path) and refused(path, mode))
    check_refused(pennes("run", "case.yaml", "-o", "locked/result"), "cannot write in .*locked")
    assert names(tmp_path) == ["case.yaml", "locked"]


@pytest.mark.parametrize(
    ("setting", "pattern"),
    [
        ("applicators.needle.tip=[0 mm, 0 mm, -80 mm]", "outside the body"),
        ("body.ground=[]", "no current can flow"),
        ("targets.lesion.diameter=3", "no unit"),
    ],
)
def test_ranks_refuse_with_one_voice(setting, pattern, tmp_path):
    pytest.importorskip("dolfinx")
    (tmp_path / "case.yaml").write_text(QUICK)
    words = ["run", "case.yaml", "-n", "2", "-o", "result", "--quiet", "--set", setting]
    done = subprocess.run(
        [sys.executable, "-m", "pennes", *words], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    check_refused(Ended(done.returncode, done.stdout, done.stderr), pattern)
    assert names(tmp_path) == ["case.yaml"]
