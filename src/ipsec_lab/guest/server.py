"""The guest's only service: runs a command for each connection. One loop, no threads; also reaps all orphans.

Starting a process is what costs most in user-mode Linux, so a command is started by this process itself
(by vfork: nothing is copied) and its streams are passed on here.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ipsec_lab.guest import wire
from ipsec_lab.guest.wire import Kind, Request

_CHUNK = 65536
_UNSENT = 256 * 1024  # bytes; a command that prints more than the caller takes has to wait
_LAST_CHUNKS = 16  # more than a pipe or a terminal holds
_MERCY = 5.0  # seconds from asking to forcing, for a command whose caller is gone
_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_KIND = {_OUTPUT: Kind.OUTPUT, _ERRORS: Kind.ERRORS}


class Streams:
    """Our ends of a command's standard streams, and the other ends until the command has them."""

    def __init__(self, request: Request) -> None:
        self.ours: dict[int, int] = {}
        """Stream number to descriptor, as long as it is open."""
        self.master: int | None = None
        self.given: list[int] = []
        slave = -1
        if any(request.terminal):
            self.master, slave = pty.openpty()
            self.resize(*request.window)
        for stream in (_INPUT, _OUTPUT, _ERRORS):
            if request.terminal[stream]:
                self.given.append(os.dup(slave))
            else:
                reader, writer = os.pipe()
                ours, theirs = (writer, reader) if stream == _INPUT else (reader, writer)
                self.ours[stream] = ours
                self.given.append(theirs)
        if self.master is not None:
            if request.terminal[_INPUT]:
                self.ours[_INPUT] = os.dup(self.master)
            else:
                # the caller's terminal ends lines by itself
                _clear_output_processing(slave)
            shown_on = _OUTPUT if request.terminal[_OUTPUT] else _ERRORS
            self.ours[shown_on] = os.dup(self.master)
            os.close(slave)
        for descriptor in self.ours.values():
            os.set_blocking(descriptor, False)

    def resize(self, rows: int, columns: int) -> None:
        """Tells the terminal, if there is one, its size."""
        if self.master is not None:
            size = struct.pack("4H", rows, columns, 0, 0)
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def handed_over(self) -> None:
        """The command has its ends."""
        for descriptor in self.given:
            os.close(descriptor)
        self.given.clear()

    def close(self, stream: int) -> None:
        """Closes our end of one stream, if it is open."""
        descriptor = self.ours.pop(stream, None)
        if descriptor is not None:
            os.close(descriptor)

    def close_all(self) -> None:
        """Closes our ends; whoever still writes is told by SIGPIPE, whoever has the terminal by SIGHUP."""
        for stream in list(self.ours):
            self.close(stream)
        if self.master is not None:
            os.close(self.master)
            self.master = None


def _clear_output_processing(terminal: int) -> None:
    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def start(request: Request, streams: Streams) -> int:
    """Starts the command in a session of its own; returns its process id. Raises OSError."""
    argv = request.argv
    if request.terminal[_INPUT]:
        # what makes the terminal the command's controlling one; setsid's own error would hide the reason
        _must_be_there(request)
        argv = ["setsid", "--ctty", "--", *argv]
    process = subprocess.Popen(
        argv,
        cwd=request.cwd,
        env=request.environment,
        stdin=streams.given[_INPUT],
        stdout=streams.given[_OUTPUT],
        stderr=streams.given[_ERRORS],
        start_new_session=not request.terminal[_INPUT],
    )
    process.returncode = 0  # it is reaped by the loop: Popen must not wait for it too
    return process.pid


def _must_be_there(request: Request) -> None:
    name = request.argv[0]
    folders = [""] if "/" in name else os.get_exec_path(request.environment)
    for folder in folders:
        if os.access(Path(request.cwd, folder, name), os.X_OK):
            return
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)


