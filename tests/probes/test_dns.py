"""DNS as bytes: what is asked, and which answers are good, bad, or none to it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.probes import dns

ASKED = dns.query(0x1234, "www.example.net", "A")
RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"


def answer(
    asked: bytes = ASKED, flags: int = 0x8180, answers: int = 1, identifier: int = 0x1234
) -> bytes:
    header = dns.HEADER.pack(identifier, flags, 1, answers, 0, 0)
    return header + asked[dns.HEADER.size :] + RECORD * answers


def test_the_query_to_the_byte() -> None:
    assert ASKED == (
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
        b"\x03www\x07example\x03net\x00\x00\x01\x00\x01"
    )
    assert dns.query(1, "a.b.", "AAAA").endswith(b"\x01a\x01b\x00\x00\x1c\x00\x01")


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (answer(), ""),
        (answer(answers=4), ""),
        (answer(ASKED.upper()), ""),  # servers may echo another case
        (answer(answers=0), "answers without a record"),
        (answer(flags=0x8183, answers=0), "answers NXDOMAIN"),
        (answer(flags=0x8182), "answers SERVFAIL"),
        (answer(flags=0x8185), "answers REFUSED"),
        (answer(flags=0x818B), "answers code 11"),
        (answer(identifier=0x1235), None),
        (answer(flags=0x0100), None),  # a question
        (answer(flags=0x8980), None),  # of another kind of query
        (answer(dns.query(0x1234, "www.example.org", "A")), None),
        (answer(dns.query(0x1234, "www.example.net", "AAAA")), None),
        (ASKED, None),
        (b"", None),
    ],
)
def test_an_answer_is_good_or_bad_or_somebody_elses(data: bytes, trouble: str | None) -> None:
    assert dns.trouble(ASKED, data) == trouble


@given(st.binary(max_size=80))
def test_any_bytes_are_judged(data: bytes) -> None:
    assert dns.trouble(ASKED, data) is None or data.startswith(b"\x12\x34")


def test_half_an_answer_is_none() -> None:
    whole = answer()[: len(ASKED)]
    assert {dns.trouble(ASKED, whole[:size]) for size in range(len(whole))} == {None}


def test_names_are_labels_as_the_system_writes_them() -> None:
    """Each label is as long as the byte before it says, and the last one is empty."""
    question = ASKED[dns.HEADER.size : -4]
    places = [0]
    while question[places[-1]]:
        places.append(places[-1] + question[places[-1]] + 1)
    labels = [question[one + 1 : other] for one, other in pairwise(places)]
    assert b".".join(labels) == b"www.example.net"
