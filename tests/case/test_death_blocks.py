import pytest
from pydantic import ValidationError

from pennes.case.death import Death


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"arrhenius": {"set": "own"}}, "needs a frequency_factor and an activation_energy"),
        ({"arrhenius": {"set": "own", "frequency_factor": "1e40 1/s"}}, "needs a frequency_factor"),
        (
            {"arrhenius": {"set": "own", "frequency_factor": "0 1/s", "activation_energy": "300 kJ/mol"}},
            "greater than 0",
        ),
        ({"arrhenius": {"frequency_factor": "1e40 1/s"}}, "does not go with 'liver_jacques'"),
        ({"arrhenius": {"threshold": 0}}, "not above 0"),
        ({"arrhenius": {"set": "henriques"}}, "liver_jacques"),
        ({"cem43": {"threshold": "240"}}, "no unit"),
        ({"three_state": {"alive": "90 %"}}, "add up to 1"),
        ({"three_state": {"threshold": "100 %"}}, "not between 0 and 1"),
        ({"three_state": {"tk": 0}}, "greater than 0"),
        ({"isotherm": {"threshold": "37 degC"}}, "healthy tissue"),
    ],
)
def test_blocks_that_make_no_sense_are_refused(block, message):
    with pytest.raises(ValidationError, match=message):
        Death(**block)
