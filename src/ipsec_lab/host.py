"""A machine of the lab: a thread that lives in network and mount namespaces of its own.

What it is told to do happens there: sockets it opens stay there, processes it starts are born there. No name
is given to a namespace, so nothing of the user's can collide, and nothing is left when the lab is gone.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar

from ipsec_lab import syscalls
from ipsec_lab.errors import LabError

T = TypeVar("T")


class Host:
    """One machine. Make it with ``new`` or ``inside``; ``close`` forgets it."""

    def __init__(self, name: str, move_in: Callable[[], None]) -> None:
        """``move_in`` is done first by the machine's thread, and puts it where it is to live."""
        self.name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.do(move_in)
        self.network = self.do(lambda: os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        self.mounts = self.do(lambda: os.open("/proc/thread-self/ns/mnt", os.O_RDONLY))

    @classmethod
    def new(cls, name: str, prepare: Callable[[], None] = lambda: None) -> Host:
        """A machine with namespaces of its own; ``prepare`` mounts what it sees differently from the others."""

        def move_in() -> None:
            syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET)
            syscalls.keep_mounts_to_ourselves()
            syscalls.mount("sysfs", "/sys")
            syscalls.mount("tmpfs", "/run", options="mode=755")
            prepare()

        return cls(name, move_in)

    def inside(self, name: str, namespace: str) -> Host:
        """The network namespace that this machine knows under a path, as a machine of its own."""
        network = self.do(lambda: os.open(namespace, os.O_RDONLY))

        def move_in() -> None:
            # A thread shares its idea of a root folder with the others until it leaves them.
            syscalls.unshare(syscalls.CLONE_NEWNS)
            syscalls.setns(self.mounts, syscalls.CLONE_NEWNS)
            syscalls.setns(network, syscalls.CLONE_NEWNET)
            os.close(network)

        return Host(name, move_in)

    @property
    def path(self) -> str:
        """The network namespace as `ip` takes it, in the lab's own pid namespace."""
        return f"/proc/{os.getpid()}/fd/{self.network}"

    def do(self, act: Callable[[], T]) -> T:
        """Do it on this machine and wait for the result."""
        return self._thread.submit(act).result()

    def start(self, argv: Sequence[str], **how: Any) -> subprocess.Popen[bytes]:
        """Start a program on this machine; the keywords are those of Popen.

        It hears nothing of the terminal's signals: only the lab decides when it ends.
        """
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("start_new_session", True)
        return self.do(lambda: subprocess.Popen(argv, **how))

    def run(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        env: Mapping[str, str] | None = None,
        deadline: float = 30.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end within ``deadline`` seconds, with ``text`` as its input."""
        pipe: int | IO[bytes] = subprocess.PIPE
        process = self.start(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
        try:
            out, err = process.communicate((text or "").encode(), timeout=deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise LabError(f"{argv[0]} on {self.name} did not end within {deadline:g} s") from None
        return subprocess.CompletedProcess(
            argv, process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
        )

    def must(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Run a program that has to succeed; returns its output, raises LabError with its complaint."""
        done = self.run(argv, text=text, env=env)
        if done.returncode != 0:
            complaint = (done.stderr or done.stdout).strip()
            raise LabError(f"`{' '.join(argv)}` failed on {self.name}: {complaint}")
        return done.stdout

    def ip(self, *lines: str) -> None:
        """Do these `ip` commands, in one process."""
        self.must(["ip", "-batch", "-"], text="".join(f"{line}\n" for line in lines))

    def nft(self, rules: str) -> None:
        """Apply nftables rules, all or none."""
        self.must(["nft", "-f", "-"], text=rules)

    def sysctl(self, settings: Iterable[tuple[str, int]]) -> None:
        """Set kernel parameters below /proc/sys/net."""

        def write() -> None:
            for name, value in settings:
                Path("/proc/sys/net", name).write_text(str(value))

        self.do(write)

    def write(self, path: str, content: str) -> None:
        """Write a file, as this machine sees paths, readable by root alone from its first byte."""

        def write() -> None:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as file:
                file.write(content)

        self.do(write)

    def received(self, device: str) -> int:
        """How many packets a device has received since it was made."""
        rows = self.do(Path("/proc/thread-self/net/dev").read_text).splitlines()
        [row] = [row for row in rows if row.strip().startswith(f"{device}:")]
        return int(row.partition(":")[2].split()[1])

    def close(self) -> None:
        """Let go of the namespaces; they end with the last process in them."""
        self._thread.shutdown()
        os.close(self.network)
        os.close(self.mounts)


def end(process: subprocess.Popen[bytes], *, grace: float = 10.0) -> None:
    """End a program by SIGTERM, or after ``grace`` seconds by SIGKILL; with none, by that alone."""
    if process.poll() is None:
        if grace:
            process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
