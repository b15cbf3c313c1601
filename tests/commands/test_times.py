"""Points in time, and what lies between them."""

from __future__ import annotations

import pytest

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.grammar import Arguments
from ipsec_client.commands.times import between

from .sample import at

NOW = at("2026-03-01 10:00:00")
HOURS = [(NOW - 3600 * hours, hours) for hours in range(4)]


@pytest.mark.parametrize(
    ("values", "hours"),
    [
        ({}, [0, 1, 2, 3]),
        ({"from": "90m"}, [0, 1]),
        ({"from": "1d"}, [0, 1, 2, 3]),
        ({"to": "7200s"}, [2, 3]),
        ({"from": "2h", "to": "1h"}, [1, 2]),
        ({"from": "2026-03-01T09:00:00"}, [0, 1]),
        ({"from": "2026-03-01 09:30"}, [0]),
        ({"from": "2026-03-01T11:00:00+02:00"}, [0, 1]),
        ({"to": "2026-03-01"}, []),
        ({"from": "1mo", "to": "3h"}, [3]),
    ],
)
def test_what_lies_between(values: dict[str, str], hours: list[int]) -> None:
    assert between(HOURS, Arguments(values), NOW) == hours


@pytest.mark.parametrize("text", ["x", "-1d", "1 d", "1dd", "10", "2026-13-01", "9999999d", ""])
def test_what_is_no_point_in_time_is_told(text: str) -> None:
    with pytest.raises(InputFault, match="is no point in time"):
        between(HOURS, Arguments({"from": text}), NOW)
