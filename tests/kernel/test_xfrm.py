"""The XFRM reader against messages recorded from Linux 6.1 (keys of zeros), and against a kernel with ESP."""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.kernel import policies, rtnetlink, xfrm
from ipsec_client.kernel.facts import facts
from ipsec_client.kernel.netlink import (
    NETLINK_ROUTE,
    NETLINK_XFRM,
    NLM_F_CREATE,
    NLM_F_EXCL,
    Netlink,
    attribute,
)
from ipsec_client.kernel.rtnetlink import RTM_NEWLINK
from ipsec_client.kernel.xfrm import Flushed, Sa, SaEvent, SaTable, SaWatch
from ipsec_client.plan.objects import Namespace

from .support import ip, needs_root, put

RECORDED = {
    name: (item["type"], bytes.fromhex(item["body"]))
    for name, item in json.loads(Path(__file__).with_name("xfrm-messages.json").read_text()).items()
}
SA = Sa(if_id=3, source="192.0.2.1", destination="192.0.2.2", spi=0x101, protocol=50, reqid=7)
SA6 = Sa(4, "2001:db8::1", "2001:db8::2", 0xFEDCBA98, 50)


def parsed(name: str) -> SaEvent | Flushed | None:
    kind, body = RECORDED[name]
    return xfrm.parse(kind, memoryview(body))


def test_recorded_messages_say_what_happened() -> None:
    assert parsed("added") == SaEvent(True, SA)
    assert parsed("updated") == SaEvent(True, SA)
    assert parsed("added-ipv6") == SaEvent(True, SA6)
    assert parsed("deleted") == SaEvent(False, SA)
    assert parsed("flushed") == Flushed()
    assert parsed("expired-soft") is None
    expired = parsed("expired-hard")
    assert isinstance(expired, SaEvent)
    assert not expired.added
    assert (expired.sa.if_id, expired.sa.spi) == (3, 0x102)


