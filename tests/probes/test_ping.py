"""An operator's ping on real sockets, and whatever may come back to it."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipsec_client.base.errors import HostFault
from ipsec_client.kernel import namespaces, sysctl
from ipsec_client.probes import echo
from ipsec_client.probes.ping import Pinger
from tests.probes import checksum

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces: needs root")


def ip(where: str, words: str) -> None:
    subprocess.run(["ip", "-n", where, *words.split()], check=True)


@pytest.fixture
def netns() -> Iterator[str]:
    """A namespace with ``tun1``, MTU 1300, whose far end answers for 10.77.0.1 and fd77::1."""
    name = f"g{os.getpid()}"
    for made in (name, f"{name}far"):
        namespaces.create(made, lambda: None)
    ip(name, f"link add tun1 mtu 1300 type veth peer name far mtu 1300 netns {name}far")
    for where, end, last in ((name, "tun1", 2), (f"{name}far", "far", 1)):
        ip(where, f"address add 10.77.0.{last}/24 dev {end}")
        ip(where, f"address add fd77::{last}/64 dev {end} nodad")
        ip(where, f"link set {end} up")
    yield name
    for made in (name, f"{name}far"):
        namespaces.delete(made)


async def pinged(
    netns: str, address: str, size: int = 56, *, whole: bool = False, timeout: float = 10
) -> tuple[echo.Heard, float] | None:
    pinger = Pinger(partial(namespaces.open_socket, netns), address, "tun1", whole=whole)
    try:
        return await pinger.ping(65_537, size, timeout)
    finally:
        pinger.close()


@needs_root
@pytest.mark.parametrize(
    ("address", "size"),
    [("10.77.0.1", 0), ("10.77.0.1", 57), ("10.77.0.1", 4000), ("fd77::1", 4000)],
)
def test_an_answer_is_heard_with_its_ttl_and_size(netns: str, address: str, size: int) -> None:
    found = asyncio.run(pinged(netns, address, size))
    assert found is not None
    heard, seconds = found
    assert heard == echo.Heard(1, address, 64, size)
    assert 0 < seconds < 10


@needs_root
def test_what_may_not_be_cut_and_does_not_fit_cannot_be_sent(netns: str) -> None:
    with pytest.raises(HostFault, match="Message too long"):
        asyncio.run(pinged(netns, "10.77.0.1", 1400, whole=True))
    assert asyncio.run(pinged(netns, "10.77.0.1", 1200, whole=True)) is not None


@needs_root
def test_nobody_answers_in_time(netns: str) -> None:
    ip(f"{netns}far", "link set far down")
    ip(netns, "neigh add 10.77.0.9 lladdr 02:00:00:00:00:01 dev tun1")
    assert asyncio.run(pinged(netns, "10.77.0.9", timeout=0.05)) is None


@needs_root
def test_who_cannot_pass_it_on_is_heard(netns: str) -> None:
    ip(netns, "route add 10.99.0.0/16 via 10.77.0.1")
    ip(f"{netns}far", "route add prohibit 10.99.0.0/16")
    sysctl.write(f"{netns}far", "net/ipv4/ip_forward", "1")
    found = asyncio.run(pinged(netns, "10.99.1.1"))
    assert found is not None
    assert found[0].trouble == "prohibited"
    assert found[0].source == "10.77.0.1"


@needs_root
def test_a_device_that_is_not_there_is_told(netns: str) -> None:
    async def run() -> None:
        Pinger(partial(namespaces.open_socket, netns), "10.77.0.1", "tun9", whole=False)

    with pytest.raises(HostFault, match="cannot send out of tun9: No such device"):
        asyncio.run(run())


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFF), st.integers(0, 3000))
def test_a_request_bears_its_checksum(identifier: int, sequence: int, size: int) -> None:
    made = echo.request(4, identifier, sequence, size)
    assert len(made) == 8 + size
    assert checksum(made) == 0


@given(st.sampled_from([4, 6]), st.binary(max_size=100))
@example(4, b"\x45" + bytes(19))
def test_any_packet_is_read(family: int, data: bytes) -> None:
    echo.heard(family, 7, data, "10.0.0.1")


def four(payload: bytes) -> bytes:
    return struct.pack("!BBHHHBBH8x", 0x45, 0, 0, 0, 0, 57, 1, 0) + payload


def test_anothers_answer_is_none_of_ours() -> None:
    answer = b"\0" + echo.request(4, 7, 3, 8)[1:]
    assert echo.heard(4, 7, four(answer), "10.0.0.1") == echo.Heard(3, "10.0.0.1", 57, 8)
    assert echo.heard(4, 8, four(answer), "10.0.0.1") is None


def test_errors_are_told_in_words() -> None:
    asked = four(echo.request(4, 7, 3, 8))
    told = {
        (3, 4, 1400): "too big, 1400 bytes pass",
        (3, 4, 0): "too big",
        (3, 0, 0): "network unreachable",
        (3, 1, 0): "host unreachable",
        (11, 0, 0): "time to live exceeded",
    }
    for (kind, code, mtu), words in told.items():
        error = four(struct.pack("!BBHHH", kind, code, 0, 0, mtu) + asked)
        assert echo.heard(4, 7, error, "10.0.0.1") == echo.Heard(3, "10.0.0.1", 57, 0, words)
        assert echo.heard(4, 8, error, "10.0.0.1") is None
    six = b"\x60" + bytes(39) + echo.request(6, 7, 3, 8)
    error = struct.pack("!BBHI", 2, 0, 0, 1280) + six
    assert echo.heard(6, 7, error, "fd77::1", 60) == echo.Heard(
        3, "fd77::1", 60, 0, "too big, 1280 bytes pass"
    )
