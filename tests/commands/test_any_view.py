"""Whatever a node says of itself is laid out: in text, narrow and wide, and as data there and back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.base.errors import InputFault
from ipsec_client.commands import data
from ipsec_client.commands.port import Terminal
from ipsec_client.commands.view import NodeView

from .sample import FakeNode, page, told

LINES = (
    "show device-interface",
    "show alarms",
    "show events alarm",
    "show plugins state detail 128T-ipsec-client",
    "show plugins state",
    "why",
    "show system services",
    "show network-interface",
    "show service-path",
    "show fib",
    "show stats ipsec-client",
    "doctor",
)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that views are made of."""
    parts: tuple[Any, ...] = get_args(kind)
    if get_origin(kind) is tuple and parts[-1] is Ellipsis:
        return st.lists(values(parts[0]), max_size=2).map(tuple)
    if get_origin(kind) is tuple:
        return st.tuples(*map(values, parts))
    if parts:
        return st.one_of([values(part) for part in parts])
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{item.name: values(hints[item.name]) for item in fields(kind)})
    return st.floats(0, data.MOST_SECONDS - 1) if kind is float else st.from_type(kind)


hasty = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@hasty
@given(values(NodeView), st.integers(20, 300), st.booleans())
def test_any_view_is_laid_out(view: NodeView, width: int, tty: bool) -> None:
    for line in LINES:
        asyncio.run(told(FakeNode(view), line, terminal=Terminal(width, tty=tty)))


@hasty
@given(values(NodeView))
def test_any_view_crosses_the_wire(view: NodeView) -> None:
    assert data.decode(NodeView, json.loads(json.dumps(data.encode(view)))) == view


@pytest.mark.parametrize("time", ["NaN", "Infinity", "1e300", "-253402300800"])
def test_a_time_of_no_year_is_refused(time: str) -> None:
    encoded = data.encode(page()) | {"now": json.loads(time)}
    with pytest.raises(InputFault, match="now is no time"):
        data.decode(NodeView, encoded)
