"""HTTP as bytes: what is asked, and the status in whatever comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.probes import http


def test_the_request_to_the_byte() -> None:
    assert http.request("/vpntest", "gateway.example.net", 80) == (
        b"GET /vpntest HTTP/1.1\r\nHost: gateway.example.net\r\nUser-Agent: ipsec-client\r\n"
        b"Accept: */*\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("host", "port", "field"),
    [
        ("10.0.0.1", 8080, b"Host: 10.0.0.1:8080"),
        ("2001:db8::1", 80, b"Host: [2001:db8::1]"),
        ("2001:db8::1", 81, b"Host: [2001:db8::1]:81"),
    ],
)
def test_the_host_field_names_port_and_version(host: str, port: int, field: bytes) -> None:
    assert field in http.request("/", host, port).split(b"\r\n")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", 200),
        (b"HTTP/1.0 503 Out of order\r\nServer: x\r\n\r\nbody", 503),
        (b"HTTP/1.1 204\n", 204),
        (b"HTTP/1.1 200 OK", None),
        (b"HT", None),
        (b"", None),
    ],
)
def test_a_status_line(data: bytes, status: int | None) -> None:
    assert http.status(data) == status


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"S",
        b"HTTP/2 200\r\n",
        b"HTTP/1.1 abc\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1 200OK\r\n",
        b"HTTP/1.1 999 OK\r\n",
        b"HTTP/1.1 200 " + b"x" * http.LONGEST_LINE,
    ],
)
def test_what_is_no_http_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="answers no HTTP"):
        http.status(data)


@given(st.integers(100, 599), st.binary(max_size=40), st.integers(0, 40))
def test_a_status_is_read_however_it_is_cut(code: int, rest: bytes, cut: int) -> None:
    whole = b"HTTP/1.1 %d OK\r\n" % code + rest
    end = whole.index(b"\n") + 1
    assert http.status(whole) == code
    assert http.status(whole[: min(cut, end - 1)]) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_a_status_or_none_or_told(data: bytes) -> None:
    try:
        status = http.status(data)
    except ValueError:
        return
    assert status is None or 100 <= status <= 599
