"""An HTTP request as bytes, and the status in what is answered. Pure; RFC 9112. Only the status line is ever judged."""

from __future__ import annotations

import re

LONGEST_LINE = 4096
"""Bytes in which a status line must have ended."""

_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-5][0-9][0-9])(?: [^\r\n]*)?\r?\n")


def request(path: str, host: str, port: int) -> bytes:
    """A GET of ``path``; the connection ends with the answer."""
    name = f"[{host}]" if ":" in host else host
    where = name if port == 80 else f"{name}:{port}"
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {where}",
        "User-Agent: ipsec-client",
        "Accept: */*",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii", "replace")


def status(data: bytes) -> int | None:
    """The status of the answer that begins so; None while its first line has not ended.

    Raises ValueError for what is no HTTP, or has no end.
    """
    found = _STATUS_LINE.match(data)
    if found:
        return int(found[1])
    if b"\n" in data or len(data) >= LONGEST_LINE or not _may_begin(data):
        raise ValueError("answers no HTTP")
    return None


def _may_begin(data: bytes) -> bool:
    begun = b"HTTP/1."[: len(data)]
    return data[: len(begun)] == begun
