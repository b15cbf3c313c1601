"""What people and alarms are told of the state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipsec_client.base.clock import Now
from ipsec_client.health.types import (
    Carrying,
    Client,
    Loaded,
    Negotiation,
    PlutoState,
    SecurityAssociations,
    Tunnel,
    Verdict,
)
from ipsec_client.health.view import Trouble, proving, troubles
from ipsec_client.health.wanted import TunnelIntent
from tests.health.world import world

NOW = Now(100.0, 100.0)
REM1 = Tunnel(TunnelIntent("rem1"))
CONNECTED = replace(REM1, inbound=1, outbound=1, verdict=Verdict("up", "answers", 10.0))
SUSPECTED = Negotiation("trying", 1, "malformed", "key")
SILENT = Negotiation("trying", 1, "no answer", "silent")
NAMELESS = Negotiation("blocked", 0, "gw.example", "name")


@pytest.mark.parametrize(
    ("tunnel", "expected"),
    [
        (REM1, []),
        (replace(REM1, loaded=Loaded("refused", "bad")), [Trouble("refused", "rem1", "bad")]),
        (
            replace(CONNECTED, loaded=Loaded("refused", "bad")),
            [Trouble("refused", "rem1", "bad", carries=True)],
        ),
        (
            replace(CONNECTED, negotiation=Negotiation("blocked", 1, "AUTH", "key")),
            [Trouble("key", "rem1", "AUTH", carries=True)],
        ),
        (
            replace(REM1, negotiation=Negotiation("blocked", notify="AUTH", blocker="key")),
            [Trouble("key", "rem1", "AUTH")],
        ),
        (
            replace(REM1, verdict=Verdict("degraded", "loss"), carrying=Carrying("raised", "last")),
            [Trouble("last", "rem1", "loss")],
        ),
        (
            replace(
                REM1,
                verdict=Verdict("degraded", "1 of 4 pairs", since=98.5),
                carrying=Carrying("raised", "last"),
            ),
            [],
        ),
        (replace(REM1, verdict=Verdict("degraded", "loss")), []),
        (replace(REM1, verdict=Verdict("down", "no answer")), []),
        *(
            (
                replace(REM1, negotiation=found, verdict=Verdict("down", "no SA", since)),
                expected,
            )
            for found, since, expected in (
                (SUSPECTED, 95.0, []),
                (SUSPECTED, 90.0, [Trouble("key", "rem1", "malformed", probable=True)]),
                (SILENT, 90.0, [Trouble("silent", "rem1", "no answer")]),
                (NAMELESS, 95.0, []),
                (NAMELESS, 90.0, [Trouble("name", "rem1", "gw.example")]),
            )
        ),
        (replace(REM1, negotiation=SUSPECTED, verdict=Verdict("up", "answers", 10.0)), []),
    ],
)
def test_a_tunnels_trouble_is_told_once(tunnel: Tunnel, expected: list[Trouble]) -> None:
    assert list(troubles(Client(tunnels=(tunnel,)), NOW)) == expected


def test_a_dead_pluto_is_the_one_trouble_and_none_while_it_first_starts() -> None:
    dead = Client(tunnels=(REM1,), pluto_alive=False, started=90.0)
    assert troubles(dead, NOW) == ()
    assert troubles(dead, Now(120.0, 0.0)) == (Trouble("pluto", "", "pluto is dead"),)
    assert troubles(replace(dead, cold=False), NOW) == (Trouble("pluto", "", "pluto is dead"),)


def test_a_new_tunnel_is_proving_until_it_was_up_or_its_time_is_over() -> None:
    there = world(remotes=2)
    there.put(SecurityAssociations("rem2", 0, 0))
    assert proving(there.client) == frozenset()

    there = world(remotes=2, obedient=False)
    there.put(PlutoState(False))
    assert proving(there.client) == frozenset()


def test_what_never_comes_up_proves_for_the_grace_time() -> None:
    there = world(obedient=False)
    tunnel = replace(there.tunnel(), proving_until=30.0, inbound=0, verdict=Verdict("down"))
    there.client = replace(there.client, tunnels=(tunnel,))
    there.run(29.9)
    assert proving(there.client) == {"rem1"}
    there.run(30.0)
    assert proving(there.client) == frozenset()
