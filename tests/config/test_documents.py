"""The node document: what concerns one node, and nothing of the others."""

from __future__ import annotations

import json

import pytest

from ipsec_client.base.errors import InputFault, UsageFault
from ipsec_client.config.documents import document, find_node, find_router
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority
from ipsec_client.wire.document import dump, from_json
from tests.configs import complete, in_authority


def authority(text: str) -> Authority:
    found = read(text).config.authority
    assert found
    return found


PAIR = in_authority(
    """
    router other
        node n9
        exit
    exit
    router pair
        ipsec-profile used
        exit
        ipsec-profile idle
        exit
        node n1
            ipsec-client c1
                remote rem1
                    profile used
                exit
            exit
        exit
        node n2
        exit
        service-route a
            service-name s
            next-hop n1 rem1-intf
            exit
            next-hop n2 rem1-intf
            exit
        exit
    exit
    """
)


def test_a_document_holds_its_node_alone() -> None:
    made = document(authority(PAIR), "pair", "n1", "7")
    assert made.id == "7"
    assert [router.name for router in made.authority.router] == ["pair"]
    assert [node.name for node in made.router.node] == ["n1"]
    assert [profile.name for profile in made.router.ipsec_profile] == ["used"]
    assert [hop.node_name for hop in made.router.service_route[0].next_hop] == ["n1"]
    other = document(authority(PAIR), "pair", "n2")
    assert (other.router.ipsec_profile, other.client) == ((), None)


def test_the_only_node_is_meant_whatever_the_next_hops_call_it() -> None:
    made = document(generate(authority(complete())), "router1", "node1")
    hops = [hop for route in made.router.service_route for hop in route.next_hop]
    assert [hop.node_name for hop in hops] == ["node1"] * 3
    assert [hop.interface for hop in hops] == ["rem1-intf", "rem2-intf", "wanintf"]


def test_without_an_id_a_document_is_named_after_its_content() -> None:
    first = document(authority(complete()), "router1", "node1")
    again = document(authority(complete()), "router1", "node1")
    other = document(authority(complete().replace("172.16.4.3", "172.16.4.9")), "router1", "node1")
    assert first.id == again.id == first.digest.removeprefix("sha256:")[:12]
    assert other.id != first.id


def test_a_document_survives_the_wire_with_its_keys() -> None:
    made = document(generate(authority(complete())), "router1", "node1", "1")
    assert from_json(json.loads(dump(made, secrets=True))) == made
    assert "somekey1" not in dump(made)


def test_unknown_and_unnamed_routers_and_nodes() -> None:
    found = authority(PAIR)
    with pytest.raises(InputFault, match=r"has no router x\. It has other, pair"):
        find_router(found, "x")
    with pytest.raises(
        UsageFault, match=r"has several routers\. Name one of other, pair by --router"
    ):
        find_router(found, None)
    with pytest.raises(InputFault, match="router pair has no node x"):
        find_node(find_router(found, "pair"), "x")
    with pytest.raises(UsageFault, match="router pair has several nodes"):
        find_node(find_router(found, "pair"), None)
    with pytest.raises(InputFault, match="the configuration has no router"):
        find_router(Authority(), None)
    assert find_node(find_router(found, "other"), None).name == "n9"


def test_a_service_goes_only_where_it_applies() -> None:
    text = in_authority(
        "service all\n exit\n"
        "service one\n applies-to router\n router-name r1\n exit\n exit\n"
        "service group\n applies-to router-group\n group-name west\n exit\n exit\n"
        "router r1\n node n\n exit\n exit\n"
        "router r2\n group west\n node n\n exit\n exit\n"
    )
    names = {
        router: [item.name for item in document(authority(text), router, "n").authority.service]
        for router in ("r1", "r2")
    }
    assert names == {"r1": ["all", "one"], "r2": ["all", "group"]}


def test_who_runs_a_gateway_does_not_travel() -> None:
    text = PAIR.replace("ipsec-profile used\n", "ipsec-profile used\n provider aws\n")
    (profile,) = document(authority(text), "pair", "n1").router.ipsec_profile
    assert profile.provider is None
    assert document(authority(text), "pair", "n1") == document(authority(PAIR), "pair", "n1")


def test_a_service_policy_goes_only_where_a_service_has_it() -> None:
    text = in_authority(
        "service-policy used\n exit\nservice-policy idle\n exit\n"
        "service s\n service-policy used\n exit\n"
        "router r1\n node n\n exit\n exit\n"
    )
    policies = document(authority(text), "r1", "n").authority.service_policy
    assert [policy.name for policy in policies] == ["used"]