@pytest.mark.parametrize("gone", [False, True])
def test_an_sa_is_removed_by_the_name_that_the_kernel_has_for_it(
    monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    asked: list[tuple[int, bytes]] = []

    def request(_: Netlink, kind: int, body: bytes) -> None:
        asked.append((kind, body))
        if gone:
            raise ProcessLookupError

    monkeypatch.setattr(Netlink, "request", request)
    xfrm.remove("", SA.destination, SA.spi)
    kind, body = RECORDED["deleted"]  # which begins with struct xfrm_usersa_id, as the order does
    assert asked == [(kind, body[:24])]


def test_an_sa_without_any_key_is_larval_and_not_counted() -> None:
    dumped = [xfrm.parse_sa(memoryview(RECORDED[name][1])) for name in RECORDED if "dump" in name]
    larval = [sa for sa in dumped if sa and sa.larval]
    assert [sa.spi for sa in larval] == [0x200]
    assert SaTable.of(larval).live == frozenset()
    assert SaTable.of(sa for sa in dumped if sa).live == {SA, SA6}


@given(st.sampled_from(sorted(RECORDED)), st.integers(0, 600))
def test_a_cut_message_never_raises(name: str, size: int) -> None:
    kind, body = RECORDED[name]
    event = xfrm.parse(kind, memoryview(body[:size]))
    if size < 200:
        assert event is None or event == Flushed()


@given(st.sampled_from((0x10, 0x11, 0x18, 0x1A, 0x1C, 0x13)), st.binary(max_size=600))
def test_noise_never_raises(kind: int, body: bytes) -> None:
    xfrm.parse(kind, memoryview(body))


def test_a_key_shows_nowhere_in_what_is_parsed() -> None:
    key = b"0123456789abcdefsalt"
    kind, body = RECORDED["added"]
    algorithm = struct.pack("=64sII", b"rfc4106(gcm(aes))", 160, 128) + key
    event = xfrm.parse(kind, memoryview(body + attribute(xfrm.XFRMA_ALG_AEAD, algorithm)))
    assert event == SaEvent(True, SA)
    assert "0123456789" not in repr(event)


# --- the table ------------------------------------------------------------------------------------

LOCAL = {"192.0.2.2"}
OUT = replace(SA, source="192.0.2.2", destination="192.0.2.1", spi=0x201)


def test_a_tunnel_is_up_with_one_sa_each_way() -> None:
    table = SaTable.of([SA, OUT, SA6])
    assert table.counts(3, LOCAL) == (1, 1)
    assert table.counts(4, LOCAL) == (0, 1)
    assert table.counts(5, LOCAL) == (0, 0)


def test_a_rekey_never_leaves_a_direction_without_sa() -> None:
    table = SaTable.of([SA, OUT])
    for event in (
        SaEvent(True, replace(SA, spi=0x102)),
        SaEvent(True, replace(OUT, spi=0x202)),
        SaEvent(False, SA),
        SaEvent(False, OUT),
    ):
        table = table.after(event)
        inbound, outbound = table.counts(3, LOCAL)
        assert inbound >= 1
        assert outbound >= 1
    assert table.counts(3, LOCAL) == (1, 1)


def test_a_pair_of_subnets_is_whole_with_both_its_halves_and_through_a_rekey() -> None:
    other = replace(SA, spi=0x301, reqid=9)
    table = SaTable.of([SA, OUT, other])
    assert table.pairs(3, LOCAL) == 1
    whole = table.after(SaEvent(True, replace(OUT, spi=0x401, reqid=9)))
    assert whole.pairs(3, LOCAL) == 2
    renewed = whole.after(SaEvent(True, replace(OUT, spi=0x402, reqid=9)))
    assert renewed.pairs(3, LOCAL) == 2
    assert renewed.pairs(4, LOCAL) == 0


def test_the_compression_state_beside_an_sa_is_not_counted() -> None:
    assert SaTable.of([replace(SA, protocol=108)]).counts(3, LOCAL) == (0, 0)


def test_equal_spis_of_two_gateways_or_tunnels_are_two_sas() -> None:
    other = replace(SA, if_id=5)
    table = SaTable.of([SA, other, replace(SA, destination="192.0.2.9")])
    assert table.after(SaEvent(False, other)).counts(3, LOCAL) == (1, 1)


SAS = st.builds(
    Sa,
    if_id=st.integers(1, 2),
    source=st.just("192.0.2.1"),
    destination=st.sampled_from(("192.0.2.2", "192.0.2.1")),
    spi=st.integers(1, 3),
    protocol=st.just(50),
)


@given(st.lists(st.builds(SaEvent, added=st.booleans(), sa=SAS), max_size=30))
def test_the_table_is_what_the_last_event_of_each_sa_says(events: list[SaEvent]) -> None:
    table = SaTable()
    for event in events:
        after = table.after(event)
        assert after.changed(table) <= {event.sa.if_id}
        assert after.after(event) is after  # told twice is told once
        table = after
    last = {event.sa: event.added for event in events}
    assert table.live == {sa for sa, added in last.items() if added}


# --- a kernel -------------------------------------------------------------------------------------


@needs_root
def test_flush_leaves_no_policy_of_a_dead_pluto(client: str) -> None:
    put(Namespace(client))
    ip("xfrm", "policy", "add", "dst", "10.0.0.0/8", "dir", "out", netns=client)
    assert "10.0.0.0/8" in ip("xfrm", "policy", netns=client)
    xfrm.flush(client)
    xfrm.flush(client)
    assert ip("xfrm", "policy", netns=client) == ""
    assert xfrm.associations(client) == []


@pytest.fixture
def esp() -> None:
    """A kernel that can carry a tunnel."""
    if not {fact.name: fact.good for fact in facts()}["ESP with AES-GCM"]:
        pytest.skip("this kernel has no ESP")


def _state(verb: str, client: str, spi: int, *more: str) -> None:
    identity = ["src", SA.source, "dst", SA.destination, "proto", "esp", "spi", str(spi)]
    if verb == "add":
        zeros = "0x" + "00" * 20
        more = ("mode", "tunnel", "if_id", "3", "aead", "rfc4106(gcm(aes))", zeros, "128", *more)
    ip("xfrm", "state", verb, *identity, *more, netns=client)


@pytest.mark.lab
@needs_root
@pytest.mark.usefixtures("esp")
def test_a_watch_tells_each_change_and_survives_a_flush(client: str) -> None:
    put(Namespace(client))

    async def run() -> None:
        told: asyncio.Queue[frozenset[int]] = asyncio.Queue()
        _state("add", client, 0x100)
        watch = SaWatch(client, told.put_nowait)
        assert watch.table.counts(3, LOCAL) == (1, 0)
        _state("add", client, 0x101)
        assert await asyncio.wait_for(told.get(), 10) == {3}
        assert watch.table.counts(3, LOCAL) == (2, 0)
        _state("delete", client, 0x100)
        assert await asyncio.wait_for(told.get(), 10) == {3}
        assert watch.table.counts(3, LOCAL) == (1, 0)
        assert [use.sa.spi for use in xfrm.uses(client)] == [0x101]
        ip("xfrm", "state", "flush", netns=client)
        assert await asyncio.wait_for(told.get(), 10) == {3}
        assert watch.table.counts(3, LOCAL) == (0, 0)
        _state("add", client, 0x102, "limit", "time-hard", "1")
        assert await asyncio.wait_for(told.get(), 10) == {3}
        assert await asyncio.wait_for(told.get(), 10) == {3}  # expired, without any DELSA
        assert watch.table.counts(3, LOCAL) == (0, 0)
        watch.close()

    asyncio.run(run())


@pytest.mark.lab
@needs_root
@pytest.mark.usefixtures("esp")
def test_events_that_were_dropped_are_made_good_by_a_dump(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipsec_client.kernel.netlink.EVENT_BUFFER", 1)
    put(Namespace(client))
    batch = "".join(
        f"xfrm state add src {SA.source} dst {SA.destination} proto esp spi {spi} mode tunnel "
        f"if_id 3 aead rfc4106(gcm(aes)) 0x{'00' * 20} 128\n"
        for spi in range(0x100, 0x120)
    )

    async def run() -> None:
        told: asyncio.Queue[frozenset[int]] = asyncio.Queue()
        watch = SaWatch(client, told.put_nowait)
        subprocess.run(["ip", "-n", client, "-batch", "-"], input=batch, text=True, check=True)
        assert await asyncio.wait_for(told.get(), 10) == {3}
        assert watch.table.counts(3, LOCAL) == (32, 0)
        watch.close()

    asyncio.run(run())


@pytest.mark.lab
@needs_root
def test_leftover_tunnel_devices_are_removed(client: str) -> None:
    put(Namespace(client))
    with Netlink(NETLINK_ROUTE, client) as kernel:
        try:
            kernel.request(
                RTM_NEWLINK, rtnetlink.xfrm_interface("ours", 9), NLM_F_CREATE | NLM_F_EXCL
            )
        except OSError:
            pytest.skip("this kernel has no XFRM interface")
    ip("link", "add", "ipsec1", "type", "xfrm", "if_id", "1", netns=client)
    assert xfrm.remove_tunnel_devices(client) == ["ipsec1"]
    with Netlink(NETLINK_ROUTE, client) as kernel:
        assert {link.name for link in rtnetlink.links(kernel)} == {"lo", "ours"}


# --- policies -------------------------------------------------------------------------------------

OUTWARD = ("xfrm", "policy", "add", "src", "0.0.0.0/0", "dst", "0.0.0.0/0", "dir", "out", "if_id")
INWARD = ("xfrm", "policy", "add", "src", "0.0.0.0/0", "dst", "0.0.0.0/0", "dir", "in", "if_id")
TRAP = ("tmpl", "proto", "esp", "reqid", "0", "mode", "transport")
BOUND = (
    *("tmpl", "src", SA.destination, "dst", SA.source),
    *("proto", "esp", "reqid", "16393", "mode", "tunnel"),
)


@needs_root
def test_a_trap_leads_to_no_sa_and_a_policy_in_its_place_does(client: str) -> None:
    """As pluto does it: SAs first, then the policy, and packets between the two would wake it."""
    put(Namespace(client))

    async def run() -> None:
        told: asyncio.Queue[frozenset[int]] = asyncio.Queue()
        ip(*OUTWARD, "4", *BOUND, netns=client)
        ip(*INWARD, "5", *BOUND, netns=client)
        watch = SaWatch(client, told.put_nowait)
        assert watch.policies.leads_out(4)
        assert not watch.policies.leads_out(5)
        watch.table = SaTable.of([SA, OUT])
        ip(*OUTWARD, "3", *TRAP, netns=client)
        ip("xfrm", "policy", "update", *OUTWARD[3:], "3", *BOUND, netns=client)
        assert watch.counts(3, LOCAL) == (1, 0)
        assert await asyncio.wait_for(told.get(), 10) == {3}
        assert watch.counts(3, LOCAL) == (1, 1)
        ip("xfrm", "policy", "update", *OUTWARD[3:], "3", *TRAP, netns=client)
        assert await asyncio.wait_for(told.get(), 10) == {3}
        assert watch.counts(3, LOCAL) == (1, 0)
        ip("xfrm", "policy", "delete", *OUTWARD[3:], "4", netns=client)
        assert await asyncio.wait_for(told.get(), 10) == {4}
        ip("xfrm", "policy", "update", *OUTWARD[3:], "3", *BOUND, netns=client)
        assert await asyncio.wait_for(told.get(), 10) == {3}
        ip("xfrm", "policy", "flush", netns=client)
        assert await asyncio.wait_for(told.get(), 10) == {3}
        assert not watch.policies.leads_out(3)
        watch.close()

    asyncio.run(run())


@given(st.sampled_from((0x13, 0x14, 0x19, 0x1D)), st.binary(max_size=600))
def test_noise_in_place_of_policies_never_raises(kind: int, body: bytes) -> None:
    policies.parse(kind, memoryview(body))


@needs_root
def test_what_was_received_is_overwritten(client: str) -> None:
    """Messages about SAs hold their keys."""
    put(Namespace(client))
    ip(*OUTWARD, "4", *BOUND, netns=client)
    with Netlink(NETLINK_XFRM, client) as asker:
        seen = asker.dump(policies.XFRM_MSG_GETPOLICY, b"", bytes)
        assert any(any(body) for body in seen)
        assert not any(asker.buffer)
