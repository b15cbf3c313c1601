"""What a commit will do to each tunnel is told from the agent's own steps, and only of routers that differ."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.base.errors import InputFault
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.model.elements import (
    Authority,
    InterfaceAddress,
    IpsecClient,
    IpsecProfile,
    Router,
)
from ipsec_client.plan.impact import Impact, Row, impact, layout
from tests.configs.strategies import elements

PROFILE = """
  ipsec-profile {name}
   pre-shared-key a-key-of-{name}
   ike-encryption aes256
  exit
"""
ROUTER = """
 router {name}
  {profiles}
  node n
   device-interface wan
    network-interface wan-intf
     address 198.51.100.2
      prefix-length 24
     exit
    exit
   exit
   ipsec-client c1
    tenant t
    remote rem1
     host 192.0.2.1
     profile p
     tunnel-monitor
      destination 10.0.0.1
      exit
     exit
    exit
    remote rem2
     host gateway.example
     profile q
    exit
   exit
  exit
 exit
"""


def text(*routers: str) -> str:
    profiles = PROFILE.format(name="p") + PROFILE.format(name="q")
    made = (ROUTER.format(name=name, profiles=profiles) for name in routers)
    return f"authority\n tenant t\n exit\n{''.join(made)}exit\n"


def authority(text: str, running: Authority | None = None) -> Authority:
    reading = read(text)
    assert not [item for item in reading.findings if item.severity == "error"]
    assert reading.config.authority is not None
    return generate(reading.config.authority, running)


RUNNING = authority(text("r1", "r2"))


def of(*changes: tuple[str, str], routers: tuple[str, ...] = ("r1",)) -> dict[str, tuple[str, str]]:
    """Verb and reason by remote, of one router whose text is changed so."""
    before = authority(text(*routers))
    changed = text(*routers)
    for old, new in changes:
        assert old in changed
        changed = changed.replace(old, new, 1)
    rows = impact(before, authority(changed, before)).rows
    return {row.remote: (row.verb, row.why) for row in rows}


REM1 = text("r1")[text("r1").index("    remote rem1") : text("r1").index("    remote rem2")]


@pytest.mark.parametrize(
    ("old", "new", "verb", "why"),
    [
        ("host 192.0.2.1", "host 192.0.2.9", "restarted", "host changes"),
        ("host 192.0.2.1", "host other.example", "restarted", "host changes"),
        ("     profile p\n", "     profile p\n subnet 10.0.0.0/8\n", "restarted", "subnet changes"),
        ("     profile p\n", "     profile q\n", "restarted", "profile, pre-shared-key change"),
        ("ike-encryption aes256", "ike-encryption aes128", "restarted", "ike-encryption changes"),
        (
            "ike-encryption aes256",
            "ike-lifetime 2h\nperfect-forward-secrecy true\nike-encryption aes256",
            "restarted",
            "ike-lifetime, perfect-forward-secrecy change",
        ),
        ("a-key-of-p", "another-key", "rekeyed", "pre-shared-key changes"),
        ("a-key-of-p", "b\nmetric 7", "rekeyed", "pre-shared-key changes"),
        (
            "ike-encryption aes256",
            "mtu 1400\nmetric 7\nike-encryption aes256",
            "untouched",
            "metric, mtu change, without a break",
        ),
        (
            "destination 10.0.0.1",
            "destination 10.0.0.2",
            "untouched",
            "tunnel-monitor changes, without a break",
        ),
        (
            "     profile p\n",
            "     profile p\nenforced-mss 1300\n",
            "untouched",
            "enforced-mss changes, without a break",
        ),
        # What is written as the default means what is unset.
        (
            "ike-encryption aes256",
            "ike-lifetime 1h\nike-encryption aes256",
            "untouched",
            "nothing of it changes",
        ),
    ],
)
def test_one_edit_is_told_of_one_tunnel(old: str, new: str, verb: str, why: str) -> None:
    found = of((old, new))
    assert found["rem1"] == (verb, why)
    assert found["rem2"] == ("untouched", "nothing of it changes")


def test_what_the_network_of_the_knis_changes_restarts_libreswan_and_all() -> None:
    found = of(("tenant t\n    remote", "tenant t\n plugin-network 169.254.140.0/27\n    remote"))
    assert set(found.values()) == {("restarted", "Libreswan itself restarts: its setup changes")}


def test_another_client_takes_all_its_tunnels_down() -> None:
    found = of(("ipsec-client c1", "ipsec-client c2"))
    assert set(found.values()) == {("restarted", "ipsec-client c1 gives way to c2")}


def test_a_client_that_is_switched_off_has_no_tunnels() -> None:
    found = of(("ipsec-client c1", "ipsec-client c1\n enabled false"))
    assert set(found.values()) == {("removed", "its ipsec-client is disabled")}


def test_a_removed_remote_is_removed_on_its_router_alone_and_moves_nobody() -> None:
    found = impact(RUNNING, authority(text("r1", "r2").replace(REM1, "", 1), RUNNING)).rows
    assert found == (
        Row("r1", "n", "rem2", "untouched", "nothing of it changes"),
        Row("r1", "n", "rem1", "removed", "it is removed"),
    )


def test_what_libreswan_refuses_does_not_run() -> None:
    refused = ("ike-encryption aes256", "ike-encryption aes256\nike-modp modp1024")
    verb, why = of(refused)["rem1"]
    assert verb == "removed"
    assert why.startswith("this Libreswan refuses it: ike-modp")
    before = authority(text("r1").replace(*refused, 1))
    same = authority(text("r1").replace(*refused, 1).replace("10.0.0.1", "10.0.0.2"))
    assert impact(before, same).rows[0].why.startswith("still refused: ike-modp")
    assert impact(before, authority(text("r1"))).rows[0] == Row(
        "r1", "n", "rem1", "created", "Libreswan takes it now"
    )
    assert impact(None, before).rows[0].why.startswith("but refused: ike-modp")


def test_the_first_commit_creates_all_and_a_removed_router_loses_all() -> None:
    assert [row.verb for row in impact(None, RUNNING).rows] == ["created"] * 4
    found = impact(RUNNING, authority(text("r2"), RUNNING))
    assert {(row.router, row.verb, row.why) for row in found.rows} == {
        ("r1", "removed", "its router is removed")
    }
    assert found.unnamed(frozenset({"r2"})) == ("r1",)
    assert found.unnamed(frozenset({"r1"})) == ()


def test_a_change_that_removes_nothing_leaves_no_router_unnamed() -> None:
    changed = authority(text("r1", "r2").replace("192.0.2.1", "192.0.2.9"), RUNNING)
    assert impact(RUNNING, changed).unnamed(frozenset()) == ()


@given(st.lists(st.sampled_from(["r1", "r2", "r3"]), unique=True, min_size=1))
def test_nothing_changed_is_all_untouched(routers: list[str]) -> None:
    same = authority(text(*routers))
    assert impact(same, same).rows == ()
    assert impact(same, authority(text(*routers))).rows == ()
    rows = impact(same, same, routers).rows
    assert len(rows) == 2 * len(routers)
    assert {(row.verb, row.why) for row in rows} == {("untouched", "nothing of it changes")}


def founded(router: Router) -> Router:
    """The router with its remotes' profiles there, so that there are tunnels to compare."""
    profile = IpsecProfile(name="p")

    def based(client: IpsecClient) -> IpsecClient:
        remotes = tuple(replace(remote, profile="p") for remote in client.remote)
        return replace(client, remote=remotes, plugin_network=None)

    return replace(
        router,
        ipsec_profile=(*router.ipsec_profile[:1], profile),
        node=tuple(
            replace(node, ipsec_client=tuple(map(based, node.ipsec_client))) for node in router.node
        ),
    )


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(elements(Router).map(founded), elements(Router).map(founded))
def test_whatever_is_compared_it_is_told_or_refused(one: Router, other: Router) -> None:
    before, after = Authority(router=(one,)), Authority(router=(other,))
    for running, candidate in ((None, after), (before, after), (before, before)):
        with suppress(InputFault):
            rows = impact(running, candidate, (one.name, other.name)).rows
            if running is candidate:
                assert {row.verb for row in rows} <= {"untouched"}
            if running is None:
                assert {row.verb for row in rows} <= {"created"}


