"""Bad cases: each ends in one InputError that names the place and says what was expected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pennes.case
from pennes.errors import InputError

DEMO = """\
title: A case to spoil
body: {shape: box, size: [100 mm, 100 mm, 100 mm], tissue: liver}
targets:
  - name: metastasis
    shape: ball
    diameter: 25 mm
    tissue: colorectal_metastasis
    margin: 5 mm
vessels:
  - {name: vein, diameter: 6 mm, path: [[-60 mm, 20 mm, 0 mm], [60 mm, 20 mm, 0 mm]], speed: 20 cm/s}
applicators:
  - {name: needle, device: cooled_tip_3cm, tip: [0 mm, 0 mm, -15 mm], direction: [0, 0, -1]}
protocol: standard_12min
death: {criterion: arrhenius}
output: {every: 30 s}
"""


def spoil(old: str, new: str) -> str:
    assert DEMO.count(old) == 1, old
    return DEMO.replace(old, new)


def refusal(folder: Path, text: str | bytes, overrides: tuple[str, ...] = ()) -> str:
    """The message that a spoilt case ends in."""
    file = folder / "case.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        pennes.case.load(file, overrides)
    message = str(caught.value)
    assert caught.value.exit_code == 2
    assert "\n" not in message and len(message) < 700
    assert "Traceback" not in message and "pydantic" not in message
    return message


# (what is replaced, by what, line of the complaint, what the message must hold)
SPOILT = [
    # quantities
    ("diameter: 25 mm\n", "diameter: 25\n", 6, "targets.0.diameter: .*no unit.*'25 mm'"),
    ("diameter: 25 mm\n", "diameter: 25 s\n", 6, "targets.0.diameter: .*wrong kind of unit"),
    ("diameter: 25 mm\n", "diameter: 25 parsec_s\n", 6, "targets.0.diameter: .*no known unit"),
    ("diameter: 25 mm\n", "diameter: -25 mm\n", 6, "targets.0.diameter: .*too small.*greater than 0 m"),
    ("diameter: 25 mm\n", "diameter: 0 mm\n", 6, "targets.0.diameter: .*too small"),
    ("diameter: 25 mm\n", "diameter: .nan\n", 6, "targets.0.diameter: .*not finite"),
    ("diameter: 25 mm\n", "diameter: nan mm\n", 6, "targets.0.diameter: .*not a number with a unit"),
    ("diameter: 25 mm\n", "diameter: .inf\n", 6, "targets.0.diameter: .*not finite"),
    ("diameter: 25 mm\n", "diameter: 1e999 mm\n", 6, "targets.0.diameter: .*not finite"),
    ("diameter: 25 mm\n", "diameter: large\n", 6, "targets.0.diameter: .*not a number with a unit"),
    ("diameter: 25 mm\n", "diameter: true\n", 6, "targets.0.diameter: .*not a quantity"),
    ("diameter: 25 mm\n", "diameter: [25 mm]\n", 6, "targets.0.diameter: .*not a quantity"),
    ("diameter: 25 mm\n", "diameter:\n", 6, "targets.0.diameter: .*not a quantity"),
    ("diameter: 25 mm\n", "diameter: 25 mm 5\n", 6, "targets.0.diameter: .*no known unit"),
    ("diameter: 25 mm\n", "diameter: 9 9**9**9**9 mm\n", 6, "targets.0.diameter: .*no known unit"),
    ("margin: 5 mm", "margin: -1 mm", 8, "targets.0.margin: .*at least 0 m"),
    ("speed: 20 cm/s", "speed: 20", 10, "vessels.0.speed: .*no unit.*'20 cm/s'"),
    ("every: 30 s", "every: 0 s", 15, "output.every: .*too small"),
    ("[100 mm, 100 mm, 100 mm]", "[100 mm, 100 mm]", 2, r"body.size.*: is missing"),
    ("[100 mm, 100 mm, 100 mm]", "[100 mm, 100 mm, 1 m, 1 m]", 2, r"body.size: has 4 entries.*at most 3"),
    ("[100 mm, 100 mm, 100 mm]", "100 mm", 2, r"body.size: '100 mm' is not a list"),
    ("[100 mm, 100 mm, 100 mm]", "[100 mm, 100, 100 mm]", 2, r"body.size.1: .*no unit"),
    # keys
    ("diameter: 25 mm\n", "diametr: 25 mm\n", 6, "targets.0.diametr: unknown key.*did you mean 'diameter'"),
    ("    diameter: 25 mm\n", "", 4, "targets.0.diameter: is missing.*'25 mm'"),
    ("tissue: liver}", "tisue: liver}", 2, "body.tisue: unknown key.*did you mean 'tissue'"),
    ("title: A case to spoil\n", "", 1, "title: is missing"),
    ("title: A case to spoil", "title: ''", 1, "title: "),
    ("title: A case to spoil", "title: [a]", 1, "title: "),
    ("protocol: standard_12min\n", "", 1, "protocol: is missing"),
    ("output: {every: 30 s}", "ouput: {every: 30 s}", 15, "ouput: unknown key.*did you mean 'output'"),
    ("output: {every: 30 s}", "output: often", 15, "output: 'often' is not a block of keys"),
    ("    margin: 5 mm", "    margin: 5 mm\n    margin: 6 mm", 9, "margin: is given twice"),
    ("    margin: 5 mm", "    geometry: {diameter: 2 cm}", 6, "diameter: is given here and in"),
    ("body: {shape: box, size", "body: {size", 2, "body.shape: is missing.*box . ball . cylinder"),
    ("{shape: box, size", "{shape: bax, size", 2, "body.shape: there is no 'bax' here.*did you mean 'box'"),
    ("shape: ball", "shape: bal", 5, "targets.0.shape: there is no 'bal' here.*did you mean 'ball'"),
    ("shape: ball", "shape: region", 6, "targets.0.diameter: unknown key; expected shape . region"),
    ("shape: ball", "shape: tube", 5, "targets.0.shape: there is no 'tube' here"),
    (
        "shape: ball\n    diameter: 25 mm",
        "shape: region\n    region: tumour",
        5,
        "targets.0.shape: a region is a part of the user's mesh",
    ),
    # types
    ("body: {shape: box, size: [100 mm, 100 mm, 100 mm], tissue: liver}", "body: box", 2, "body: 'box' is not a block"),
    ("body: {shape: box, size: [100 mm, 100 mm, 100 mm], tissue: liver}", "body: 3", 2, "body: 3 is not a block"),
    ("body: {shape: box, size: [100 mm, 100 mm, 100 mm], tissue: liver}", "body:", 2, "body: "),
    ("output: {every: 30 s}", "organs: none", 15, "organs: 'none' is not a list"),
    ("output: {every: 30 s}", "organs: {name: duct}", 15, "organs: .* is not a list"),
    ("output: {every: 30 s}", "organs: [duct]", 15, "organs.0: 'duct' is not a block"),
    ("output: {every: 30 s}", "output: {report: maybe}", 15, "output.report: 'maybe'"),
    ("direction: [0, 0, -1]", "direction: [0, 0, '-1']", 12, "applicators.0.direction.2: "),
    ("direction: [0, 0, -1]", "direction: [0, 0, true]", 12, "applicators.0.direction.2: "),
    ("direction: [0, 0, -1]", "direction: [0, 0, .nan]", 12, "applicators.0.direction.2: "),
    ("name: metastasis", "name: 12", 4, "targets.0.name: "),
    ("name: metastasis", "name: a.b", 4, "targets.0.name: 'a.b' is not a name"),
    ("name: metastasis", "name: ''", 4, "targets.0.name: "),
    # names of the library
    ("tissue: liver}", "tissue: livr}", 2, "body.tissue: there is no tissue 'livr'.*did you mean 'liver'"),
    ("tissue: liver}", "tissue: {perfusion: {value: 1 1/s}}}", 2, "body.tissue.name: is missing"),
    ("tissue: liver}", "tissue: ../liver}", 2, "body.tissue: there is no tissue"),
    ("tissue: liver}", "tissue: 3}", 2, "body.tissue: 3 is not a block"),
    (
        "tissue: liver}",
        "tissue: {name: liver, perfusion: {valu: 1 1/s}}}",
        2,
        "body.tissue.perfusion.valu: unknown key",
    ),
    ("tissue: liver}", "tissue: {name: liver, perfusion: 5}}", 2, "body.tissue.perfusion.*no unit"),
    ("tissue: liver}", "blood: bloed, tissue: liver}", 2, "body.blood: .*did you mean 'blood'"),
    ("device: cooled_tip_3cm", "device: cooled_tip_4cm", 12, "applicators.0.device: there is no device.*cooled_tip"),
    ("device: cooled_tip_3cm", "device: liver", 12, "applicators.0.device: there is no device 'liver'"),
    ("device: cooled_tip_3cm, ", "", 12, "applicators.0.device: is missing"),
    ("protocol: standard_12min", "protocol: standard_12mn", 13, "protocol: .*did you mean 'standard_12min'"),
    ("protocol: standard_12min", "protocol: {duration: 5 min}", 13, "protocol.mode: is missing.*constant_power"),
    (
        "protocol: standard_12min",
        "protocol: {mode: constnt_power}",
        13,
        "protocol.mode: .*did you mean 'constant_power'",
    ),
    (
        "protocol: standard_12min",
        "protocol: {name: standard_12min, set_powr: 9 W}",
        13,
        "protocol.set_powr: unknown key",
    ),
    ("criterion: arrhenius", "criterion: arhenius", 14, "death.criterion: 'arhenius'.*did you mean 'arrhenius'"),
    ("output: {every: 30 s}", "accuracy: defualt", 15, "accuracy: there is no accuracy.*did you mean 'default'"),
    ("output: {every: 30 s}", "accuracy: {level: finer}", 15, "accuracy.level: .*did you mean 'fine'"),
    # parts that contradict each other
    ("direction: [0, 0, -1]", "direction: [0, 0, 0]", 12, "applicators.0.direction: is the zero vector"),
    ("[[-60 mm, 20 mm, 0 mm], [60 mm, 20 mm, 0 mm]]", "[[0 mm, 1 mm, 0 mm]]", 10, "vessels.0.path: has 1 entries"),
    (
        "[[-60 mm, 20 mm, 0 mm], [60 mm, 20 mm, 0 mm]]",
        "[[6 mm, 2 mm, 0 mm], [6 mm, 2 mm, 0 mm]]",
        10,
        "vessels.0.path.1: repeats the point",
    ),
    ("name: vein", "name: metastasis", 10, "vessels.0.name: the name 'metastasis' is given to one of targets already"),
    ("criterion: arrhenius", "arrhenius: {set: own}", 14, "death.arrhenius.set: own needs a frequency_factor"),
    ("criterion: arrhenius", "isotherm: {threshold: 30 degC}", 14, "death.isotherm.threshold: .*above 38"),
    ("output: {every: 30 s}", "accuracy: {max_step: 1e-6 s}", 15, "accuracy.max_step: .*shorter than min_step"),
    ("tissue: liver}", "tissue: liver, ground: [outr]}", 2, "body.ground.0: .*did you mean 'outer'"),
    ("tissue: liver}", "tissue: liver, ground: []}", 13, "protocol.poles: no current can flow"),
    (
        "protocol: standard_12min",
        "protocol: {name: standard_12min, poles: {needle.actve: {role: ground}}}",
        13,
        "protocol.poles.needle.actve: there is no pole.*did you mean 'needle.active'",
    ),
    (
        "protocol: standard_12min",
        "protocol: {mode: impedance_controlled, duration: 5 min, set_power: 50 W}",
        13,
        "protocol.roll_off_impedance: is missing",
    ),
    (
        "protocol: standard_12min",
        "protocol: {name: standard_12min, schedule: [{at: 6 min, set_power: 5 W}, {at: 5 min, set_power: 9 W}]}",
        13,
        "protocol.schedule.1.at: .*out of turn",
    ),
    (
        "protocol: standard_12min",
        "protocol: {name: standard_12min, schedule: [{at: 6 min, set_voltage: 5 V}]}",
        13,
        "protocol.schedule.0.set_voltage: does not belong to this mode.*set_power",
    ),
    (
        "protocol: standard_12min",
        "protocol: {name: standard_12min, schedule: [{at: 6 min}]}",
        13,
        "protocol.schedule.0: changes nothing",
    ),
    (
        "protocol: standard_12min",
        "protocol: {mode: temperature_controlled, set_temperature: 90 degC, max_power: 50 W, duration: 5 min,"
        " proportional: 1, integral: 0}",
        13,
        "protocol.mode: temperature control needs a device with thermocouples",
    ),
    (
        "tissue: liver}",
        "tissue: {name: liver, thermal_conductivity: {law: {kind: table, temperatures: [37 degC, 30 degC],"
        " factors: [1, 2]}}}}",
        2,
        "body.tissue.thermal_conductivity.law.temperatures.1: .*ascending",
    ),
    (
        "output: {every: 30 s}",
        "output: {probes: [{name: a, point: [0 m, 0 m, 0 m]}, {name: a, point: [0 m, 0 m, 1 m]}]}",
        15,
        "output.probes.1.name: the name 'a' is given twice",
    ),
    ("body: {shape: box", "body: {mesh: nowhere.msh, shape: box", 2, "body.mesh: there is no file"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "pattern"), SPOILT, ids=[f"{i}-{s[3][:40]}" for i, s in enumerate(SPOILT)]
)
def test_spoilt_case_names_the_place(tmp_path, old, new, line, pattern):
    message = refusal(tmp_path, spoil(old, new))
    assert message.startswith(f"{tmp_path / 'case.yaml'}, line {line}: "), message
    assert re.search(pattern, message), message


FILES = {
    "empty": (b"", "the file is empty"),
    "comment": (b"# nothing\n", "the file is empty"),
    "list": (b"- a\n- b\n", "not a list of keys"),
    "word": (b"hello", "not a list of keys"),
    "number": (b"12", "not a list of keys"),
    "binary": (bytes(range(128, 256)), "line 1: is not text in UTF-8"),
    "latin1": ("title: Lebermetastase über\n".encode("latin-1"), "line 1: is not text in UTF-8"),
    "nul": (b"title: a\x00b\n", "not YAML"),
    "tab": (b"title: a\nbody:\n\tshape: box\n", "line 3: .*tab"),
    "open bracket": (b"title: a\nbody: [1, 2\n", "line 3: is not YAML"),
    "indentation": (b"title: a\n  body: 1\n", "line 2: is not YAML"),
    "two documents": (b"title: a\n---\ntitle: b\n", "is not YAML"),
    "unknown anchor": (b"title: *nowhere\n", "line 1: is not YAML"),
    "tag": (b"title: !!python/object/apply:os.system ['true']\n", "title: has a YAML tag"),
    "key that is a list": (b"? [a, b]\n: 1\n", "a key is not a word"),
    "circle": (b"a: &a\n  b: *a\n", "a: "),
    "billion": (
        b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 10)) for c in range(98, 108)),
        "too many values",
    ),
    "deep": (b"a: " + b"[" * 300 + b"]" * 300, "too deeply nested|not YAML"),
    "huge": (b"title: " + b"x" * 3_000_000, "is larger than"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_yaml_mapping_is_refused(tmp_path, name):
    data, pattern = FILES[name]
    message = refusal(tmp_path, data)
    assert message.startswith(str(tmp_path / "case.yaml")), message
    assert re.search(pattern, message), message


def test_missing_file_and_folder_are_refused(tmp_path):
    for path in (tmp_path / "nowhere.yaml", tmp_path):
        with pytest.raises(InputError, match=re.escape(str(path))):
            pennes.case.load(path)


OVERRIDES = {
    "body.tisue.name=liver": "--set body.tisue.name=liver: body.tisue: unknown key.*did you mean 'tissue'",
    "body.tissue.perfusion.valeu=1 1/s": "body.tissue.perfusion.valeu: unknown key.*did you mean 'value'",
    "body.tissue.perfusion.value=1": "body.tissue.perfusion.value: 1 has no unit",
    "body.tissue=livre": "body.tissue: there is no tissue 'livre'.*did you mean 'liver'",
    "targets.metastase.diameter=3 cm": "'targets' has no entry 'metastase'.*did you mean 'metastasis'",
    "targets.1.diameter=3 cm": "'targets' has no entry '1'",
    "targets.0.diameter.big=3 cm": "'targets.0.diameter' is a single value",
    "targets.0.diameter=-3 cm": "targets.0.diameter: .*too small",
    "protocol.set_pwer=3 W": "protocol.set_pwer: unknown key.*did you mean 'set_power'",
    "accuracy.mesh.lesoin=1 mm": "accuracy.mesh.lesoin: unknown key.*did you mean 'lesion'",
    "title": "--set title: is not an assignment.*KEY=VALUE",
    "=3": "is not an assignment",
    "body..size=3": "has an empty part",
    "title=[": "is not YAML",
    "applicators.needle.device.generator.max_power=0 W": "device.generator.max_power: .*too small",
    "death.arrhenius.threshold=-1": "death.arrhenius.threshold: .*greater than 0",
}


@pytest.mark.parametrize("text", OVERRIDES)
def test_bad_override_is_refused_by_its_own_text(tmp_path, text):
    message = refusal(tmp_path, DEMO, (text,))
    assert message.startswith(f"--set {text}: "), message
    assert re.search(OVERRIDES[text], message), message


WORDS = st.sampled_from(
    ["mm", "m", "s", "W", "", "ohm", "degC", "%", "1/s", "**", "9**9", "kg", "(", "µm", "mm mm", "\\", "["]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(["targets.0.diameter", "body.size", "protocol", "applicators", "output.every"]), data=st.data()
)
def test_any_value_either_loads_or_is_refused(tmp_path, key, data):
    """Whatever stands where a value is due: a case, or one InputError, and no other exception."""
    number = data.draw(st.one_of(st.floats(), st.integers(), st.text(max_size=8)))
    text = f"{key}={number}{data.draw(st.sampled_from(['', ' ']))}{data.draw(WORDS)}"
    file = tmp_path / "case.yaml"
    file.write_text(DEMO)
    try:
        assert pennes.case.load(file, [text]).title
    except InputError as problem:
        assert "--set" in str(problem)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, len(DEMO)), length=st.integers(0, 30), junk=st.text(max_size=6))
def test_any_damage_to_the_file_is_refused_or_harmless(tmp_path, start, length, junk):
    file = tmp_path / "case.yaml"
    file.write_bytes((DEMO[:start] + junk + DEMO[start + length :]).encode("utf-8", "surrogatepass"))
    try:
        assert pennes.case.load(file).title
    except InputError as problem:
        assert str(file) in str(problem)
