"""Libreswan's own programs take every provider's profile: its algorithms, its options, the whole connection."""

from __future__ import annotations

import pytest

from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.config.providers import PROVIDERS
from ipsec_client.config.providers.template import profile
from ipsec_client.dialect.algorithms import esp_proposals, ike_proposals, ike_version
from ipsec_client.dialect.render import conns
from ipsec_client.model.elements import Authority, IpsecClient, Node, Remote, Router, Tenant
from ipsec_client.model.slots import slots
from ipsec_client.pluto.dryload import dry_load
from tests.oracle.libreswan import accepted, oracle

pytestmark = oracle


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_profile_is_taken_as_it_is(name: str) -> None:
    made = profile(PROVIDERS[name], "p")
    version, pfs = ike_version(made), bool(made.perfect_forward_secrecy)
    assert accepted(version, "ike", ike_proposals(made))
    assert accepted(version, "esp", esp_proposals(made), pfs=pfs)
    remote = Remote(name="rem1", host="192.0.2.9", profile="p")
    client = IpsecClient(name="client1", tenant="t", remote=(remote,))
    node = Node(name="n1", ipsec_client=(client,))
    authority = Authority(
        tenant=(Tenant(name="t"),), router=(Router(name="r1", ipsec_profile=(made,), node=(node,)),)
    )
    of = document(generate(authority), "r1", "n1")
    (conn,) = conns(of, slots(of.node, of.node.ipsec_client[0]), {}).values()
    assert dry_load(conn) is None
