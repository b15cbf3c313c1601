"""The node document on the wire: nothing lost, nothing ignored, no key betrayed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.model.elements import (
    Authority,
    DeviceInterface,
    IpsecClient,
    IpsecProfile,
    NetworkInterface,
    Node,
    Remote,
    Router,
    TunnelMonitor,
)
from ipsec_client.model.slots import DESCRIPTION
from ipsec_client.model.values import Prefix
from ipsec_client.wire.codec import decode, encode, without_keys
from ipsec_client.wire.document import FEATURES, Confirm, Document, dump, from_json, to_json
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


def test_an_undo_travels_with_the_document_and_changes_neither_content_nor_digest() -> None:
    previous = document(enabled=True)
    undone = replace(document(), confirm=Confirm(90.5, previous))
    assert from_json(json.loads(dump(undone, secrets=True))) == undone
    assert undone.digest == document().digest
    assert "confirm" in undone.requires
    assert "confirm" not in document().requires
    assert "somekey1" not in dump(undone)
    nothing_before = replace(document(), confirm=Confirm(1.0, None))
    assert from_json(json.loads(dump(nothing_before, secrets=True))) == nothing_before
    overdue = changed(confirm={"seconds": -5, "previous": None})
    assert from_json(overdue).confirm == Confirm(0.0, None)


INNER = to_json(replace(document(), confirm=Confirm(1, None)), secrets=True)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (changed(teleport=1, zap=2), "teleport, zap is not known here"),
        (changed(confirm=None), "confirm has no number of seconds"),
        (changed(confirm={"seconds": True, "previous": None}), "confirm has no number of seconds"),
        (changed(confirm={"seconds": float("nan")}), "confirm has no number of seconds"),
        (changed(confirm={"seconds": 1, "mood": 2}), "confirm mood is not known here"),
        (changed(confirm={"seconds": 1, "previous": {"format": 99}}), "document of format 99"),
        (changed(confirm={"seconds": 1, "previous": INNER}), "is to be confirmed itself"),
    ],
)
def test_what_of_its_frame_is_not_understood_is_refused_by_name(data: Any, said: str) -> None:
    with pytest.raises(InputFault) as told:
        from_json(data)
    assert said in str(told.value)


def test_a_document_of_the_release_before_means_the_same_and_is_written_the_same() -> None:
    frozen = Path(__file__).with_name("document-of-the-release-before.json").read_text()
    read = from_json(json.loads(frozen))
    assert dump(read, secrets=True) == frozen
    assert read.router.ipsec_profile[0].ike_encryption == ("aes256",)


def test_the_digest_is_checked_over_what_came_not_over_how_we_would_write_it() -> None:
    data = json.loads(Path(__file__).with_name("document-of-the-release-before.json").read_text())
    profile = data["authority"]["router"][0]["ipsec-profile"][0]
    profile["ike-encryption"] = [profile["ike-encryption"]]
    with pytest.raises(InputFault, match="digest does not fit"):
        from_json(data)
    blank = without_keys(Authority, data["authority"])
    text = json.dumps(blank, sort_keys=True, separators=(",", ":"))
    data["digest"] = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert from_json(data).router.ipsec_profile[0].ike_encryption == ("aes256",)


def of(remote: Remote, **profile: Any) -> Document:
    node = Node(name="n", ipsec_client=(IpsecClient(name="c", remote=(remote,)),))
    used = IpsecProfile(name="p", **profile)
    return Document("", Authority(router=(Router(name="r", ipsec_profile=(used,), node=(node,)),)))


def with_mss(mss: int | str, description: str = "ours") -> Document:
    interface = NetworkInterface(name="i", enforced_mss=mss)
    device = DeviceInterface(
        name="d", description=description, type="host", network_namespace="c",
        network_interface=(interface,),
    )  # fmt: skip
    node = Node(name="n", device_interface=(device,))
    return Document("", Authority(router=(Router(name="r", node=(node,)),)))


@pytest.mark.parametrize(
    ("document", "features"),
    [
        (of(Remote(name="a", host="192.0.2.1")), ()),
        (of(Remote(name="a", host="gateway.example")), ()),
        (of(Remote(name="a", host="2001:db8::1")), ("ipv6",)),
        (of(Remote(name="a", subnet=(Prefix("2001:db8::/32"),))), ("ipv6",)),
        (of(Remote(name="a", vector_name="red")), ("vectors",)),
        (with_mss(1300), ("interface-mss",)),
        (with_mss("disabled"), ()),
        (with_mss(1300, DESCRIPTION), ()),
        (of(Remote(name="a"), ike_encryption=("aes256",)), ()),
        (of(Remote(name="a"), ike_modp=("dh-19", "dh-20")), ("several-algorithms",)),
    ],
)
def test_what_an_older_node_would_do_otherwise_than_meant_is_required_by_name(
    document: Document, features: tuple[str, ...]
) -> None:
    assert document.requires == features
    assert set(features) <= FEATURES.keys()
    assert from_json(to_json(document)) == document
