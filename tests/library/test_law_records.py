import pytest
from pydantic import ValidationError

from pennes.library.records import Hyperaemia, LinearLaw, TableLaw


@pytest.mark.parametrize("law", [{"rate": "-2 %/K"}, {"rate": "3 %/K"}, {"rate": "1 %/K", "until": "-1 degC"}])
def test_a_linear_law_that_reaches_zero_is_refused(law):
    with pytest.raises(ValidationError, match=r"zero or negative|not above 0 degC"):
        LinearLaw(**law)


@pytest.mark.parametrize(
    ("temperatures", "factors", "message"),
    [
        (("37 degC", "60 degC"), (1.0, 0.5, 0.2), "has 3 entries"),
        (("60 degC", "37 degC"), (1.0, 0.5), "does not follow"),
        (("37 degC", "37 degC"), (1.0, 0.5), "does not follow"),
        (("37 degC", "60 degC"), (1.0, 0.0), "not above 0"),
    ],
)
def test_what_is_not_a_table_is_refused(temperatures, factors, message):
    with pytest.raises(ValidationError, match=message):
        TableLaw(temperatures=temperatures, factors=factors)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"start": "45 degC", "to": "45 degC"}, "not above start"),
        ({"start": "30 degC"}, "healthy tissue"),
        ({"peak": -1.0}, "negative"),
    ],
)
def test_impossible_hyperaemia_is_refused(numbers, message):
    with pytest.raises(ValidationError, match=message):
        Hyperaemia(source="made for this test", **numbers)
