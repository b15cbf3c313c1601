"""Subnets in lists on both sides, by both versions of IKE: every pair carries, and one that is missing is told."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from tests.lab.driver import Lab, running
from tests.lab.site import Remote, Service, configuration

NEAR = {"172.31.1.10": "172.31.1.0/24", "10.50.0.10": "10.50.0.0/24"}
"""The LAN host's addresses with the networks they are in; the second network is behind the LAN host."""
FAR = {
    "strong2": ("10.61.0.0/24", "10.62.0.0/24"),
    "strong1": ("10.63.0.0/24", "10.64.0.0/24"),
    "libre2": ("10.65.0.0/24", "10.66.0.0/24"),
    "libre1": ("10.67.0.0/24", "10.68.0.0/24"),
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
        for name in FAR:  # the way back of a gateway's own
            lab.must(name, "ip", "route", "replace", "10.50.0.0/24", "dev", "tunnel")
        yield lab


def answered(lab: Lab, near: str, far: str) -> bool:
    return lab.do("lan", "ping", "-c", "2", "-i", "0.2", "-W", "2", "-I", near, far).status == 0


def test_x(lab: Lab) -> None:
    for name in FAR:
        for near, far in product(NEAR, FAR[name]):
            print(name, near, far, answered(lab, near, far.replace(".0/", ".1/").split("/")[0]))
    print(lab.must("client1", "ip", "xfrm", "state"))
    print(lab.must("client1", "ip", "xfrm", "policy"))
    print(
        lab.must(
            "router",
            "ipsec",
            "whack",
            "--ctlsocket",
            "/run/ipsec-client/client1/pluto.ctl",
            "--trafficstatus",
        )
    )
    print(lab.must("router", "sh", "-c", "find /run -name pluto.ctl"))
    print(lab.pcli("show plugins state"))
    print(lab.story())
    assert 0
