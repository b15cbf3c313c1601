"""A router of two nodes, each with a client of four remotes, all eight of them by one profile."""

from __future__ import annotations

from functools import cache

import pytest

from ipsec_client.config.documents import document
from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.dialect import render
from ipsec_client.model.elements import Authority
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.plan.objects import Connection, Kni, TunnelDevice
from tests.configs import in_router

NODES = ("east", "west")
REMOTES = ("a", "b", "c", "d")


def text() -> str:
    nodes = "".join(
        f"""
        node {node}
            device-interface wan
                network-interface wan-{node}
                    address 203.0.113.{number}
                        prefix-length 24
                        gateway 203.0.113.1
                    exit
                exit
            exit
            ipsec-client {node}
                tenant ipsec
                {remotes(number)}
            exit
        exit
        """
        for number, node in enumerate(NODES, 2)
    )
    hops = "".join(f"next-hop {node} {remote}-intf\nexit\n" for node in NODES for remote in REMOTES)
    return in_router(
        f"{nodes} service-route out\n service-name internet\n {hops} exit",
        "ipsec-profile p\n dpddelay 5\n pre-shared-key somekey1\n exit\n",
    ).replace(
        "authority\n",
        "authority\n service internet\n address 0.0.0.0/0\n access-policy lan\n exit\n exit\n"
        " service gateways\n address 198.51.100.0/24\n access-policy ipsec\n exit\n exit\n",
    )


def remotes(number: int) -> str:
    return "".join(
        f"remote {remote}\n host 198.51.100.{number}{place}\n profile p\n exit\n"
        for place, remote in enumerate(REMOTES)
    )


@cache
def whole() -> Authority:
    examined = examine(text())
    told = {item.what for item in examined.findings}
    assert told == {"router r1 has no service-route for service gateways, which leads there"}
    return generate(examined.authority)


def plan(node: str) -> Plan:
    return build(document(whole(), "r1", node), Facts(), {})


@pytest.mark.parametrize("node", NODES)
def test_each_node_has_four_tunnels_that_share_nothing_but_the_profile(node: str) -> None:
    objects = plan(node).objects
    made = [item for item in objects if isinstance(item, Connection)]
    assert [item.name for item in made] == [f"ipsec-client-tunnel-p-{name}" for name in REMOTES]
    for option in ("right", "mark", "ipsec-interface", "rightid"):
        assert len({dict(item.options)[option] for item in made}) == 4
    assert len({dict(item.options)["leftid"] for item in made}) == 1
    assert len({item.if_id for item in objects if isinstance(item, TunnelDevice)}) == 4
    knis = [item for item in objects if isinstance(item, Kni)]
    assert sorted(item.name for item in knis) == sorted([node, *REMOTES])
    assert len({item.router for item in knis}) == 5


@pytest.mark.parametrize("node", NODES)
def test_each_node_goes_by_its_own_interfaces_only(node: str) -> None:
    of = document(whole(), "r1", node)
    assert [hop.node_name for hop in of.router.service_route[0].next_hop] == [node] * 4
    other = next(name for name in NODES if name != node)
    assert other not in str(plan(node).objects)


def test_the_key_is_given_once_for_each_gateway() -> None:
    lines = render.secrets(document(whole(), "r1", "west"), {}).reveal().splitlines()
    assert [line.split()[1] for line in lines] == [f"198.51.100.3{place}" for place in range(4)]
    assert {line.split()[0] for line in lines} == {"169.254.129.2"}
