"""How commands reach the lab that is running: a socket, one request and one reply to a connection.

Both are a line of JSON. A reply has ``result`` or ``error``; to `enter`, namespaces come with it as descriptors.
"""

from __future__ import annotations

import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ipsec_lab.errors import LabError

SOCKET = Path("/run/ipsec-lab/control.sock")
_LONGEST = 1 << 20

Answer = tuple[Any, tuple[int, ...]]
"""A result that JSON can carry, and the descriptors that go with it."""
Verb = Callable[..., Answer]


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, verbs: Mapping[str, Verb]) -> None:
        self.verbs = verbs
        super().__init__(os.fspath(path), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hung up does not want to know."""


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        request = json.loads(self.rfile.readline(_LONGEST))
        descriptors: tuple[int, ...] = ()
        try:
            result, descriptors = self.server.verbs[request.pop("verb")](**request)
            reply = {"result": result}
        except LabError as error:
            reply = {"error": error.what, "cure": error.cure}
        line = json.dumps(reply).encode() + b"\n"
        if descriptors:
            socket.send_fds(self.request, [line], list(descriptors))
        else:
            self.wfile.write(line)


@contextmanager
def served(verbs: Mapping[str, Verb], path: Path = SOCKET) -> Iterator[None]:
    """Answer requests while the body runs."""
    path.unlink(missing_ok=True)
    with _Server(path, verbs) as server:
        path.chmod(0o600)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            path.unlink(missing_ok=True)


def is_running(path: Path = SOCKET) -> bool:
    """Whether a lab listens on this machine."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
    return True


def call(verb: str, path: Path = SOCKET, /, **words: Any) -> Any:
    """Ask the running lab; raises LabError with its complaint, or if there is none."""
    result, _ = ask(verb, path, **words)
    return result


def ask(verb: str, path: Path = SOCKET, /, **words: Any) -> tuple[Any, list[int]]:
    """As ``call``; also returns the descriptors that came with the reply."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(os.fspath(path))
        except OSError:
            raise LabError(
                "no lab is running", cure="Start one with `ipsec-lab run FILE`"
            ) from None
        line.sendall(json.dumps({"verb": verb, **words}).encode() + b"\n")
        data, descriptors, _, _ = socket.recv_fds(line, _LONGEST, 8)
        while not data.endswith(b"\n"):
            more = line.recv(_LONGEST)
            if not more:
                raise LabError("the lab ended before it answered")
            data += more
    reply = json.loads(data)
    if "error" in reply:
        raise LabError(reply["error"], cure=reply["cure"])
    return reply["result"], descriptors
