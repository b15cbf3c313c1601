"""The prober of one tunnel: raw ICMP sockets inside the namespace, bound to the tunnel device. Never blocks.

Which source address a probe bears is nftables' matter; when one is due and what a missing answer means is health's.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import struct
import time
from collections.abc import Callable, Sequence

from ipsec_client.probes.packet import ECHO_REPLY, ECHO_REPLY_6, reply, request

SOL_RAW, ICMP_FILTER = 255, 1  # linux/icmp.h
ICMP6_FILTER = 1  # RFC 3542, section 3.2
LARGEST = 128  # bytes; an answer of ours is shorter, whatever options IP adds
LATEST = 60 * 10**9  # nanoseconds; an answer that claims to be older is a forgery
SO_TIMESTAMPNS = 35  # asm-generic/socket.h
TIMESPEC = struct.Struct("@ll")  # seconds and nanoseconds of the wall clock
ANCILLARY = socket.CMSG_SPACE(TIMESPEC.size)

Heard = tuple[str, int, float]
"""Destination, sequence and round trip in seconds."""

OnAnswers = Callable[[Sequence[Heard]], None]
"""Called with all answers that were there at once."""

Opener = Callable[[int, int, int], socket.socket]
"""Makes a socket of a family, type and protocol inside the client's namespace."""

_identifiers = itertools.count(os.getpid())


class Prober:
    """Sends echo requests out of one tunnel device and tells the answers: as they come, on the running loop, or when
    it is asked to ``hear``. How long they waited for that is no part of their round trip.
    """

    def __init__(self, opener: Opener, device: str, on_answers: OnAnswers) -> None:
        self._open = opener
        self._device = device.encode()
        self._on_answers = on_answers
        self.identifier = next(_identifiers) & 0xFFFF
        self._sockets: dict[int, socket.socket] = {}
        self._at_once = True
        self._loop = asyncio.get_running_loop()

    def send(self, destination: str, sequence: int) -> None:
        """Sends one request to an address; raises OSError when it cannot leave (no device, no route, no buffer)."""
        family = 6 if ":" in destination else 4
        if family not in self._sockets:
            self._sockets[family] = self._opened(family)
        through = self._sockets[family]
        data = request(family, self.identifier, sequence, time.monotonic_ns())
        try:
            through.sendto(data, (destination, 0))
        except OSError:  # the device may have gone and come back with another number
            through.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._device)
            through.sendto(data, (destination, 0))

    def listen(self, at_once: bool) -> None:
        """From now on answers are told as they come, or not until ``hear``, which saves a waking for each."""
        if at_once is not self._at_once:
            self._at_once = at_once
            for family, opened in self._sockets.items():
                self._listen(family, opened)

    def hear(self) -> None:
        """Tells the answers that are there."""
        for family, opened in self._sockets.items():
            self._ready(family, opened)

    def close(self) -> None:
        """Closes the sockets; answers that are still under way are not told."""
        for opened in self._sockets.values():
            self._loop.remove_reader(opened.fileno())
            opened.close()
        self._sockets.clear()

    def _opened(self, family: int) -> socket.socket:
        if family == 4:
            opened = self._open(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        else:
            opened = self._open(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._device)
        except OSError:  # unbound, it would send by any other device
            opened.close()
            raise
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        _only_replies(opened, family)
        self._listen(family, opened)
        return opened

    def _listen(self, family: int, opened: socket.socket) -> None:
        if self._at_once:
            self._loop.add_reader(opened.fileno(), self._ready, family, opened)
        else:
            self._loop.remove_reader(opened.fileno())

    def _ready(self, family: int, opened: socket.socket) -> None:
        heard: list[Heard] = []
        while True:
            try:
                data, ancillary, _, source = opened.recvmsg(LARGEST, ANCILLARY)
            except OSError:  # all is read; or an ICMP error, which the missing answer will tell
                break
            answer = reply(family, self.identifier, data)
            if answer is None:
                continue
            late = time.monotonic_ns() - answer.sent
            if 0 <= late <= LATEST:
                late -= min(late, _waited(ancillary))
                heard.append((source[0], answer.sequence, late / 1e9))
        if heard:
            self._on_answers(heard)


def _waited(ancillary: list[tuple[int, int, bytes]]) -> int:
    """For how many nanoseconds a packet has been in its socket."""
    for level, kind, stamp in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, rest = TIMESPEC.unpack(stamp)
            waited: int = time.time_ns() - seconds * 10**9 - rest
            return max(0, waited)
    return 0


def _only_replies(opened: socket.socket, family: int) -> None:
    """Has the kernel drop all but echo replies, so that other traffic does not wake us."""
    if family == 4:
        passing = struct.pack("=I", ~(1 << ECHO_REPLY) & 0xFFFFFFFF)
        opened.setsockopt(SOL_RAW, ICMP_FILTER, passing)
        return
    words = [0xFFFFFFFF] * 8
    words[ECHO_REPLY_6 // 32] ^= 1 << ECHO_REPLY_6 % 32
    opened.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("=8I", *words))
