"""Four remotes at once, each with another profile, another kind of identity or another make of gateway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import takewhile

import pytest

from ipsec_lab.judge import Kind
from tests.lab.driver import Lab, running

pytestmark = pytest.mark.patient

PROFILES = {
    "rem1": "",
    "rem2": """
        ike-encryption     aes128
        ike-digest         sha1
        ike-modp           modp2048
        phase2-encryption  aes_gcm128
        local-id           @branch.example
    """,
    "rem3": """
        ike-v2                   never
        ike-encryption           aes256
        ike-digest               sha2
        ike-modp                 modp2048
        phase2-encryption        aes256
        phase2-digest            sha1
        perfect-forward-secrecy  true
        phase2-modp              modp2048
    """,
    "rem4": """
        ike-encryption     aes-256-gcm
        ike-digest         sha512
        ike-modp           dh-20
        phase2-encryption  aes128
        phase2-digest      sha2
        local-id           me@branch.example
    """,
}
REMOTE_IDS = {"rem2": "hub.example"}


def configuration() -> str:
    """The page's network with four gateways."""
    profiles = "".join(
        f"ipsec-profile p-{name}\npre-shared-key key-of-{name}\n{fields}\nexit\n"
        for name, fields in PROFILES.items()
    )
    remotes = "".join(
        f"remote {name}\nhost 172.16.{number}.3\nprofile p-{name}\n"
        + (f"remote-id {REMOTE_IDS[name]}\n" if name in REMOTE_IDS else "")
        + "tunnel-monitor\ndestination 8.8.8.8\nexit\nexit\nexit\n"
        for number, name in enumerate(PROFILES, start=21)
    )
    routes = "".join(
        f"service-route to-{name}\nservice-name cleartext\nnext-hop node1 {name}-intf\nexit\nexit\n"
        for name in PROFILES
    )
    return f"""
config
authority
tenant ipsec
exit
tenant lan
exit
service cleartext
address 1.1.1.0/24
access-policy lan
exit
exit
service ipsec
address 172.16.0.0/19
access-policy ipsec
exit
exit
router router1
{profiles}
node node1
device-interface lan
network-interface lanintf
tenant lan
address 172.31.1.2
prefix-length 24
exit
exit
exit
device-interface wan
network-interface wanintf
address 172.31.3.2
prefix-length 24
gateway 172.31.3.5
exit
exit
exit
ipsec-client client1
tenant ipsec
{remotes}
exit
exit
{routes}
service-route ipsec
service-name ipsec
next-hop node1 wanintf
gateway-ip 172.31.3.5
exit
exit
exit
exit
exit
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """All four gateways, the last one a Libreswan."""
    with running(configuration(), "--gateway", "rem4=libreswan") as lab:
        yield lab


@pytest.mark.parametrize("name", PROFILES)
def test_each_carries_when_those_before_it_do_not(lab: Lab, name: str) -> None:
    lab.await_up()
    for earlier in takewhile(lambda remote: remote != name, PROFILES):
        lab.break_("kni-forced-down", earlier)
    with lab.stream(f"four-{name}") as sent:
        time.sleep(1)
    lab.heal()
    arrived = {remote: len(sent.at(remote)) for remote in PROFILES}
    assert arrived == dict.fromkeys(PROFILES, 0) | {name: sent.figures.sent}
    assert sent.figures.lost == 0
    assert sent.on_wan[Kind.CLEAR] == sent.on_wan[Kind.OTHER] == 0


def test_every_tunnel_comes_back_when_its_gateway_deleted_it(lab: Lab) -> None:
    for name in PROFILES:
        lab.await_up(name)
        lab.break_("peer-deletes", name)
    lab.await_up()
