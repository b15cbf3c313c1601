"""The far ends of four tunnels, 5, 10, 15 and 20 ms away: echo requests from ``far1`` to ``far4`` answered late."""

from __future__ import annotations

import heapq
import select
import socket
import struct
import time

DELAY = 0.005  # seconds for the first, twice as many for the second, ...
TUNNELS = 4
ECHO_REQUEST = 8
SOURCE = slice(12, 16)  # in an IPv4 header
DESTINATION = slice(16, 20)
IP_PKTINFO = 8  # linux/in.h; with it the address to answer from
ICMP = 20  # where it begins, after a header without options


def main() -> None:
    """Answers until it is killed."""
    sockets = [_opened(number) for number in range(1, TUNNELS + 1)]
    waiting: list[tuple[float, int, bytes]] = []
    while True:
        due = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for ready in select.select(sockets, [], [], due)[0]:
            number = sockets.index(ready)
            packet = ready.recv(128)
            if packet[ICMP] == ECHO_REQUEST:
                heapq.heappush(waiting, (time.monotonic() + DELAY * (number + 1), number, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, number, packet = heapq.heappop(waiting)
            _answer(sockets[number], packet)


def _opened(number: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, f"far{number}".encode())
    return opened


def _answer(through: socket.socket, packet: bytes) -> None:
    checksum = int.from_bytes(packet[ICMP + 2 : ICMP + 4], "big") + (ECHO_REQUEST << 8)
    checksum = (checksum & 0xFFFF) + (checksum >> 16)  # RFC 1624
    reply = struct.pack("!BBH", 0, 0, checksum) + packet[ICMP + 4 :]
    source = struct.pack("=I4s4s", 0, packet[DESTINATION], bytes(4))
    asker = socket.inet_ntoa(packet[SOURCE])
    through.sendmsg([reply], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, (asker, 0))


if __name__ == "__main__":
    main()
