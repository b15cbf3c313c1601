"""Bulk TCP through a tunnel, with a checksum of what arrived; a program for two machines of the lab.

    python -m ipsec_lab.bulk serve ADDRESS
    python -m ipsec_lab.bulk send ADDRESS BYTES

The server answers each connection, once its sender has said all, with the checksum of what came. The sender prints one
line of JSON: whether that is what it sent, the seconds it took, and the largest segment at the begin and the end.
"""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import time

PORT = 5201
_PIECE = bytes(range(256)) * 256
_PATIENCE = 20.0
"""Seconds without any progress after which it is given up."""


def serve(address: str) -> None:
    """Answer whoever comes, until killed."""
    with socket.create_server((address, PORT), family=_family(address)) as server:
        print("serving", flush=True)
        while True:
            line, _ = server.accept()
            with line:
                line.settimeout(_PATIENCE)
                digest = hashlib.sha256()
                while piece := line.recv(1 << 16):
                    digest.update(piece)
                line.sendall(digest.digest())


def send(address: str, size: int) -> dict[str, object]:
    """Send so many bytes; raises OSError where nothing passes."""
    begin, digest = time.monotonic(), hashlib.sha256()
    with socket.create_connection((address, PORT), timeout=_PATIENCE) as line:
        first = _segment(line)
        for start in range(0, size, len(_PIECE)):
            piece = _PIECE[: size - start]
            line.sendall(piece)
            digest.update(piece)
        line.shutdown(socket.SHUT_WR)
        whole = line.recv(64) == digest.digest()
        return {
            "whole": whole,
            "seconds": round(time.monotonic() - begin, 2),
            "first_segment": first,
            "last_segment": _segment(line),
        }


def _segment(line: socket.socket) -> int:
    return line.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    print(json.dumps(send(sys.argv[2], int(sys.argv[3]))))
