"""The node document on the wire: nothing lost, nothing ignored, no key betrayed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.model.elements import (
    Authority,
    IpsecClient,
    IpsecProfile,
    Node,
    Remote,
    Router,
    TunnelMonitor,
)
from ipsec_client.wire.codec import decode, encode
from ipsec_client.wire.document import Document, dump, from_json, to_json
from tests.configs.strategies import elements


def authority(key: str = "somekey1", enabled: bool | None = None) -> Authority:
    remote = Remote(name="rem1", host="172.16.4.3", profile="p", tunnel_monitor=TunnelMonitor())
    client = IpsecClient(name="c", enabled=enabled, tenant="t", remote=(remote,))
    profile = IpsecProfile(name="p", pre_shared_key=Secret(key))
    router = Router(
        name="r", ipsec_profile=(profile,), node=(Node(name="n", ipsec_client=(client,)),)
    )
    return Authority(router=(router,))


def document(**kwargs: Any) -> Document:
    return Document("7", authority(**kwargs))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(elements(Router))
def test_every_element_survives(router: Router) -> None:
    whole = Authority(router=(router,))
    text = json.dumps(encode(whole, secrets=True))
    assert decode(Authority, json.loads(text)) == whole


def test_a_document_survives_and_keys_only_on_request() -> None:
    assert from_json(json.loads(dump(document(), secrets=True))) == document()
    assert "somekey1" not in dump(document())
    without = from_json(json.loads(dump(document())))
    assert without.router.ipsec_profile[0].pre_shared_key == Secret(None)


def test_the_digest_leaves_keys_out_and_nothing_else() -> None:
    assert document().digest == document(key="otherkey").digest
    assert document().digest != document(enabled=True).digest


def test_a_client_that_is_switched_off_is_none() -> None:
    assert document(enabled=None).client is not None
    assert document(enabled=True).client is not None
    assert document(enabled=False).client is None


def test_what_it_requires() -> None:
    assert document().requires == ("tunnel-monitor",)
    bare = Authority(router=(Router(name="r", node=(Node(name="n"),)),))
    assert Document("", bare).requires == ()


def changed(**fields: Any) -> Any:
    return {**to_json(document(), secrets=True), **fields}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "node document of format None; this software reads"),
        ([], "node document of format None; this software reads"),
        (changed(format=99), "node document of format 99; this software reads"),
        (changed(requires=["tunnel-monitor", "teleport"]), "requires teleport"),
        (changed(requires=7), "requires is not a list"),
        (changed(digest="sha256:0"), "digest does not fit its content"),
        (changed(authority=[]), "authority is not an object"),
        (changed(authority={"router": []}), "not for exactly one node"),
        (changed(authority={"frob": 1}), "authority frob is not known here"),
        (changed(authority={"router": {}}), "authority router is not a list"),
        (changed(authority={"router": [{}]}), "authority router lacks name"),
        (changed(authority={"name": {}}), "authority name is not made of"),
        (
            changed(authority={"router": [{"name": "r", "node": [{"name": "n", "ipsec-client": [
                {"name": "c", "enabled": "maybe"}]}]}]}),
            "ipsec-client enabled is neither true nor false",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_by_name(data: Any, said: str) -> None:
    with pytest.raises(InputFault) as told:
        from_json(data)
    assert said in str(told.value)
    assert "somekey1" not in str(told.value)
