"""Results cross to a conductor whole, also between releases that differ a little."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.data import decode, encode
from ipsec_client.commands.view import DecisionView, EventView, NodeView, TunnelView

from .sample import REM1_MONITORED, page, tunnel


def test_a_view_comes_back_as_it_went() -> None:
    """With every kind of part in it."""
    view = page(
        tunnels=(REM1_MONITORED, tunnel("rem2", "down", last_restart=1.5)),
        events=(EventView(1, 2.5, "alarm", "add", "critical", "rem1", "interface", "down"),),
        decisions=(DecisionView(2.5, "rem1", "lowered", "no answer"),),
        versions=(("Libreswan", "4.10"),),
    )
    assert decode(NodeView, json.loads(json.dumps(encode(view)))) == view


@dataclass(frozen=True)
class Newer:
    name: str
    ratio: float
    added: int = 5


def test_what_only_one_side_knows_is_passed_over() -> None:
    assert decode(Newer, {"name": "a", "ratio": 1, "unheard-of": {}}) == Newer("a", 1.0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"ratio": 1.0}, "Newer lacks name"),
        ({"name": 7, "ratio": 1.0}, "Newer.name is not of type str"),
        ({"name": "a", "ratio": True}, "Newer.ratio is not of type float"),
        ([], "Newer is not an object"),
        (None, "Newer is not an object"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(data: object, why: str) -> None:
    with pytest.raises(InputFault, match=why):
        decode(Newer, data)


def test_a_list_where_one_is_due() -> None:
    with pytest.raises(InputFault, match="tunnels is not a list"):
        decode(NodeView, {"router": "r", "node": "n", "now": 1.0, "tunnels": {}})
    with pytest.raises(InputFault, match="versions has 3 parts, not 2"):
        decode(NodeView, {"router": "r", "node": "n", "now": 1.0, "versions": [["a", "b", "c"]]})


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_answer_of_a_node_does_more_than_be_refused(data: object) -> None:
    with pytest.raises(InputFault):
        decode(TunnelView, data)
