"""Subnets in lists on both sides, by both versions of IKE: every pair carries, and one that is missing is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest

from ipsec_lab import pcap
from ipsec_lab.judge import Kind
from ipsec_lab.shapes import Remote, Service, configuration
from ipsec_lab.topology import PROVIDER, TO_ROUTER
from ipsec_lab.waiting import wait_until
from tests.lab.driver import Lab, running, watch

pytestmark = pytest.mark.patient

SWANCTL = ("env", "STRONGSWAN_CONF=/run/strongswan.conf", "swanctl")
NEAR = {"172.31.1.10": "172.31.1.0/24", "10.50.0.10": "10.50.0.0/24"}
"""The LAN host's addresses with the networks they are in; the second network is behind the LAN host."""
FAR = {
    "strong2": ("10.61.0.0/24", "10.62.0.0/24"),
    "strong1": ("10.63.0.0/24", "10.64.0.0/24", "10.68.0.0/24", "10.69.0.0/24"),
    "libre2": ("10.65.0.0/24", "10.66.0.0/24"),
    "libre1": ("10.67.0.0/24",),
}
"""What is behind each gateway, named by what it is made of and the version of IKE."""


def remote(name: str, number: int) -> Remote:
    lists = [f"subnet {network}" for network in FAR[name]]
    lists += [f"local-subnet {network}" for network in NEAR.values()]
    profile = "" if name.endswith("2") else "ike-v2 never"
    return Remote(name, f"172.16.{number}.3", profile, "\n".join(lists), probed="")


TEXT = configuration(
    [remote(name, number) for number, name in enumerate(FAR, 1)],
    {f"of-{name}": Service(networks, [name]) for name, networks in FAR.items()},
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two gateways of each make."""
    with running(TEXT, "--gateway", "libre2=libreswan", "--gateway", "libre1=libreswan") as lab:
        lab.must("lan", "ip", "addr", "add", "10.50.0.10/32", "dev", "lo")
        lab.must("router", "ip", "route", "add", "10.50.0.0/24", "via", "172.31.1.10")
        yield lab


def answered(lab: Lab, near: str, network: str) -> bool:
    """Whether the host behind a gateway answers an address of ours."""
    far = network.replace(".0/24", ".1")
    return lab.do("lan", "ping", "-c", "2", "-i", "0.2", "-W", "2", "-I", near, far).status == 0


def verdict(lab: Lab, name: str) -> str:
    """The remote's line of the verdicts that `why` shows."""
    rows = lab.pcli(f"why remote {name}").splitlines()
    return next((row for row in rows if row.split()[:1] == [name]), "")


def is_up(lab: Lab, name: str) -> bool:
    """Whether every pair of the remote's has its SAs."""
    return verdict(lab, name).split()[1:2] == ["up"]


@pytest.mark.parametrize("name", FAR)
def test_plugin_1092_subnets_of_both_sides_are_on_the_wire_by_both_versions_of_ike(
    lab: Lab, name: str
) -> None:
    lab.await_up()  # each remote carries with the first of its pairs
    assert wait_until(lambda: is_up(lab, name), deadline=30, pause=0.3)
    with lab.captured(f"subnets-{name}", (PROVIDER, TO_ROUTER)) as files:
        for near, network in product(NEAR, FAR[name]):
            assert answered(lab, near, network), (near, network)
    seen = watch(lab.site).account(pcap.packets(files[PROVIDER]))
    assert seen[Kind.ESP] >= 4 * len(FAR[name]) * len(NEAR)
    assert seen[Kind.CLEAR] == seen[Kind.OTHER] == 0


def test_plugin_1730_each_of_several_subnets_has_its_own_sas_and_one_that_is_lost_comes_back(
    lab: Lab,
) -> None:
    """The gateway ends one pair of four: pluto does not begin it again, the product does, and the others carry on."""
    lab.await_up()
    listed = lab.must("strong2", *SWANCTL, "--list-sas")
    children = re.findall(r"^  net\d+: #(\d+)", listed, re.MULTILINE)
    assert len(children) == 4
    near, network = "172.31.1.10", FAR["strong2"][0]
    others = [pair for pair in product(NEAR, FAR["strong2"]) if pair != (near, network)]
    found = re.search(r"#(\d+), reqid[^#]*?local  10.61.0.0/24\n    remote 172.31.1.0/24", listed)
    assert found
    lab.must("strong2", *SWANCTL, "--terminate", "--child-id", found[1])
    assert wait_until(lambda: "3 of 4 pairs" in verdict(lab, "strong2"), deadline=20, pause=0.2)
    for pair in others:
        assert answered(lab, *pair), pair
    assert wait_until(lambda: is_up(lab, "strong2"), deadline=30, pause=0.3)
    assert answered(lab, near, network)
    assert len(re.findall("^  net", lab.must("strong2", *SWANCTL, "--list-sas"), re.MULTILINE)) == 4
