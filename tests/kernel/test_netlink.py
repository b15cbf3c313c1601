"""The codec on bytes, the socket against the kernel."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.kernel import rtnetlink
from ipsec_client.kernel.netlink import (
    NETLINK_ROUTE,
    NLM_F_ACK_TLVS,
    NLMSGERR_ATTR_MSG,
    Netlink,
    attribute,
    attributes,
    message,
    messages,
    refusal,
    text,
)
from ipsec_client.kernel.rtnetlink import RTM_SETLINK

from .support import needs_root

PAIRS = st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=70)), max_size=8)


@given(PAIRS)
def test_attributes_are_read_as_they_were_written(pairs: list[tuple[int, bytes]]) -> None:
    data = b"".join(attribute(kind, value) for kind, value in pairs)
    assert [(kind, bytes(value)) for kind, value in attributes(memoryview(data))] == pairs


@given(PAIRS, st.integers(0, 500))
def test_cut_attributes_end_the_walk(pairs: list[tuple[int, bytes]], size: int) -> None:
    data = b"".join(attribute(kind, value) for kind, value in pairs)[:size]
    found = [(kind, bytes(value)) for kind, value in attributes(memoryview(data))]
    assert found == pairs[: len(found)]


@given(st.binary(max_size=200))
def test_noise_never_raises(data: bytes) -> None:
    list(attributes(memoryview(data)))
    list(messages(memoryview(data)))


@given(PAIRS)
def test_messages_are_read_as_they_were_written(pairs: list[tuple[int, bytes]]) -> None:
    data = b""
    for number, (kind, body) in enumerate(pairs):
        data += message(kind, 5, number, body)
        data += bytes(-len(data) % 4)
    found = [(kind, number, bytes(body)) for kind, _, number, body in messages(memoryview(data))]
    assert found == [(kind, number, body) for number, (kind, body) in enumerate(pairs)]


def test_a_refusal_has_the_kernel_s_own_words() -> None:
    body = struct.pack("=i16x", -95) + text(NLMSGERR_ATTR_MSG, "Unknown device type")
    error = refusal(NLM_F_ACK_TLVS, memoryview(body))
    assert error is not None
    assert error.errno == 95
    assert "Unknown device type" in str(error)
    assert refusal(0, memoryview(bytes(20))) is None


@needs_root
@pytest.mark.usefixtures("router")
def test_what_was_received_is_overwritten() -> None:
    seen: list[bytes] = []
    with Netlink(NETLINK_ROUTE) as kernel:

        def parse(body: memoryview) -> None:
            seen.append(bytes(body))

        kernel.dump(rtnetlink.RTM_GETLINK, rtnetlink.IFINFOMSG.pack(0, 0, 0, 0, 0), parse)
        assert any(b"lo\0" in body for body in seen)
        assert not any(kernel.buffer)


@needs_root
@pytest.mark.usefixtures("router")
def test_a_refused_request_raises_with_number_and_words() -> None:
    with Netlink(NETLINK_ROUTE) as kernel:
        with pytest.raises(OSError, match="No such device") as caught:
            kernel.request(RTM_SETLINK, rtnetlink.link_change("nosuch", up=True))
        assert caught.value.errno == 19
        assert {link.name for link in rtnetlink.links(kernel)} == {"lo"}
