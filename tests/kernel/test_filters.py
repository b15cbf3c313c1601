"""Filters of a capture, run by the kernel on real packets, and packets written as a capture has them."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.base.errors import HostFault, InputFault
from ipsec_client.kernel import filters, namespaces, packets
from ipsec_client.kernel.packets import Packet, Tap

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces: needs root")


@pytest.fixture
def netns() -> Iterator[str]:
    """A namespace whose loopback device is up."""
    name = f"f{os.getpid()}"
    namespaces.create(name, lambda: None)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield name
    namespaces.delete(name)


SENT = [
    ("udp", "127.0.0.1", 5001),
    ("udp", "127.0.0.2", 5002),
    ("udp", "::1", 5001),
    ("icmp", "127.0.0.1", 0),
    ("icmp", "::1", 0),
]


def send(netns: str) -> None:
    """One packet of each kind; those to a closed port are answered by ICMP, which is also seen."""
    for protocol, address, port in SENT:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if protocol == "udp":
            with namespaces.open_socket(netns, family, socket.SOCK_DGRAM, 0) as sender:
                sender.sendto(b"x" * 8, (address, port))
        else:
            number = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
            kind = 128 if family == socket.AF_INET6 else 8
            with namespaces.open_socket(netns, family, socket.SOCK_RAW, number) as sender:
                sender.sendto(struct.pack("!BBHHH", kind, 0, 0xF7FF, 0, 0), (address, 0))


def seen(netns: str, text: str) -> list[str]:
    """What of it passes a filter, as told, in the direction out."""
    found: list[Packet] = []

    async def run() -> None:
        tap = Tap(netns, "lo", filters.program(filters.read(text)), found.append)
        send(netns)
        await asyncio.sleep(0.05)
        assert tap.close() == 0

    asyncio.run(run())
    told = [packets.told(packet).split(" ", 3) for packet in found if packet.outgoing]
    return [
        words[3].partition(",")[0] for words in told if "icmp" not in text or "icmp" in words[3]
    ]


@needs_root
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("udp and port 5001", ["127.0.0.1 > 127.0.0.1 udp", "::1 > ::1 udp"]),
        ("udp and host 127.0.0.2", ["127.0.0.1 > 127.0.0.2 udp"]),
        ("udp and net 127.0.0.0/8", ["127.0.0.1 > 127.0.0.1 udp", "127.0.0.1 > 127.0.0.2 udp"]),
        ("udp and host ::1", ["::1 > ::1 udp"]),
        ("udp and net ::/0", ["::1 > ::1 udp"]),
        ("udp and host ::2", []),
        ("port 5003", []),
        ("esp", []),
        ("tcp", []),
    ],
)
def test_the_kernel_lets_through_what_is_wanted(netns: str, text: str, wanted: list[str]) -> None:
    assert [line.rpartition(" udp")[0] + " udp" for line in seen(netns, text)] == wanted


@needs_root
def test_without_a_filter_all_is_seen_with_ports(netns: str) -> None:
    told = seen(netns, "")
    assert [line for line in told if line.endswith("> 5002")]
    assert [line for line in told if "icmp6" in line]
    assert len(seen(netns, "icmp")) >= 2


class Watched:
    """A socket that notes by which thread it is closed."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self.closed_by: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def close(self) -> None:
        self.closed_by.append(threading.get_ident())
        self._inner.close()


@needs_root
def test_what_the_kernel_takes_to_end_a_capture_is_not_waited_for_by_the_loop(netns: str) -> None:
    watched: list[Watched] = []

    async def run() -> None:
        tap = Tap(netns, "lo", filters.program(filters.read("")), print)
        watched.append(Watched(tap._socket))
        tap._socket = watched[0]  # type: ignore[assignment]
        tap.close()

    asyncio.run(run())
    [closer] = watched[0].closed_by
    assert closer != threading.get_ident()
    assert watched[0].fileno() < 0


@needs_root
def test_a_device_that_is_not_there_is_told(netns: str) -> None:
    async def run() -> None:
        Tap(netns, "ipsec9", filters.program(filters.read("")), print)

    with pytest.raises(HostFault, match="cannot capture on ipsec9: No such device"):
        asyncio.run(run())


def four(
    protocol: int, *, options: int = 0, fragment: int = 0, ports: tuple[int, int] = (0, 0)
) -> bytes:
    """An IPv4 packet from 10.1.1.1 to 10.2.2.2."""
    ends = bytes([10, 1, 1, 1, 10, 2, 2, 2])
    head = struct.pack("!BBHHHBBH", 0x45 + options, 0, 0, 0, fragment, 64, protocol, 0)
    return head + ends + bytes(4 * options) + struct.pack("!HH", *ports) + bytes(4)


