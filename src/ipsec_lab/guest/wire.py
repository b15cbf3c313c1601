"""What crosses the link between a caller and the guest: frames on one TCP connection per command.

A frame is a kind (1 byte), a length (4 bytes, big endian) and so many bytes. Nothing here opens a socket.

    caller                         guest
    REQUEST (JSON) ──────────────▶
    INPUT, INPUT_ENDS ───────────▶        as many bytes of INPUT as were granted
    WINDOW, SIGNAL, OUTPUT_CLOSED ▶
                   ◀────────────── GRANT, OUTPUT, ERRORS
                   ◀────────────── EXIT or REFUSED, the last one
"""

from __future__ import annotations

import json
import signal
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import IntEnum

ADDRESS = ("192.0.0.2", 1)
"""Where the guest listens. 192.0.0.0/29 is for use inside one machine (RFC 7335): no lab network has it."""

HOST_ADDRESS = "192.0.0.1"
PREFIX_LENGTH = 29

GRANTED = 65536
"""Bytes of input that may be under way unasked; the guest grants more as the command reads them."""

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""The signals that a caller gets and its command is sent."""

_HEAD = struct.Struct("!BI")
_LARGEST = 16 << 20


class Kind(IntEnum):
    """The kinds of a frame; what they carry is said beside them."""

    REQUEST = 1  # Request
    INPUT = 2  # bytes for the command's standard input; Request is answered with none granted yet
    INPUT_ENDS = 3
    WINDOW = 4  # rows, columns
    SIGNAL = 5  # number of a signal for the command
    OUTPUT_CLOSED = 6  # 1 or 2: nobody reads this stream any more
    GRANT = 7  # so many more bytes of INPUT may come
    OUTPUT = 8  # bytes of standard output, or of the terminal
    ERRORS = 9  # bytes of standard error
    EXIT = 10  # exit status; 128 + n after signal n
    REFUSED = 11  # exit status, then the reason as text: the command was not started


@dataclass(frozen=True, slots=True)
class Request:
    """A command to run: what a shell would give it."""

    argv: list[str]
    cwd: str
    environment: dict[str, str]
    terminal: list[bool]
    """Which of standard input, output and errors are the caller's terminal."""
    window: list[int]
    """Rows and columns of that terminal."""

    def encode(self) -> bytes:
        """As the payload of a REQUEST. Names that are no text survive, as in os.fsencode."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, payload: bytes) -> Request:
        """The request in a payload."""
        return cls(**json.loads(payload))


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    """One frame."""
    return _HEAD.pack(kind, len(payload)) + payload


def numbers(kind: Kind, *values: int, text: str = "") -> bytes:
    """A frame that carries numbers, and perhaps a text after them."""
    return frame(kind, struct.pack(f"!{len(values)}i", *values) + text.encode())


def number(payload: bytes, index: int = 0) -> int:
    """The number at ``index`` of a payload."""
    value: int = struct.unpack_from("!i", payload, 4 * index)[0]
    return value


class Reader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Takes in what was received; yields the frames that are complete by now.

        Raises ValueError on bytes that are no frame.
        """
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._buffer)
            if length > _LARGEST:
                raise ValueError(f"a frame of {length} bytes")
            if len(self._buffer) < _HEAD.size + length:
                return
            payload = bytes(self._buffer[_HEAD.size : _HEAD.size + length])
            del self._buffer[: _HEAD.size + length]
            yield Kind(kind), payload
