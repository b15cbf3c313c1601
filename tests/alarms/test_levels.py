"""What is alarming, in the router's own words."""

from __future__ import annotations

import pytest

from ipsec_client.alarms.book import Alarm
from ipsec_client.alarms.levels import levels
from ipsec_client.alarms.ports import Ports, assign
from ipsec_client.dialect.diagnosis import CAUSES
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
         f"Tunnel rem1: {CAUSES['key'].plain}: AUTHENTICATION_FAILED"),
        ("proposal", "", "major", "extensible-alarm",
         f"Tunnel rem1: {CAUSES['proposal'].plain}"),
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


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("refused", " is refused by Libreswan: no. It carries on as before the change"),
        ("key", f": {CAUSES['key'].plain}: no. It carries on as agreed before"),
    ],
)
def test_what_was_agreed_before_and_carries_on_is_told(kind: Kind, told: str) -> None:
    (alarm,) = levels({}, PORTS, (), [Trouble(kind, "rem1", "no", carries=True)]).values()
    assert alarm.message == f"Tunnel rem1{told}"


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


def test_a_trouble_names_the_field_to_look_at_and_what_is_only_probable() -> None:
    trouble = Trouble("key", "rem1", "no answer", look="router r1 x", probable=True)
    (alarm,) = levels({}, PORTS, (), [trouble]).values()
    told = f"probably {CAUSES['key'].plain}: no answer. Look at router r1 x"
    assert alarm.message == f"Tunnel rem1: {told}"
