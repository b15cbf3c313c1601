"""Netlink itself: messages, attributes, and a socket that asks, dumps and listens. Knows no family's content.

Layouts are those of linux/netlink.h (netlink(7)). What is received is parsed in place and then overwritten,
because XFRM messages hold keys: a ``memoryview`` handed out is valid only during the call.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

from ipsec_client.kernel.namespaces import open_socket

T = TypeVar("T")

NETLINK_ROUTE, NETLINK_XFRM = 0, 6

NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR = 0x1, 0x4, 0x10
NLM_F_DUMP = 0x300
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 0x100, 0x200, 0x400
NLM_F_ACK_TLVS = 0x200

SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 1, 10, 11, 12
NLMSGERR_ATTR_MSG = 1

SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33
SOCK_FILTER = struct.Struct("=HBBI")  # code, jump if true, jump if false, operand (linux/filter.h)
SOCK_FPROG = struct.Struct("@HP")  # how many, where
EVENT_BUFFER = 4 << 20  # bytes of events the kernel keeps for a listener that is busy

NLMSGHDR = struct.Struct("=IHHII")  # length, type, flags, sequence, port
NLATTR = struct.Struct("=HH")  # length, type
NLMSGERR = struct.Struct("=i")  # -errno
NLA_TYPE_MASK = 0x3FFF
BUFFER = 1 << 16


def attribute(kind: int, data: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return NLATTR.pack(NLATTR.size + len(data), kind) + data + bytes(-len(data) % 4)


def number(kind: int, value: int) -> bytes:
    """An attribute holding an unsigned 32-bit number in host order."""
    return attribute(kind, struct.pack("=I", value))


def text(kind: int, value: str) -> bytes:
    """An attribute holding a string that ends in a zero byte."""
    return attribute(kind, value.encode() + b"\0")


def attributes(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The attributes in ``data``, without copying; a truncated one ends the walk."""
    at = 0
    while at + NLATTR.size <= len(data):
        length, kind = NLATTR.unpack_from(data, at)
        if length < NLATTR.size or at + length > len(data):
            return
        yield kind & NLA_TYPE_MASK, data[at + NLATTR.size : at + length]
        at += (length + 3) & ~3


def message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    """One whole message with its header."""
    return NLMSGHDR.pack(NLMSGHDR.size + len(body), kind, flags, sequence, 0) + body


def messages(data: memoryview) -> Iterator[tuple[int, int, int, memoryview]]:
    """Type, flags, sequence and body of each message in ``data``; a truncated one ends the walk."""
    at = 0
    while at + NLMSGHDR.size <= len(data):
        length, kind, flags, sequence, _port = NLMSGHDR.unpack_from(data, at)
        if length < NLMSGHDR.size or at + length > len(data):
            return
        yield kind, flags, sequence, data[at + NLMSGHDR.size : at + length]
        at += (length + 3) & ~3


