"""Echo requests and replies as bytes."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.probes.packet import (
    ECHO_REPLY,
    ECHO_REPLY_6,
    ECHO_REQUEST,
    IPPROTO_ICMP,
    Reply,
    reply,
    request,
)
from tests.probes import checksum

FAMILIES = st.sampled_from((4, 6))
IDENTIFIERS = st.integers(0, 0xFFFF)
SEQUENCES = st.integers(0, 2**40)
TIMES = st.integers(0, 2**60)


def answered(family: int, sent: bytes) -> bytes:
    """What a host makes of a request, as a raw socket gets it."""
    if family == 6:
        return bytes([ECHO_REPLY_6]) + sent[1:]
    bare = bytes([ECHO_REPLY, 0, 0, 0]) + sent[4:]
    icmp = bare[:2] + struct.pack("!H", checksum(bare)) + bare[4:]
    header = bytes([0x45]) + bytes(8) + bytes([IPPROTO_ICMP]) + bytes(10)
    return header + icmp


@given(FAMILIES, IDENTIFIERS, SEQUENCES, TIMES)
def test_an_answer_gives_back_sequence_and_time(
    family: int, identifier: int, sequence: int, sent: int
) -> None:
    data = answered(family, request(family, identifier, sequence, sent))
    assert reply(family, identifier, data) == Reply(sequence, sent)


@given(IDENTIFIERS, SEQUENCES, TIMES)
def test_a_request_is_whole(identifier: int, sequence: int, sent: int) -> None:
    data = request(4, identifier, sequence, sent)
    assert checksum(data) == 0
    assert data[0] == ECHO_REQUEST


@given(FAMILIES, IDENTIFIERS, IDENTIFIERS, SEQUENCES)
def test_another_s_answer_is_none(family: int, own: int, foreign: int, sequence: int) -> None:
    data = answered(family, request(family, foreign, sequence, 0))
    assert (reply(family, own, data) is not None) == (own == foreign)


@given(FAMILIES, st.integers(0, 51))
def test_a_cut_answer_is_none(family: int, size: int) -> None:
    data = answered(family, request(family, 1, 1, 1))
    if size < len(data):
        assert reply(family, 1, data[:size]) is None


@given(FAMILIES, st.binary(max_size=120))
def test_noise_is_none(family: int, data: bytes) -> None:
    assert reply(family, 1, data) is None


@given(st.integers(20, 51), st.integers(1, 255))
def test_a_damaged_answer_is_none(place: int, flip: int) -> None:
    data = bytearray(answered(4, request(4, 7, 7, 7)))
    data[place] ^= flip
    assert reply(4, 7, bytes(data)) is None


def test_our_own_request_looping_back_is_no_answer() -> None:
    header = bytes([0x45]) + bytes(8) + bytes([IPPROTO_ICMP]) + bytes(10)
    assert reply(4, 7, header + request(4, 7, 7, 7)) is None
