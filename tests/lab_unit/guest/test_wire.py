"""Frames survive being cut anywhere, and a stream that is no frames is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lab.guest import wire
from ipsec_lab.guest.wire import Kind, Reader, Request

frames = st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=300)), max_size=8)


@given(frames, st.data())
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(
    sent: list[tuple[Kind, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(wire.frame(kind, payload) for kind, payload in sent)
    reader = Reader()
    received = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        received += list(reader.feed(stream[:cut]))
        stream = stream[cut:]
    assert received == sent


def test_a_request_survives_names_that_are_no_text() -> None:
    odd = b"/tmp/\xff".decode(errors="surrogateescape")
    request = Request(["ls", odd], odd, {"A": "ü", "B": odd}, [True, False, True], [24, 80])
    assert Request.decode(request.encode()) == request


def test_numbers_may_be_negative_and_a_text_follows_them() -> None:
    ((kind, payload),) = Reader().feed(wire.numbers(Kind.REFUSED, 127, -1, text="sh: nö"))
    assert kind is Kind.REFUSED
    assert wire.number(payload) == 127
    assert wire.number(payload, 1) == -1
    assert payload[8:].decode() == "sh: nö"


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\n", b"\x63\0\0\0\0"])
def test_what_is_no_frame_is_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match=r"frame|valid Kind"):
        list(Reader().feed(junk))
