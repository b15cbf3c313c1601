"""A stranger in a gateway's place: answers every first message of IKE with a notification that nobody has defined.

    python stranger.py DEVICE

It reads and writes packets beside the gateway's own daemon, whose port a firewall rule has closed meanwhile.
"""

from __future__ import annotations

import socket
import struct
import sys

IKE_PORT = 500
ETH_P_IP = 0x0800
UNDEFINED = 9999
"""A notification of the range that is for private use with errors in IKEv2, and of none in IKEv1 (RFC 7296, 2408)."""

_UDP = struct.Struct("!HHHH")
_LENGTH = struct.Struct("!I")


def answer(message: bytes) -> bytes:
    """The answer to a first message: its header turned round, and a notification."""
    header = message[:8] + b"strangers"[:8]
    if message[17] >> 4 == 2:  # RFC 7296, sections 3.1 and 3.10
        payload = struct.pack("!BBHBBH", 0, 0, 8, 0, 0, UNDEFINED)
        header += bytes((41, 0x20, 34, 0x20)) + message[20:24]
    else:  # RFC 2408, sections 3.1 and 3.14
        payload = struct.pack("!BBHIBBH", 0, 0, 12, 1, 1, 0, UNDEFINED)
        header += bytes((11, 0x10, 5, 0)) + bytes(4)
    return header + _LENGTH.pack(28 + len(payload)) + payload


def main(device: str) -> None:
    """Answers until it is ended."""
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    heard.bind((device, ETH_P_IP))
    says = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    while True:
        packet, (_, _, kind, *_) = heard.recvfrom(1 << 16)
        begin = (packet[0] & 15) * 4
        if kind == socket.PACKET_OUTGOING or packet[9] != socket.IPPROTO_UDP:
            continue
        source, destination, _, _ = _UDP.unpack_from(packet, begin)
        message = packet[begin + _UDP.size :]
        if destination != IKE_PORT or len(message) < 28:
            continue
        data = answer(message)
        says.bind((socket.inet_ntoa(packet[16:20]), 0))
        says.sendto(
            _UDP.pack(IKE_PORT, source, _UDP.size + len(data), 0) + data,
            (socket.inet_ntoa(packet[12:16]), 0),
        )


if __name__ == "__main__":
    main(sys.argv[1])