class Netlink:
    """A netlink socket held open inside a namespace (``""``: our own). Not for two threads at once."""

    def __init__(
        self,
        protocol: int,
        netns: str = "",
        *,
        groups: Iterable[int] = (),
        program: Sequence[tuple[int, int, int, int]] = (),
    ) -> None:
        """``groups`` are those to listen to; ``program`` (classic BPF) says which of their events reach us at all."""
        self._socket = open_socket(netns, socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.buffer = bytearray(BUFFER)
        self._sequence = 0
        try:
            for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK):
                self._socket.setsockopt(SOL_NETLINK, option, 1)
            if program:
                self._attach(program)
            self._socket.bind((0, 0))
            for group in groups:
                self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, EVENT_BUFFER)
                self._socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
        except BaseException:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The descriptor, for a loop to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the socket; a second call does nothing."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def request(self, kind: int, body: bytes, flags: int = 0) -> None:
        """Asks the kernel to do something; raises OSError with the kernel's own words when it refuses.

        The kernel does it within ``send``, so the answer is there at once: nothing waits.
        """
        self.requests([(kind, body, flags)])

    def requests(self, wanted: Sequence[tuple[int, bytes, int]]) -> None:
        """Asks for several things, by kind, body and flags, in one ``send``: they are done with nothing in between.

        All are tried; raises the first refusal.
        """
        first = self._sequence + 1
        sent = bytearray()
        for kind, body, flags in wanted:
            self._sequence += 1
            sent += message(kind, flags | NLM_F_REQUEST | NLM_F_ACK, self._sequence, body)
            sent += bytes(-len(sent) % 4)
        self._socket.send(sent)
        answers: list[OSError | None] = []

        def answered(got: int, flags: int, number: int, body: memoryview) -> bool:
            if got == NLMSG_ERROR and number >= first:
                answers.append(refusal(flags, body))
            return len(answers) == len(wanted)

        while not self._receive(answered):
            pass
        for error in answers:
            if error is not None:
                raise error

    def get(self, kind: int, body: bytes, parse: Callable[[memoryview], T | None]) -> T | None:
        """The one thing asked for; raises OSError when the kernel refuses."""
        sequence = self._send(kind, 0, body)
        found: list[T | None] = []

        def take(got: int, flags: int, number: int, body: memoryview) -> bool:
            if number != sequence:
                return False
            if got == NLMSG_ERROR:
                _raise_refusal(flags, body)
            found.append(parse(body))
            return True

        while not self._receive(take):
            pass
        return found[0]

    def dump(self, kind: int, body: bytes, parse: Callable[[memoryview], T | None]) -> list[T]:
        """Everything of a kind that ``parse`` does not answer with None."""
        for _attempt in range(5):  # a dump that overlaps a change is marked so, and is taken again
            found, whole = self._dump(kind, body, parse)
            if whole:
                break
        return found

    def _dump(
        self, kind: int, body: bytes, parse: Callable[[memoryview], T | None]
    ) -> tuple[list[T], bool]:
        sequence = self._send(kind, NLM_F_DUMP, body)
        found: list[T] = []
        whole = True

        def take(got: int, flags: int, number: int, body: memoryview) -> bool:
            nonlocal whole
            if number != sequence:
                return False
            whole = whole and not flags & NLM_F_DUMP_INTR
            if got in (NLMSG_DONE, NLMSG_ERROR):
                _raise_refusal(flags, body)
                return True
            item = parse(body)
            if item is not None:
                found.append(item)
            return False

        while not self._receive(take):
            pass
        return found, whole

    def events(self, take: Callable[[int, memoryview], None]) -> bool:
        """Hands over the type and body of every event that is waiting, and waits for none.

        False when the kernel had to drop some: what is known must be dumped again.
        """
        kept = True

        def each(kind: int, flags: int, number: int, body: memoryview) -> bool:
            take(kind, body)
            return False

        while True:
            try:
                self._receive(each, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return kept
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                kept = False

    def _attach(self, program: Sequence[tuple[int, int, int, int]]) -> None:
        code = b"".join(SOCK_FILTER.pack(*instruction) for instruction in program)
        held = ctypes.create_string_buffer(code)
        fprog = SOCK_FPROG.pack(len(program), ctypes.addressof(held))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)

    def _send(self, kind: int, flags: int, body: bytes) -> int:
        self._sequence += 1
        self._socket.send(message(kind, flags | NLM_F_REQUEST, self._sequence, body))
        return self._sequence

    def _receive(self, take: Callable[[int, int, int, memoryview], bool], flags: int = 0) -> bool:
        """One datagram's messages to ``take``; True when it answered True to one."""
        size = self._socket.recv_into(self.buffer, 0, flags)
        data = memoryview(self.buffer)[:size]
        try:
            return any([take(*item) for item in messages(data)])  # noqa: C419 — all are taken
        finally:
            data[:] = bytes(size)


def refusal(flags: int, body: memoryview) -> OSError | None:
    """The error in the body of NLMSG_ERROR or NLMSG_DONE, with the kernel's words if it gave any, or None."""
    (negative,) = NLMSGERR.unpack_from(body)
    if negative >= 0:
        return None
    words = os.strerror(-negative)
    if flags & NLM_F_ACK_TLVS:
        for kind, data in attributes(body[NLMSGERR.size + NLMSGHDR.size :]):
            if kind == NLMSGERR_ATTR_MSG:
                words = f"{words} ({bytes(data).rstrip(bytes(1)).decode(errors='replace')})"
    return OSError(-negative, words)


def _raise_refusal(flags: int, body: memoryview) -> None:
    error = refusal(flags, body)
    if error is not None:
        raise error
