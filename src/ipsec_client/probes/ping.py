"""An operator's ``ping``: one request after the other on a raw socket of its own, inside a namespace. Never forks."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import socket
import struct

from ipsec_client.base.errors import HostFault
from ipsec_client.probes import echo
from ipsec_client.probes.icmp import Opener

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 10, 23  # linux/in.h, linux/in6.h
DO, DO_NOT = 2, 0  # IP_PMTUDISC_DO, IP_PMTUDISC_DONT
IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT = 51, 52  # linux/in6.h
LARGEST = 65_600  # bytes of a datagram with its header

_identifiers = itertools.count(os.getpid() ^ 0x5A5A)


class Pinger:
    """Sends requests to one address out of one device (empty: by the routes) and hears of each."""

    def __init__(self, opener: Opener, address: str, device: str, *, whole: bool) -> None:
        self._address = address
        self._family = 6 if echo.is_six(address) else 4
        self._identifier = next(_identifiers) & 0xFFFF
        self._socket = self._opened(opener, device, whole)
        self._waiting: dict[int, asyncio.Future[echo.Heard]] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._ready)

    def close(self) -> None:
        """Closes the socket."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    async def ping(
        self, sequence: int, size: int, timeout: float
    ) -> tuple[echo.Heard, float] | None:
        """What became of one request, and after how many seconds; None: nothing was heard within ``timeout``.

        Raises HostFault where it cannot even be sent.
        """
        waiting = self._waiting[sequence & 0xFFFF] = self._loop.create_future()
        data = echo.request(self._family, self._identifier, sequence, size)
        begun = self._loop.time()
        try:
            self._socket.sendto(data, (self._address, 0))
            async with asyncio.timeout(timeout):
                found = await waiting
        except TimeoutError:
            return None
        except OSError as error:
            cure = "Send less, or without set-df-bit" if error.errno == errno.EMSGSIZE else ""
            raise HostFault(
                f"cannot send to {self._address}: {error.strerror}", cure=cure
            ) from None
        finally:
            del self._waiting[sequence & 0xFFFF]
        return found, self._loop.time() - begun

    def _opened(self, opener: Opener, device: str, whole: bool) -> socket.socket:
        six = self._family == 6
        family = socket.AF_INET6 if six else socket.AF_INET
        opened = opener(
            family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
        )
        level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
        discover = IPV6_MTU_DISCOVER if six else IP_MTU_DISCOVER
        try:
            if device:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            opened.setsockopt(level, discover, DO if whole else DO_NOT)
            if six:
                opened.setsockopt(level, IPV6_RECVHOPLIMIT, 1)
        except OSError as error:
            opened.close()
            raise HostFault(f"cannot send out of {device}: {error.strerror}") from None
        opened.setblocking(False)
        return opened

    def _ready(self) -> None:
        while True:
            try:
                data, ancillary, _, source = self._socket.recvmsg(LARGEST, socket.CMSG_SPACE(4))
            except OSError:  # all is read
                return
            found = echo.heard(
                self._family, self._identifier, data, source[0], _hop_limit(ancillary)
            )
            waiting = self._waiting.get(found.sequence) if found else None
            if found and waiting and not waiting.done():
                waiting.set_result(found)


def _hop_limit(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IPV6, IPV6_HOPLIMIT):
            limit: int = struct.unpack("@i", data[:4])[0]
            return limit
    return 0
