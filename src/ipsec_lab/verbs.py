"""What a running lab can be asked: the verbs behind `shell`, `break`, `heal`, `measure`, and those of the tests."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from ipsec_lab import control
from ipsec_lab.capture import Capture
from ipsec_lab.control import Answer
from ipsec_lab.lab import Lab
from ipsec_lab.stream import Stream


class Verbs:
    """The verbs of one lab. They are called from several threads."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._breaking = threading.Lock()
        self._captures: dict[str, Capture] = {}
        self._streams: dict[int, Stream] = {}

    def table(self) -> Mapping[str, control.Verb]:
        """The verbs by name."""
        return {
            "break": self.break_,
            "heal": self.heal,
            "measure": self.measure,
            "enter": self.enter,
            "do": self.do,
            "capture": self.capture,
            "captured": self.captured,
            "start": self.start,
            "commit": self.commit,
            "stop": self.stop,
            "agent": self.agent,
            "send": self.send,
            "sent": self.sent,
        }

    def break_(self, cause: str, remote: str, amount: str | None = None) -> Answer:
        """Let a cause happen to a remote."""
        with self._breaking:
            self._lab.causes.break_(cause, remote, amount)
        return None, ()

    def heal(self, remote: str | None = None) -> Answer:
        """Undo what was done to a remote, or to all."""
        with self._breaking:
            self._lab.causes.heal(remote)
        return None, ()

    def measure(self, seconds: float, rate: int, to: str | None = None) -> Answer:
        """Send and judge: sent, lost, longest_gap_ms."""
        figures = self._lab.measure(seconds, rate, to)
        return vars(figures), ()

    def enter(self, host: str) -> Answer:
        """The namespaces of a host: process, mount and network, in this order."""
        where = self._lab.host(host)
        processes = os.open("/proc/self/ns/pid", os.O_RDONLY)
        return None, (processes, where.mounts, where.network)

    def do(self, host: str, argv: Sequence[str], text: str | None = None) -> Answer:
        """Run a program on a host: its status, output and errors."""
        done = self._lab.host(host).run(argv, text=text)
        return {"status": done.returncode, "out": done.stdout, "err": done.stderr}, ()

    def capture(self, host: str, device: str, path: str) -> Answer:
        """Capture into a file until `captured`."""
        self._captures[path] = Capture(self._lab.host(host), device, Path(path))
        return None, ()

    def captured(self, path: str) -> Answer:
        """End a capture."""
        self._captures.pop(path).stop()
        return None, ()

    def start(self, configuration: str | None = None) -> Answer:
        """Start the product, with the configuration it had or another one."""
        if configuration is not None:
            self._lab.configuration = configuration
        self._lab.router.start(self._lab.configuration)
        return None, ()

    def commit(self, configuration: str) -> Answer:
        """Give the running product another configuration."""
        self._lab.router.commit(configuration)
        return None, ()

    def send(self, rate: int, to: str | None = None) -> Answer:
        """Start a stream from the LAN host, to the first service unless told; the answer is its number."""
        stream = self._lab.stream(to, rate)
        self._streams[stream.number] = stream
        return stream.number, ()

    def sent(self, stream: int) -> Answer:
        """End a stream."""
        self._streams.pop(stream).stop()
        return None, ()

    def stop(self) -> Answer:
        """End the product as an operator would."""
        self._lab.router.stop()
        return None, ()

    def agent(self) -> Answer:
        """The process that is the agent."""
        return self._lab.router.agent(), ()
