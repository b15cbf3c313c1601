"""The reader of what pcli shows, on the samples of the page."""

from __future__ import annotations

from ipsec_lab.terminal import Alarm, Event, Interface, alarms, events, interfaces

SHOWN = """\
Tue 2020-06-30 16:44:39 UTC

=========================================================
 combo-west:rem2
=========================================================
 Type:                host
 Forwarding:          true

 Admin Status:        up
 Operational Status:  up
 Redundancy Status:   non-redundant

 IPSec:
     Tunnel Status:   Up
     Tunnel Details:
         Name:        ipsec-client-tunnel-secondary-rem2

========================================
 combo-west:rem1
========================================
 Operational Status:  down

 IPSec:
   Tunnel Status:     Down

========================================
 combo-west:lan
========================================
 Operational Status:  up

Completed in 0.12 seconds
"""

RAISED = """\
Tue 2020-06-30 16:42:50 UTC

============== ===================== ========== ============= =========== ==================================
 ID             Time                  Severity   Source        Category    Message
============== ===================== ========== ============= =========== ==================================
 combo-west:8   2020-06-30 16:32:42   critical   unavailable   interface   Intf rem1 (4) operationally down

There are 0 shelved alarms
Completed in 0.10 seconds
"""


EVENTS = """\
Tue 2026-11-24 03:26:27 UTC

========= ======= ============ ============================= ========== ============= =========== ===================
 Router    Node    Event Type   Time                          Severity   Source        Category    Message
========= ======= ============ ============================= ========== ============= =========== ===================
 router1   node1   clear        2026-11-24T03:25:45.424901Z   critical   unavailable   interface   Intf rem1 (4) down
 router1   node1   add          2026-11-24T03:25:43.000001Z   critical   unavailable   interface   Intf rem1 (4) down

Completed in 0.04 seconds
"""


def test_interfaces_with_and_without_a_tunnel() -> None:
    assert interfaces(SHOWN) == {
        "rem2": Interface(up=True, tunnel_up=True),
        "rem1": Interface(up=False, tunnel_up=False),
        "lan": Interface(up=True, tunnel_up=None),
    }


def test_alarms() -> None:
    message = "Intf rem1 (4) operationally down"
    assert alarms(RAISED) == [Alarm("combo-west:8", "critical", "interface", message)]


def test_events_newest_first() -> None:
    message = "Intf rem1 (4) down"
    assert events(EVENTS) == [
        Event("clear", 1_795_490_745_424_901_000, message),
        Event("add", 1_795_490_743_000_001_000, message),
    ]


def test_no_answer_shows_nothing() -> None:
    assert interfaces("") == {}
    assert alarms("") is None
    assert events("") == []


def test_no_alarms() -> None:
    assert alarms("There are 0 shelved alarms\n") == []
