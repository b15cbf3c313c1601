"""What the provider's name server answers."""

from __future__ import annotations

import struct

import pytest

from ipsec_lab.nameserver import answer

ZONE = {"hub.example": ["172.16.4.3", "2001:db8::3"], "silent.example": []}


def question(name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return (
        struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)
    )


@pytest.mark.parametrize(
    ("name", "kind", "code", "data"),
    [
        ("hub.example", 1, 0, bytes([172, 16, 4, 3])),
        ("HUB.example", 28, 0, bytes.fromhex("20010db8000000000000000000000003")),
        ("hub.example", 15, 0, b""),
        ("none.example", 1, 3, b""),
    ],
)
def test_a_question_is_answered(name: str, kind: int, code: int, data: bytes) -> None:
    asked = question(name, kind)
    told = answer(asked, ZONE)
    assert told is not None
    number, flags, _, count, _, _ = struct.unpack_from("!HHHHHH", told)
    assert (number, flags & 0x800F, count) == (7, 0x8000 | code, bool(data))
    assert told[12 : len(asked)] == asked[12:]
    assert told.endswith(data)


@pytest.mark.parametrize(
    "query", [question("silent.example", 1), b"", question("hub.example", 1)[:20]]
)
def test_silence_and_rubbish_have_no_answer(query: bytes) -> None:
    assert answer(query, ZONE) is None
