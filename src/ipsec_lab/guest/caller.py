"""One command in the guest, seen from the caller: its streams, its terminal and its signals are passed on."""

from __future__ import annotations

import os
import select
import signal
import socket
import termios
import threading
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from ipsec_lab.errors import LabError
from ipsec_lab.guest import wire
from ipsec_lab.guest.wire import Kind, Request

_CHUNK = 65536
_STREAM = {Kind.OUTPUT: 1, Kind.ERRORS: 2}


class GuestGone(LabError):
    """The guest ended while a command ran in it."""


def call(
    connection: socket.socket,
    argv: Sequence[str],
    *,
    holder: int,
    cwd: Path,
    env: Mapping[str, str],
    stdio: tuple[int, int, int] = (0, 1, 2),
) -> int:
    """Runs ``argv`` over a fresh connection as if it ran here; returns its exit status, as Machine.run says.

    ``holder`` is a descriptor of the process (pidfd) with which the guest ends.
    In the main thread SIGINT, SIGTERM, SIGHUP and SIGQUIT go to the command instead of to us.
    Raises GuestGone when the guest ends.
    """
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Call(connection, holder, stdio).run(argv, cwd, env)


class _Call:
    def __init__(self, connection: socket.socket, holder: int, stdio: tuple[int, int, int]) -> None:
        self._connection = connection
        self._holder = holder
        self._stdio = stdio
        self._terminal = _terminals(stdio)
        self._granted = wire.GRANTED
        self._input_open = True
        self._status: int | None = None

    def run(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> int:
        request = Request(list(argv), str(cwd), dict(env), self._terminal, self._window())
        with ExitStack() as stack:
            signals = stack.enter_context(_signals_caught(winch=any(self._terminal)))
            if self._terminal[0]:
                stack.enter_context(_raw(self._stdio[0]))
            self._send(wire.frame(Kind.REQUEST, request.encode()))
            reader = wire.Reader()
            while self._status is None:
                self._turn(reader, signals)
        return self._status

    def _turn(self, reader: wire.Reader, signals: int | None) -> None:
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        poll.register(self._holder, select.POLLIN)
        if signals is not None:
            poll.register(signals, select.POLLIN)
        if self._input_open and self._granted > 0:
            poll.register(self._stdio[0], select.POLLIN)
        happened = dict(poll.poll())
        if signals in happened:
            assert signals is not None
            for number in os.read(signals, _CHUNK):
                self._pass_signal_on(number)
        if self._stdio[0] in happened:
            self._pass_input_on()
        if self._connection.fileno() in happened:
            try:
                data = self._connection.recv(_CHUNK)
            except ConnectionError:
                data = b""
            if not data:
                raise GuestGone("the guest ended while a command ran in it")
            for kind, payload in reader.feed(data):
                self._handle(kind, payload)
        elif self._holder in happened:
            # a guest that is cut off says no goodbye on the connection
            raise GuestGone("the guest ended while a command ran in it")

    def _handle(self, kind: Kind, payload: bytes) -> None:
        if kind in _STREAM:
            stream = _STREAM[kind]
            if not _write(self._stdio[stream], payload):
                self._send(wire.numbers(Kind.OUTPUT_CLOSED, stream))
        elif kind is Kind.GRANT:
            self._granted += wire.number(payload)
        elif kind is Kind.EXIT:
            self._status = wire.number(payload)
        elif kind is Kind.REFUSED:
            _write(self._stdio[2], b"ipsec-lab: " + payload[4:] + b"\n")
            self._status = wire.number(payload)

    def _send(self, data: bytes) -> None:
        # a guest that is gone shows where its answers are read
        with suppress(ConnectionError):
            self._connection.sendall(data)

    def _pass_input_on(self) -> None:
        try:
            data = os.read(self._stdio[0], min(_CHUNK, self._granted))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._granted -= len(data)
            self._send(wire.frame(Kind.INPUT, data))
        else:
            self._input_open = False
            self._send(wire.frame(Kind.INPUT_ENDS))

    def _pass_signal_on(self, number: int) -> None:
        if number == signal.SIGWINCH:
            self._send(wire.numbers(Kind.WINDOW, *self._window()))
        elif number in wire.PASSED_ON:
            self._send(wire.numbers(Kind.SIGNAL, number))

    def _window(self) -> list[int]:
        for stream, shown in zip(self._stdio, self._terminal, strict=True):
            if shown:
                columns, rows = os.get_terminal_size(stream)
                return [rows, columns]
        return [0, 0]


def _terminals(stdio: tuple[int, int, int]) -> list[bool]:
    """Which streams get a terminal inside: those that have one here, input only together with output.

    A process in the background of its shell must not read the terminal nor change its settings.
    """
    found = [os.isatty(stream) for stream in stdio]
    found[0] = found[1] and _in_foreground(stdio[0])
    return found


def _in_foreground(terminal: int) -> bool:
    with suppress(OSError):  # it is none, or not the one that sends us signals
        return os.tcgetpgrp(terminal) == os.getpgrp()
    return False


@contextmanager
def signals_to(send: Callable[[int], None], terminal: int) -> Iterator[None]:
    """While the body runs, the signals that would end this process go to ``send`` instead.

    Those that the terminal sends to the whole foreground group are left to it. Does nothing outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    by_terminal = (signal.SIGINT, signal.SIGQUIT) if _in_foreground(terminal) else ()

    def handle(number: int, frame: FrameType | None) -> None:
        if number not in by_terminal:
            send(number)

    before = {number: signal.signal(number, handle) for number in wire.PASSED_ON}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Every key goes to the terminal inside, which makes the signals of them."""
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextmanager
def _signals_caught(*, winch: bool) -> Iterator[int | None]:
    """A descriptor from which the numbers of caught signals are read; only the main thread can have one."""
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    wanted = [*wire.PASSED_ON, *([signal.SIGWINCH] if winch else [])]
    wakeup_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda number, frame: None) for number in wanted}
    try:
        yield reader
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup_before)
        os.close(reader)
        os.close(writer)


def _write(descriptor: int, data: bytes) -> bool:
    """Writes all of it, waiting where it must; False when nobody reads there any more."""
    left = memoryview(data)
    with suppress(BrokenPipeError):
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:
                select.select([], [descriptor], [])
        return True
    return False