class Session:
    """One command and the connection to its caller."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection: socket.socket | None = connection
        self._reader = wire.Reader()
        self._unsent = bytearray()
        self._input = bytearray()
        self._input_ends = False
        self._streams: Streams | None = None
        self.pid: int | None = None
        self._last = False
        self.force_at: float | None = None
        """When to kill a command that outlives its caller; seconds of the monotonic clock."""

    @property
    def over(self) -> bool:
        """Neither a command nor a connection is left."""
        return self._connection is None and self.pid is None

    def interests(self) -> Iterator[tuple[int, int]]:
        """The descriptors to poll, with the events to poll them for."""
        if self._connection is not None:
            yield (
                self._connection.fileno(),
                select.POLLIN | (select.POLLOUT if self._unsent else 0),
            )
        if self._streams is None:
            return
        for stream, descriptor in self._streams.ours.items():
            if stream == _INPUT and self._input:
                yield descriptor, select.POLLOUT
            elif stream != _INPUT and len(self._unsent) < _UNSENT:
                yield descriptor, select.POLLIN

    def ready(self, descriptor: int, events: int) -> None:
        """Something happened on one of ``interests``."""
        if self._connection is not None and descriptor == self._connection.fileno():
            if events & select.POLLOUT:
                self._send()
            if events & ~select.POLLOUT:
                self._receive()
            return
        if self._streams is None:
            return
        for stream, ours in list(self._streams.ours.items()):
            if ours == descriptor:
                if stream == _INPUT:
                    self._pass_input_on()
                else:
                    self._pass_output_on(stream)

    def ended(self, status: int) -> None:
        """The command has ended: what it printed before goes to the caller, then its exit status."""
        self.pid = None
        if self._streams is not None:
            for stream in (_OUTPUT, _ERRORS):
                # bounded: what the command left running in the background may print for ever
                for _ in range(_LAST_CHUNKS):
                    if self._connection is None or not self._pass_output_on(stream):
                        break
            self._streams.close_all()
            self._streams = None
        # what the command wrote through a memory map of a host's file is not there yet
        os.sync()
        self._finish(wire.numbers(Kind.EXIT, status))

    def signal(self, number: int) -> None:
        """Sends the command and all of its process group a signal."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _receive(self) -> None:
        assert self._connection is not None
        try:
            data = self._connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._caller_gone()
            return
        for kind, payload in self._reader.feed(data):
            self._handle(kind, payload)

    def _handle(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.REQUEST:
            self._start(Request.decode(payload))
        elif kind is Kind.INPUT:
            self._input += payload
            self._pass_input_on()
        elif kind is Kind.INPUT_ENDS:
            self._input_ends = True
            self._pass_input_on()
        elif kind is Kind.SIGNAL:
            self.signal(wire.number(payload))
        elif self._streams is not None:
            if kind is Kind.WINDOW:
                self._streams.resize(wire.number(payload), wire.number(payload, 1))
            elif kind is Kind.OUTPUT_CLOSED:
                self._streams.close(wire.number(payload))

    def _start(self, request: Request) -> None:
        try:
            streams = Streams(request)
        except OSError as error:
            self._refuse(error, request)
            return
        try:
            self.pid = start(request, streams)
            self._streams = streams
        except OSError as error:
            streams.close_all()
            self._refuse(error, request)
        finally:
            streams.handed_over()

    def _refuse(self, error: OSError, request: Request) -> None:
        status = 127 if isinstance(error, FileNotFoundError) else 126
        reason = f"{error.filename or request.argv[0]}: {error.strerror}"
        self._finish(wire.numbers(Kind.REFUSED, status, text=reason))

    def _pass_input_on(self) -> None:
        if self._streams is None or _INPUT not in self._streams.ours:
            self._input.clear()
            return
        if self._input:
            try:
                passed = os.write(self._streams.ours[_INPUT], self._input)
            except BlockingIOError:
                return
            except OSError:
                self._streams.close(_INPUT)
                return
            del self._input[:passed]
            self._queue(wire.numbers(Kind.GRANT, passed))
        if self._input_ends and not self._input:
            self._streams.close(_INPUT)

    def _pass_output_on(self, stream: int) -> bool:
        """Takes what there is of one stream; False when there was nothing."""
        if self._streams is None or stream not in self._streams.ours:
            return False
        try:
            data = os.read(self._streams.ours[stream], _CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # EIO: the last process closed the terminal
            data = b""
        if not data:
            self._streams.close(stream)
            return False
        self._queue(wire.frame(_KIND[stream], data))
        return True

    def _queue(self, data: bytes) -> None:
        self._unsent += data
        self._send()

    def _send(self) -> None:
        if self._connection is None:
            return
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:
            self._caller_gone()
            return
        if self._last:
            # closing with something unread in it would take the exit status away from the caller
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_WR)

    def _finish(self, last: bytes) -> None:
        self._last = True
        self._queue(last)

    def _caller_gone(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._streams is not None:
            self._streams.close_all()
        if self.pid is not None:
            self.signal(signal.SIGTERM)
            self.force_at = time.monotonic() + _MERCY


class Server:
    """The loop over all sessions."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._listener.setblocking(False)
        self._sessions: list[Session] = []
        self._children, wakeup = os.pipe()
        for descriptor in (self._children, wakeup):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        # Whoever started us in the background had us ignore some, and with us every command.
        for number in wire.PASSED_ON:
            signal.signal(number, signal.SIG_DFL)

    def run(self) -> None:
        """Serves for ever."""
        while True:
            self.turn()

    def turn(self) -> None:
        """Waits for one thing to happen, at least, and does what follows from it."""
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._children, select.POLLIN)
        owners: dict[int, Session] = {}
        for session in self._sessions:
            for descriptor, events in session.interests():
                poll.register(descriptor, events)
                owners[descriptor] = session
        for descriptor, events in poll.poll(self._patience()):
            if descriptor == self._listener.fileno():
                with suppress(BlockingIOError, ConnectionError):
                    self._sessions.append(Session(self._listener.accept()[0]))
            elif descriptor == self._children:
                os.read(self._children, _CHUNK)
                self._reap()
            else:
                owners[descriptor].ready(descriptor, events)
        self._force_the_forgotten()
        self._sessions = [session for session in self._sessions if not session.over]

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                code = os.waitstatus_to_exitcode(status)
                for session in self._sessions:
                    if session.pid == pid:
                        session.ended(code if code >= 0 else 128 - code)

    def _patience(self) -> float | None:
        """Milliseconds until some command is to be killed."""
        moments = [session.force_at for session in self._sessions if session.force_at is not None]
        return max(0.0, min(moments) - time.monotonic()) * 1000 if moments else None

    def _force_the_forgotten(self) -> None:
        for session in self._sessions:
            if session.force_at is not None and session.force_at <= time.monotonic():
                session.signal(signal.SIGKILL)
                session.force_at = None
