"""The provider's name server: tells the addresses of gateways that are named, other ones on command, or nothing.

    python -m ipsec_lab.nameserver ADDRESS ZONE

ZONE is a file of JSON, read again for each question: the addresses of each name; none: the server does not answer.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path

from ipsec_lab.document import Remote, Site
from ipsec_lab.errors import LabError
from ipsec_lab.host import Host, end

PORT = 53
LIFE = 5
"""Seconds that an answer may be kept."""

_ZONE = "/run/zone.json"
_HEADER = struct.Struct("!HHHHHH")
_QUESTION = struct.Struct("!HH")
_RECORD = struct.Struct("!HHHIH")
_TYPES = {1: 4, 28: 6}
"""A and AAAA (RFC 1035, RFC 3596) by the version of IP they are of."""
_ANSWERED, _NO_SUCH_NAME = 0x8580, 0x8583
_NAME_OF_QUESTION = 0xC00C
"""A pointer to the name behind the header; RFC 1035, section 4.1.4."""

Zone = Mapping[str, Sequence[str]]


def answer(query: bytes, zone: Zone) -> bytes | None:
    """The answer to a question; None where there is to be none, or nothing was asked."""
    if len(query) < _HEADER.size + 5:
        return None
    number = _HEADER.unpack_from(query)[0]
    labels, at = [], _HEADER.size
    while at < len(query) and (length := query[at]):
        labels.append(query[at + 1 : at + 1 + length].decode(errors="replace").lower())
        at += 1 + length
    if len(query) < at + 1 + _QUESTION.size:
        return None
    kind, _ = _QUESTION.unpack_from(query, at + 1)
    question = query[_HEADER.size : at + 1 + _QUESTION.size]
    name = ".".join(labels)
    if name not in zone:
        return _HEADER.pack(number, _NO_SUCH_NAME, 1, 0, 0, 0) + question
    if not zone[name]:
        return None
    found = [ip_address(text) for text in zone[name]]
    data = [address.packed for address in found if address.version == _TYPES.get(kind)]
    records = [_RECORD.pack(_NAME_OF_QUESTION, kind, 1, LIFE, len(each)) + each for each in data]
    return _HEADER.pack(number, _ANSWERED, 1, len(records), 0, 0) + question + b"".join(records)


def serve(address: str, zone: Path) -> None:
    """Answer until killed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((address, PORT))
        print("serving", flush=True)
        while True:
            query, whom = line.recvfrom(512)
            told = answer(query, json.loads(zone.read_text()))
            if told is not None:
                line.sendto(told, whom)


class NameServer:
    """The server as the lab drives it. It knows the gateways that are named in the configuration."""

    def __init__(self, provider: Host, site: Site) -> None:
        self._provider = provider
        self._at = str(site.name_server)
        self._told = {remote.host_name: remote for remote in site.remotes if remote.host_name}
        self._zone: dict[str, list[str]] = {name: [str(r.host)] for name, r in self._told.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, where there are names."""
        if not self._told:
            return
        self._write()
        argv = [sys.executable, "-m", "ipsec_lab.nameserver", self._at, _ZONE]
        self._process = self._provider.start(argv, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise LabError("the provider's name server does not start")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            end(self._process)

    def named(self, remote: Remote) -> None:
        """Raises LabError for a remote whose gateway has no name."""
        if not remote.host_name:
            raise LabError(
                f"the gateway of {remote.name} has no name", cure="Give the remote a name as host"
            )

    def tell(self, name: str, *, moved: bool, silent: bool) -> None:
        """What it answers from now on: where the gateway is, or where it moves to, or nothing."""
        remote = self._told[name]
        self._zone[name] = [] if silent else [str(remote.other if moved else remote.host)]
        self._write()

    def _write(self) -> None:
        self._provider.write(_ZONE, json.dumps(self._zone))


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
