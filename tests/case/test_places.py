"""Complaints that come after a case has been read still name file and line of the key."""

from __future__ import annotations

import pytest

from pennes.case import load_with_places
from pennes.errors import InputError, SolverError
from quick_case import write_case


def placed(places, **words):
    with pytest.raises(InputError) as caught, places.told():
        raise InputError("cannot be", **words)
    return caught.value.file, caught.value.line


@pytest.fixture
def read(tmp_path):
    return load_with_places(write_case(tmp_path))[1], str(tmp_path / "quick.yaml")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("body.size", 2),
        ("targets.0.centre", 4),  # a key of its shape, which is folded away
        ("targets.0.geometry.diameter", 4),
        ("vessels.0.path", 6),
        ("vessels.0.model", 6),  # not written: the vessel is
        ("applicators.0.tip", 8),
        ("protocol.pause", 17),
        ("protocol", 9),
        ("output.probes.0.point", 25),
        ("nothing.of.the.case", None),
    ],
)
def test_a_key_has_the_line_on_which_it_was_written(key, line, read):
    places, file = read
    assert placed(places, key=key) == (file, line)


def test_a_key_of_the_library_has_the_library_s_file(read):
    file, line = placed(read[0], key="applicators.0.device.shafts.0.diameter")
    assert file.endswith("cooled_tip_1cm.yaml")
    assert line == 9


def test_a_key_of_the_command_line_has_its_setting(tmp_path):
    _, places = load_with_places(write_case(tmp_path), ("targets.lesion.centre=[1 mm, 0 mm, 0 mm]",))
    assert placed(places, key="targets.0.centre") == ("--set targets.lesion.centre=[1 mm, 0 mm, 0 mm]", None)


def test_what_has_a_file_or_no_key_stays_as_it_is(read):
    places, _ = read
    assert placed(places, key="body", file="tree.csv", line=3) == ("tree.csv", 3)
    assert placed(places) == (None, None)
    with pytest.raises(SolverError, match="stays"), places.told():
        raise SolverError("stays")


def test_an_error_of_one_entry_of_a_list():
    assert InputError("wrong", key="vessels.file").below("vessels.2").key == "vessels.2.file"
    assert InputError("wrong", key="vessels").below("vessels.2").key == "vessels.2"
    assert InputError("wrong").below("vessels.2").key is None
