"""Packets as they pass a device of a namespace: a packet socket of our own, and what is written of them (pcap).

What is taken begins with IP, whatever the device puts before it, so packets of several devices go into one file.
"""

from __future__ import annotations

import asyncio
import ctypes
import ipaddress
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from ipsec_client.base.errors import HostFault
from ipsec_client.kernel import namespaces
from ipsec_client.kernel.filters import INSTRUCTION

ETH_P_ALL = 3  # linux/if_ether.h
PACKET_OUTGOING = 4  # linux/if_packet.h
SOL_PACKET, PACKET_STATISTICS = 263, 6
SO_ATTACH_FILTER, SO_TIMESTAMPNS = 26, 35  # asm-generic/socket.h
TIMESPEC = struct.Struct("@ll")
SOCK_FPROG = struct.Struct("@HP")  # struct sock_fprog: how many instructions, and where
AT_ONCE = 16  # packets taken in one turn of the loop: health must not wait behind a capture
LONGEST = 65_535  # bytes of a packet that are kept

PCAP_HEADER = struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, LONGEST, 101)
"""The head of a pcap file with nanoseconds, of packets that begin with IP (LINKTYPE_RAW)."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet: its ``data`` from its IP header on, when it passed in nanoseconds since 1970, by which device and which
    way.
    """

    data: bytes
    at: int
    device: str
    outgoing: bool


class Tap:
    """Tells the packets that pass one device and that a filter's program lets through."""

    def __init__(
        self, netns: str, device: str, program: bytes, on_packet: Callable[[Packet], None]
    ) -> None:
        self._device = device
        self._on_packet = on_packet
        self._socket = namespaces.open_socket(netns, socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        code = ctypes.create_string_buffer(program)
        whole = SOCK_FPROG.pack(len(program) // INSTRUCTION.size, ctypes.addressof(code))
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, whole)
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self._socket.bind((device, ETH_P_ALL))  # from here on packets come
        except OSError as error:
            self._socket.close()
            raise HostFault(f"cannot capture on {device}: {error.strerror}") from None
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._ready)

    def close(self) -> int:
        """Ends it; how many packets the kernel had to drop, for they came faster than they were read.

        The kernel ends a packet socket when none of its processors can be using it any more (packet_release of
        net/packet/af_packet.c): up to 40 ms, which no failover waits for.
        """
        self._loop.remove_reader(self._socket.fileno())
        counted = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self._loop.run_in_executor(None, self._socket.close)
        dropped: int = struct.unpack("@II", counted)[1]
        return dropped

    def _ready(self) -> None:
        for _ in range(AT_ONCE):
            try:
                data, ancillary, _, address = self._socket.recvmsg(
                    LONGEST, socket.CMSG_SPACE(TIMESPEC.size)
                )
            except BlockingIOError:
                return
            except OSError:  # the device went down, or away; it may come back
                return
            outgoing = address[2] == PACKET_OUTGOING
            self._on_packet(Packet(data, _stamp(ancillary), self._device, outgoing))
            if self._socket.fileno() < 0:
                return


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, stamp in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, rest = TIMESPEC.unpack(stamp)
            at: int = seconds * 10**9 + rest
            return at
    return time.time_ns()


def record(packet: Packet) -> bytes:
    """The packet in a pcap file."""
    size = len(packet.data)
    return struct.pack("=IIII", *divmod(packet.at, 10**9), size, size) + packet.data


_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "icmp6"}
_PORTS = (6, 17)


def told(packet: Packet) -> str:
    """The packet in a line: ``10:00:00.123456 ipsec1 out 10.1.1.5 > 10.2.2.2 tcp 51234 > 443, 60 bytes``."""
    seconds, rest = divmod(packet.at, 10**9)
    stamp = f"{time.strftime('%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06}"
    way = "out" if packet.outgoing else "in"
    return f"{stamp} {packet.device} {way} {_inside(packet.data)}, {len(packet.data)} bytes"


def _inside(data: bytes) -> str:
    version = data[0] >> 4 if data else 0
    if version == 4 and len(data) >= 20:
        start, number, ends = (data[0] & 0xF) * 4, data[9], (data[12:16], data[16:20])
        first = not int.from_bytes(data[6:8], "big") & 0x1FFF
    elif version == 6 and len(data) >= 40:
        start, number, ends, first = 40, data[6], (data[8:24], data[24:40]), True
    else:
        return "no IP"
    source, destination = map(ipaddress.ip_address, ends)
    text = f"{source} > {destination} {_NAMES.get(number, number)}"
    if number in _PORTS and first and len(data) >= start + 4:
        text += " {} > {}".format(*struct.unpack_from("!HH", data, start))
    return text if first else f"{text}, a fragment"
