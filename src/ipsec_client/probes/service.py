"""Asks services through one tunnel: TCP connections, HTTP and DNS requests. Never blocks, forks, or starts a thread.

Sockets live in the namespace, are bound to the tunnel device and marked, so that its firewall lets out these and no
others. Opening one there takes a thread; so an attempt gives its socket back, unconnected, for the next.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ipsec_client.health.wanted import Question
from ipsec_client.plan.objects import PROBE_MARK
from ipsec_client.probes import dns, http
from ipsec_client.probes.icmp import Heard, OnAnswers, Opener

IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h: the port is chosen when it connects, and free afterwards
SPARE = 16
"""Sockets of each kind that are kept for later attempts."""

OnRejection = Callable[[str, int, str], None]
"""Called with destination, sequence, and what was answered."""

_libc = ctypes.CDLL(None, use_errno=True)
_NOWHERE = bytes(16)  # a socket address of family AF_UNSPEC, which undoes a connect: connect(2)
_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENONET}

Kind = tuple[int, int]
"""Family and type of a socket."""


@dataclass(eq=False)
class _Attempt:
    """A question under way. Until ``connected`` nothing of the far end is known; ``request`` goes out then."""

    through: socket.socket
    kind: Kind
    destination: str
    sequence: int
    question: Question
    request: bytes
    begun: float = 0.0
    received: bytes = b""
    given_up: asyncio.TimerHandle | None = None


class ServiceProber:
    """Asks and tells what is answered. ``source`` is the namespace's own IPv4 address to ask from: another one for
    each tunnel, so that connection tracking never takes a question through one tunnel for that of another.
    """

    def __init__(
        self,
        opener: Opener,
        device: str,
        source: str,
        on_answers: OnAnswers,
        on_rejection: OnRejection,
    ) -> None:
        self._open = opener
        self._device = device.encode()
        self._source = source
        self._on_answers = on_answers
        self._on_rejection = on_rejection
        self._spare: dict[Kind, list[socket.socket]] = {}
        self._attempts: set[_Attempt] = set()
        self._loop = asyncio.get_running_loop()

    def send(
        self, destination: str, sequence: int, question: Question, address: str, patience: float
    ) -> None:
        """Begins to ask the host at ``address``; raises OSError where nothing can leave. The answer is told under
        ``destination``; after ``patience`` seconds it is waited for no more.
        """
        stream = question.protocol != "dns"
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        kind = (family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
        begun = time.monotonic()
        through = self._connected(kind, (address, question.port))
        request = _request(question, os.urandom(2))
        attempt = _Attempt(through, kind, destination, sequence, question, request, begun)
        self._attempts.add(attempt)
        attempt.given_up = self._loop.call_later(patience, self._release, attempt)
        if stream:
            self._loop.add_writer(through.fileno(), self._writable, attempt)
            return
        self._loop.add_reader(through.fileno(), self._readable, attempt)
        try:
            through.send(request)
        except OSError:
            self._release(attempt)
            raise

    def close(self) -> None:
        """Closes all; what is still under way is not told."""
        for attempt in tuple(self._attempts):
            self._release(attempt)
        for spare in self._spare.values():
            for unused in spare:
                unused.close()
        self._spare.clear()

    # --- sockets --------------------------------------------------------------------------------------

    def _connected(self, kind: Kind, where: tuple[str, int]) -> socket.socket:
        """A socket that connects. It is bound to the device anew each time, which may have been made anew; and a
        datagram socket forgets it with what it was connected to (__udp_disconnect in net/ipv4/udp.c).
        """
        spare = self._spare.get(kind)
        through = spare.pop() if spare else self._opened(kind)
        try:
            through.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._device)
            with suppress(BlockingIOError):
                through.connect(where)
        except OSError:  # unbound, it would ask by any other device
            through.close()
            raise
        return through

    def _opened(self, kind: Kind) -> socket.socket:
        family, of_type = kind
        opened = self._open(family, of_type, 0)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, PROBE_MARK)
            opened.setblocking(False)
            if family == socket.AF_INET:
                opened.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                opened.bind((self._source, 0))
        except OSError:
            opened.close()
            raise
        return opened

    def _release(self, attempt: _Attempt) -> None:
        """The attempt is over. A connection ends by a reset, which leaves nothing to wait for at either end."""
        through = attempt.through
        self._attempts.discard(attempt)
        if attempt.given_up:
            attempt.given_up.cancel()
        self._loop.remove_writer(through.fileno())
        self._loop.remove_reader(through.fileno())
        spare = self._spare.setdefault(attempt.kind, [])
        if len(spare) >= SPARE or _libc.connect(through.fileno(), _NOWHERE, len(_NOWHERE)) != 0:
            through.close()
            return
        through.getsockopt(
            socket.SOL_SOCKET, socket.SO_ERROR
        )  # that of this attempt is no later one's
        spare.append(through)

    # --- what the far end does ------------------------------------------------------------------------

    def _writable(self, attempt: _Attempt) -> None:
        self._loop.remove_writer(attempt.through.fileno())
        number = attempt.through.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._rejected(attempt, _why(number, attempt.question.port))
        elif not attempt.request:
            self._answered(attempt)
        else:
            self._loop.add_reader(attempt.through.fileno(), self._readable, attempt)
            with suppress(OSError):  # what is wrong is read
                attempt.through.send(attempt.request)

    def _readable(self, attempt: _Attempt) -> None:
        try:
            data = attempt.through.recv(http.LONGEST_LINE)
        except BlockingIOError:
            return
        except OSError as error:
            self._rejected(attempt, _why(error.errno or 0, attempt.question.port))
            return
        judge = _judge_datagram if attempt.question.protocol == "dns" else _judge_stream
        trouble = judge(attempt, data)
        if trouble == "":
            self._answered(attempt)
        elif trouble:
            self._rejected(attempt, trouble)

    def _answered(self, attempt: _Attempt) -> None:
        heard: Heard = (attempt.destination, attempt.sequence, time.monotonic() - attempt.begun)
        self._release(attempt)
        self._on_answers([heard])

    def _rejected(self, attempt: _Attempt, reason: str) -> None:
        self._release(attempt)
        self._on_rejection(attempt.destination, attempt.sequence, reason)


def _request(question: Question, identifier: bytes) -> bytes:
    """What is sent once there is a connection; a TCP probe wants no more than that."""
    match question.protocol:
        case "http":
            return http.request(question.path, question.host_header, question.port)
        case "dns":
            return dns.query(int.from_bytes(identifier), question.query, question.query_type)
    return b""


def _judge_datagram(attempt: _Attempt, data: bytes) -> str | None:
    return dns.trouble(attempt.request, data)


def _judge_stream(attempt: _Attempt, data: bytes) -> str | None:
    """What is wrong with the answer so far; nothing ("") if it is good, None while it is not whole."""
    if not data:
        return "ends the connection without an answer"
    attempt.received += data
    try:
        status = http.status(attempt.received)
    except ValueError as error:
        return str(error)
    if status is None:
        return None
    first, last = attempt.question.statuses
    return "" if first <= status <= last else f"answers {status}"


def _why(number: int, port: int) -> str:
    """An error of the far end, or of a router on the way, in words that follow the destination."""
    if number == errno.ECONNREFUSED:
        return f"refuses port {port}"
    if number in _UNREACHABLE:
        return "is unreachable"
    if number == errno.ECONNRESET:
        return "resets the connection"
    return f"fails: {os.strerror(number)}"
