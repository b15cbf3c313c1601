"""Counts of a tunnel: each verdict's time, flaps, restarts, rekeys; and the rows they are shown in."""

from __future__ import annotations

from ipsec_client.agent.statistics import statistics
from ipsec_client.agent.tally import Tally
from ipsec_client.base.clock import Now
from ipsec_client.commands.view import TunnelView
from ipsec_client.health import types as h
from ipsec_client.health.trial import Test as Trial
from ipsec_client.health.wanted import Target, TunnelIntent

from .sample import device


def client(judgement: h.Judgement) -> h.Client:
    target = Target("8.8.8.8")
    test = Trial(target, (0.0,), loss=0.25, round_trip=0.0123)
    tunnel = h.Tunnel(TunnelIntent("rem1"), verdict=h.Verdict(judgement), tests=(test,))
    return h.Client(tunnels=(tunnel,))


def test_time_is_counted_in_each_verdict_and_flaps_are_falls() -> None:
    tally = Tally()
    story: list[tuple[float, h.Judgement]] = [
        (0.0, "unknown"), (1.0, "up"), (11.0, "up"), (12.0, "down"), (15.0, "degraded"), (16.0, "down"),
        (17.0, "unknown"), (18.0, "down"),
    ]  # fmt: skip
    for at, judgement in story:
        tally.judged(client(judgement), at)
    counts = tally.of("rem1", 20.0)
    assert counts.spent(20.0) == {"unknown": 2.0, "up": 11.0, "down": 6.0, "degraded": 1.0}
    assert counts.flaps == 2


def test_a_rekey_is_one_more_association_beside_another() -> None:
    tally = Tally()
    for inbound in (0, 1, 2, 1, 1, 2, 1, 0, 1):
        tally.happened(h.SecurityAssociations("rem1", inbound, inbound), 0.0)
    assert tally.of("rem1", 0.0).rekeys == 2


def test_who_is_not_wanted_any_more_is_forgotten() -> None:
    tally = Tally()
    tally.restarted("rem1", 0.0)
    tally.judged(client("up"), 0.0)
    assert tally.of("rem1", 0.0).restarts == 1
    tally.judged(h.Client(), 0.0)
    assert tally.of("rem1", 0.0).restarts == 0


def test_the_rows_of_a_remote() -> None:
    tally = Tally()
    tally.judged(client("up"), 0.0)
    view = TunnelView("rem1", "c1", "", "", "", "", ingress=60, egress=70)
    state = client("up").tunnels[0]
    now = Now(200.0, 0.0)
    rows = {
        row.metric: row.value
        for row in statistics(view, device("ipsec1", packets=4), state, tally, now)
    }
    assert rows == {
        "ingress-bytes": "60", "egress-bytes": "70", "ingress-packets": "4", "egress-packets": "8",
        "ingress-errors": "0", "egress-errors": "3", "security-associations": "0", "rekeys": "0",
        "flaps": "0", "restarts": "0", "probe-loss 8.8.8.8": "25.0%",
        "probe-round-trip 8.8.8.8": "12.3 ms", "time-up": "3m 20s", "time-degraded": "0s",
        "time-down": "0s", "time-unknown": "0s",
    }  # fmt: skip
    without = {row.metric for row in statistics(view, None, state, tally, now)}
    assert "ingress-packets" not in without
