"""Local sockets: one JSON object per line over a unix stream, a server of them, and two ways to ask.

What the objects mean is not known here. The kernel says who is at the other end (SO_PEERCRED).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import stat
import struct
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipsec_client.base.errors import Fault, HostFault, InputFault

LINE_LIMIT = 64 * 1024 * 1024
"""The longest line read, in bytes: the node document of the largest node fits many times."""

Message = Mapping[str, Any]
Send = Callable[[Message], Awaitable[bool | None]]
"""Writes one object to the other end; False when that has gone: it is dropped, and the work may go on."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a connection, as the kernel knows it."""

    pid: int
    uid: int
    gid: int


Handle = Callable[[Any, Peer, Send], Awaitable[None]]
"""Answers one object of a connection; the next is read when it has returned."""

Refusal = Callable[[Peer], Awaitable[str]]
"""Why a peer is not listened to; empty for one that is."""


def run_folder() -> Path:
    """Where the sockets are: /run/ipsec-client, or IPSEC_CLIENT_RUN."""
    return Path(os.environ.get("IPSEC_CLIENT_RUN") or "/run/ipsec-client")


def socket_path(daemon: str) -> Path:
    """The socket of a daemon: ``agent`` or ``conductor``."""
    return run_folder() / f"{daemon}.sock"


def pack(message: Message) -> bytes:
    """The object as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def unpack(line: bytes) -> dict[str, Any]:
    """The object in one line; raises InputFault when it holds none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise InputFault("a line on the socket is not JSON") from None
    if not isinstance(message, dict):
        raise InputFault("a line on the socket is not a JSON object")
    return message


# --- serving --------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(
    path: Path,
    handle: Handle,
    *,
    mode: int = 0o600,
    limit: int = LINE_LIMIT,
    refusal: Refusal | None = None,
) -> AsyncIterator[None]:
    """Answers connections on ``path`` with ``handle`` until the block is left; raises Fault if one is served there.

    The socket appears in one step with its mode; one that nobody serves any more is replaced.
    """
    listener = listen(path, mode)
    ours = path.stat().st_ino
    connections: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_converse(reader, writer, handle, refusal))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_unix_server(accept, sock=listener, limit=limit)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            if path.stat().st_ino == ours:
                path.unlink()
        server.close()
        for task in tuple(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


def listen(path: Path, mode: int = 0o600) -> socket.socket:
    """A listening socket at ``path``; raises Fault when another process answers there."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if _answered(path):
        raise Fault(f"another process answers on {path}", cure="Stop it first")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(beside))
        beside.chmod(mode)
        listener.listen(128)
        beside.rename(path)
    except OSError as error:
        listener.close()
        beside.unlink(missing_ok=True)
        raise HostFault(f"cannot listen on {path}: {error.strerror or error}") from None
    listener.setblocking(False)
    return listener


def _answered(path: Path) -> bool:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise Fault(f"{path} is in the way: it is no socket", cure="Move it away")
    except FileNotFoundError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        try:
            trial.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError as error:
            raise HostFault(f"cannot tell who serves {path}: {error.strerror}") from None
    return True


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    handle: Handle,
    refusal: Refusal | None,
) -> None:
    peer = _peer(writer)

    async def send(message: Message) -> bool:
        try:
            writer.write(pack(message))
            await writer.drain()
        except ConnectionError:
            return False
        return True

    try:
        if refusal is not None and (why := await refusal(peer)):
            await send({"error": why, "status": 1})
            return
        while line := await reader.readline():
            await handle(unpack(line), peer, send)
    except Fault as fault:
        await send({"error": fault.what, "status": 1})
    except ValueError:  # asyncio's word for a line over the limit
        await send({"error": "a line on the socket is too long", "status": 1})
    except ConnectionError:
        pass
    except Exception:
        log.exception("a request of process %d failed", peer.pid)
        await send({"error": "internal error; the log has the details", "status": 1})
    finally:
        writer.close()


def _peer(writer: asyncio.StreamWriter) -> Peer:
    end: socket.socket = writer.get_extra_info("socket")
    size = struct.calcsize("3i")
    return Peer(*struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)))


# --- asking ---------------------------------------------------------------------------------------


async def asked(
    path: Path, message: Message, *, silence: float = 60.0
) -> AsyncGenerator[dict[str, Any], None]:
    """Sends one object and yields what comes back until the other end closes or the caller has enough.

    Raises HostFault when nobody serves ``path``, or says nothing for ``silence`` seconds.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(os.fspath(path), limit=LINE_LIMIT)
    except OSError as error:
        raise _unreachable(path, error) from None
    try:
        writer.write(pack(message))
        async with asyncio.timeout(silence):
            await writer.drain()
        while True:
            async with asyncio.timeout(silence):
                line = await reader.readline()
            if not line:
                return
            yield unpack(line)
    except TimeoutError:
        raise HostFault(f"{path} has said nothing for {silence:g} s") from None
    except (ConnectionError, ValueError) as error:
        raise HostFault(f"the connection to {path} broke: {error}") from None
    finally:
        writer.close()


def ask(path: Path, message: Message, *, deadline: float = 60.0) -> Iterator[dict[str, Any]]:
    """The same without an event loop; ``deadline`` seconds are for the whole answer."""
    end = time.monotonic() + deadline
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.settimeout(deadline)
            connection.connect(os.fspath(path))
            connection.sendall(pack(message))
            held = b""
            while chunk := _receive(connection, end):
                *lines, held = (held + chunk).split(b"\n")
                yield from map(unpack, lines)
        except TimeoutError:
            raise HostFault(f"{path} did not answer within {deadline:g} s") from None
        except OSError as error:
            raise _unreachable(path, error) from None


def _receive(connection: socket.socket, end: float) -> bytes:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return connection.recv(65536)


def _unreachable(path: Path, error: OSError) -> HostFault:
    daemon = f"the {path.stem}"
    if isinstance(error, PermissionError):
        return HostFault(f"{daemon} may not be asked by this user ({path})", cure="Use sudo")
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return HostFault(
            f"{daemon} is not running ({path})", cure=f"Start ipsec-client {path.stem}"
        )
    return HostFault(f"{daemon} cannot be reached at {path}: {error.strerror or error}")