def six(protocol: int, ports: tuple[int, int] = (0, 0)) -> bytes:
    """An IPv6 packet from fd01::1 to fd02::2."""
    ends = bytes.fromhex("fd01" + "0" * 27 + "1" + "fd02" + "0" * 27 + "2")
    return struct.pack("!IHBB", 0x60000000, 8, protocol, 64) + ends + struct.pack("!HH", *ports)


def passes(text: str, packet: bytes) -> bool:
    """Whether the kernel, which runs the program on what a local socket receives too, lets it through."""
    program = filters.program(filters.read(text))
    code = ctypes.create_string_buffer(program)
    whole = packets.SOCK_FPROG.pack(
        len(program) // filters.INSTRUCTION.size, ctypes.addressof(code)
    )
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with near, far:
        far.setsockopt(socket.SOL_SOCKET, packets.SO_ATTACH_FILTER, whole)
        far.setblocking(False)
        near.send(packet)
        try:
            return far.recv(100) == packet
        except BlockingIOError:
            return False


@pytest.mark.parametrize(
    ("text", "packet", "passed"),
    [
        ("tcp and port 443", four(6, ports=(443, 1)), True),
        ("tcp and port 443", four(6, ports=(1, 443)), True),
        ("tcp and port 443", four(17, ports=(1, 443)), False),
        ("port 443", four(17, options=5, ports=(443, 1)), True),
        ("port 443", four(17, options=5, ports=(1, 1)), False),
        ("port 443", four(17, fragment=0x2000, ports=(443, 1)), True),  # the first of several
        ("port 443", four(17, fragment=5, ports=(443, 1)), False),  # has no ports
        ("port 443", four(1, ports=(443, 1)), False),
        ("port 443", six(6, (1, 443)), True),
        ("port 443", six(58, (1, 443)), False),
        ("icmp", six(58), True),
        ("icmp", four(58), False),
        ("esp", four(50), True),
        ("host 10.1.1.1", four(50), True),
        ("host 10.2.2.2", four(50), True),
        ("host 10.1.1.2", four(50), False),
        ("host 10.1.1.1 and host 10.2.2.2", four(50), True),
        ("net 10.1.0.0/16 and udp", four(17), True),
        ("net 10.3.0.0/16", four(17), False),
        ("net 0.0.0.0/0", four(17), True),
        ("net 0.0.0.0/0", six(17), False),
        ("host fd02::2", six(17), True),
        ("host fd02::3", six(17), False),
        ("net fd01::/16 and host fd02::2", six(17), True),
        ("", six(17), True),
        ("", b"\x00" * 40, False),
    ],
)
def test_the_kernel_runs_the_program_as_it_is_meant(text: str, packet: bytes, passed: bool) -> None:
    assert passes(text, packet) == passed


@pytest.mark.parametrize(
    "text",
    [
        "frob",
        "host",
        "host x",
        "port 70000",
        "port x",
        "not tcp",
        "tcp or udp",
        "net 10.0.0.0/40",
        "and",
    ],
)
def test_what_is_no_filter(text: str) -> None:
    with pytest.raises(InputFault):
        filters.read(text)


@given(st.binary(max_size=120), st.booleans())
def test_any_packet_is_told_in_one_line(data: bytes, outgoing: bool) -> None:
    told = packets.told(Packet(data, 1_700_000_000_123_456_789, "ipsec1", outgoing))
    assert told.startswith("22:13:20.123456 ipsec1 ")
    assert told.isprintable()


def test_a_capture_is_a_pcap_file_with_nanoseconds() -> None:
    made = packets.record(Packet(b"\x45" + bytes(19), 5_000_000_007, "ipsec1", True))
    assert struct.unpack("=IIII", made[:16]) == (5, 7, 20, 20)
    assert struct.unpack("=IHHiIII", packets.PCAP_HEADER)[-1] == 101


def test_a_fragment_has_no_ports() -> None:
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 0, 5, 64, 17, 0, b"\1\1\1\1", b"\2\2\2\2")
    told = packets.told(Packet(head + bytes(8), 0, "lan", False))
    assert told == "00:00:00.000000 lan in 1.1.1.1 > 2.2.2.2 udp, a fragment, 28 bytes"
