"""What is alarming, in the router's own words."""

from __future__ import annotations

import pytest

from ipsec_client.alarms.book import Alarm
from ipsec_client.alarms.levels import levels
from ipsec_client.alarms.ports import Ports, assign
from ipsec_client.health.view import Kind, Trouble

PORTS = assign(Ports(), ["lan", "wan", "client1", "rem1", "rem2"])


def test_an_interface_that_is_down_is_the_alarm_of_the_page() -> None:
    found = levels({"rem1": False, "rem2": True}, PORTS, (), ())
    assert list(found.values()) == [
        Alarm(
            "interface rem1",
            "critical",
            "interface",
            "unavailable",
            "Intf rem1 (4) operationally down",
        )
    ]


def test_a_new_tunnel_is_given_its_time() -> None:
    assert levels({"rem1": False}, PORTS, {"rem1"}, ()) == {}


@pytest.mark.parametrize(
    ("kind", "reason", "severity", "category", "message"),
    [
        ("refused", "no such cipher", "major", "extensible-alarm",
         "Tunnel rem1 is refused by Libreswan: no such cipher"),
        ("key", "AUTHENTICATION_FAILED", "major", "extensible-alarm",
         "Tunnel rem1: the gateway and we do not share the same key: AUTHENTICATION_FAILED"),
        ("proposal", "", "major", "extensible-alarm",
         "Tunnel rem1: the gateway accepts none of our algorithms"),
        ("name", "gw.example", "major", "system", "Hostname [gw.example] is unresolved"),
        ("last", "loss", "major", "extensible-alarm",
         "Tunnel rem1 is degraded and carries, since no other is up: loss"),
        ("pluto", "dead", "major", "process", "Process has exited unexpectedly: pluto"),
    ],
)  # fmt: skip
def test_troubles_are_alarms_of_their_own(
    kind: Kind, reason: str, severity: str, category: str, message: str
) -> None:
    (alarm,) = levels({}, PORTS, (), [Trouble(kind, "rem1", reason)]).values()
    assert (alarm.severity, alarm.category, alarm.message) == (severity, category, message)


def test_troubles_of_two_remotes_and_findings_stand_side_by_side() -> None:
    finding = Alarm("access rem2", "critical", "service", "rem2", "denied")
    found = levels(
        {"rem1": False},
        PORTS,
        (),
        [Trouble("key", "rem1", ""), Trouble("key", "rem2", "")],
        [finding],
    )
    assert list(found) == ["interface rem1", "key rem1", "key rem2", "access rem2"]
