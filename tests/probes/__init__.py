"""What the tests of probes share."""

from __future__ import annotations

import struct


def checksum(data: bytes) -> int:
    """The Internet checksum, added word by word (RFC 1071); over data that holds its right one it is 0."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total
