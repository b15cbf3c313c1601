"""Gateways that are named: a name server that is missing at boot, addresses that are kept, and that change."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ipsec_lab.judge import Kind
from ipsec_lab.shapes import Remote, Service, configuration
from ipsec_lab.topology import ROUTER
from ipsec_lab.waiting import wait_until
from tests.lab.driver import Lab, running

pytestmark = pytest.mark.patient

TEXT = configuration(
    (
        Remote("named", "hub.example", fields="remote-id hub.example"),
        Remote("fixed", "172.16.2.3"),
    ),
    {"internet": Service(["1.1.1.0/24"], ["named", "fixed"])},
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two tunnels, the first one's gateway named."""
    with running(TEXT) as lab:
        yield lab


@pytest.fixture
def healed(lab: Lab) -> Iterator[Lab]:
    """It, with both tunnels up, at the first address."""
    yield lab
    lab.heal()
    lab.commit(TEXT)
    lab.await_up()


def at(lab: Lab) -> str:
    """The address that the named tunnel's SAs are with."""
    hosts = lab.site.remote("named").hosts
    states = lab.must("client1", "ip", "xfrm", "state")
    return " ".join(str(host) for host in hosts if f"dst {host}\n" in states)


def test_an_address_that_changes_is_followed_over_the_other_tunnel(healed: Lab) -> None:
    lab = healed
    first, other = map(str, lab.site.remote("named").hosts)
    assert at(lab) == first
    with lab.stream("names-move", rate=1000) as sent:
        time.sleep(1)
        lab.break_("gateway-moves", "named")
        # A commit looks names up at once; without one it would be within half a minute.
        lab.commit(TEXT.replace("key-of-fixed", "key-of-fixed\nmetric 7"))
        assert wait_until(lambda: at(lab) == other, deadline=90, pause=0.3)
        lab.await_up()
        time.sleep(1)
    print(sent.figures)
    assert sent.at("fixed")
    assert sent.at("named")[-1][1] == sent.figures.sent - 1
    assert sent.on_wan[Kind.CLEAR] == 0
    assert sent.figures.lost <= sent.figures.sent / 100


def test_a_name_server_that_is_silent_leaves_the_last_good_answer_over_a_restart(
    healed: Lab,
) -> None:
    lab = healed
    lab.await_up()
    lab.break_("dns-silent", "named")
    lab.stop()
    lab.start(TEXT)
    lab.await_up()
    assert at(lab) in map(str, lab.site.remote("named").hosts)


def test_boot_without_a_name_server_brings_up_what_has_addresses_and_the_rest_later(
    healed: Lab,
) -> None:
    lab = healed
    lab.break_("dns-silent", "named")
    lab.stop()
    lab.must(ROUTER, "sh", "-c", "rm -rf /var/lib/ipsec-client/*")
    lab.start(TEXT)
    lab.await_up("fixed")
    assert at(lab) == ""
    told = "Hostname [hub.example] is unresolved"
    assert wait_until(
        lambda: told in [alarm.message for alarm in lab.alarms()], deadline=30, pause=0.3
    )
    with lab.stream("names-boot") as sent:
        time.sleep(1)
    assert len(sent.at("fixed")) == sent.figures.sent > 0
    lab.heal()
    lab.await_up()
    assert told not in [alarm.message for alarm in lab.alarms()]