def test_another_slot_is_another_tunnel() -> None:
    before = authority(text("r1"))

    def moved(router: Router) -> Router:
        [node] = router.node
        devices = tuple(
            replace(
                device,
                network_interface=tuple(
                    replace(
                        interface,
                        address=(
                            InterfaceAddress(
                                ip_address=IPv4Address("169.254.129.21"),
                                prefix_length=30,
                                gateway=IPv4Address("169.254.129.22"),
                            ),
                        ),
                    )
                    for interface in device.network_interface
                ),
            )
            if device.name == "rem1"
            else device
            for device in node.device_interface
        )
        return replace(router, node=(replace(node, device_interface=devices),))

    after = replace(before, router=tuple(map(moved, before.router)))
    assert impact(before, after).rows == (
        Row("r1", "n", "rem1", "restarted", "KNI address changes"),
        Row("r1", "n", "rem2", "untouched", "nothing of it changes"),
    )


def test_the_table() -> None:
    rows = (
        Row("r1", "n", "rem1", "restarted", "ike-lifetime, perfect-forward-secrecy change"),
        Row("r1", "n", "rem2", "untouched", "nothing of it changes"),
    )
    assert layout(Impact(rows), 60) == (
        "======== ====== ======== =========== =======================\n"
        " Router   Node   Remote   Impact      Why\n"
        "======== ====== ======== =========== =======================\n"
        " r1       n      rem1     restarted   ike-lifetime,\n"
        "                                      perfect-forward-\n"
        "                                      secrecy change\n"
        " r1       n      rem2     untouched   nothing of it changes\n"
        "1 restarted, 1 untouched\n"
    )
    assert layout(Impact(())) == "No tunnel is concerned\n"
