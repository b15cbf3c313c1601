"""What we render for Libreswan is read back as what it was rendered from."""

from __future__ import annotations

import pytest

from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.config.providers import PROVIDERS
from ipsec_client.config.providers.template import profile
from ipsec_client.dialect.foreign import ipsecconf
from ipsec_client.dialect.foreign.assemble import Names, assemble
from ipsec_client.dialect.render import render
from ipsec_client.model.definition import effective
from ipsec_client.model.elements import Authority, IpsecClient, Node, Remote, Router, Tenant
from ipsec_client.model.values import Prefix

NAMES = Names("r1", "n1", "client1", "t")


@pytest.mark.parametrize("name", PROVIDERS)
def test_rendered_and_imported(name: str) -> None:
    made = profile(PROVIDERS[name], "p")
    remote = Remote(
        name="rem1",
        host="192.0.2.9",
        profile="p",
        subnet=(Prefix("10.2.0.0/16"),),
        local_subnet=(Prefix("10.1.0.0/16"),),
        remote_id="gateway.example",
    )
    node = Node(
        name="n1", ipsec_client=(IpsecClient(name="client1", tenant="t", remote=(remote,)),)
    )
    authority = Authority(
        tenant=(Tenant(name="t"),), router=(Router(name="r1", ipsec_profile=(made,), node=(node,)),)
    )
    text = "".join(file.text for file in render(document(generate(authority), "r1", "n1"), {}))
    found = ipsecconf.read(text, "f")
    assert {
        each.what.partition("=")[0] for each in found.lost if "of the daemon" not in each.why
    } == {
        *("auto", "ipsec-interface", "leftupdown", "mark", "nic-offload"),
    }
    (router,) = assemble(found.tunnels, NAMES)[0].router
    (back,) = router.ipsec_profile
    (again,) = router.node[0].ipsec_client[0].remote
    shown, wanted = vars(effective(back)), vars(effective(made))
    # Only how a time is written differs.
    times = ("ike_lifetime", "connection_lifetime", "dpddelay")
    assert {field: shown[field].milliseconds("s") for field in times} == {
        field: wanted[field].milliseconds("s") for field in times
    }
    other = {*times, "name", "provider", "custom_option"}
    assert {k: v for k, v in shown.items() if k not in other} == {
        k: v for k, v in wanted.items() if k not in other
    }
    assert {(o.name, o.value) for o in back.custom_option} == {
        (o.name, o.value) for o in made.custom_option
    }
    assert (again.host, again.subnet, again.local_subnet, again.remote_id) == (
        remote.host, remote.subnet, remote.local_subnet, remote.remote_id,
    )  # fmt: skip
