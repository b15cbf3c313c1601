"""Where the lab's commands run: on this machine if its kernel has all, else in a guest that is started for them."""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from ipsec_lab import packages, syscalls
from ipsec_lab.errors import LabError
from ipsec_lab.guest import caller, init, kernel, launch, probe, wire
from ipsec_lab.progress import Progress

Stdio = tuple[int, int, int]
"""Descriptors of a command's standard input, output and errors."""

_SOURCE = Path(__file__).resolve().parents[2]
_CHECKOUT = hashlib.sha256(os.fsencode(_SOURCE)).hexdigest()[:12]
_REGISTER = Path("/run/ipsec-lab") / f"{_CHECKOUT}.guest"
_BOOT_SECONDS = 60.0
_SMALLEST = 256 << 20
_UNITS = {"M": 1 << 20, "G": 1 << 30}


class Machine(ABC):
    """Runs commands on a kernel that has ESP, XFRM interfaces, nftables and netem. A context manager."""

    kind: Literal["host", "guest"]

    @abstractmethod
    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdio: Stdio = (0, 1, 2),
    ) -> int:
        """Runs a command with the caller's streams, terminal and signals; returns its exit status.

        128 + n after signal n; 127 or 126, with the reason on standard error, if it cannot be started.
        May be called from several threads at once; only in the main thread are signals passed on.
        """

    def close(self) -> None:
        """Ends the machine, with all that runs on it, if it was started for us."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Local(Machine):
    """This machine itself."""

    kind = "host"

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdio: Stdio = (0, 1, 2),
    ) -> int:
        """See Machine."""
        try:
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=stdio[0],
                stdout=stdio[1],
                stderr=stdio[2],
            )
        except OSError as error:
            reason = f"ipsec-lab: {error.filename or argv[0]}: {error.strerror}\n"
            os.write(stdio[2], reason.encode())
            return 127 if isinstance(error, FileNotFoundError) else 126
        with caller.signals_to(process.send_signal, stdio[0]):
            status = process.wait()
        return status if status >= 0 else 128 - status


class Guest(Machine):
    """A running user-mode Linux guest. Made by ``start`` or ``attached``."""

    kind = "guest"

    def __init__(self, holder: int) -> None:
        """``holder`` is the process id of the guest's launcher."""
        self._holder = holder
        self._process: subprocess.Popen[bytes] | None = None
        self._console: deque[str] = deque(maxlen=200)
        self._booted = False
        self._settled = threading.Event()  # it is ready, or it is gone
        self._listener: threading.Thread | None = None

    @classmethod
    def start(
        cls,
        kernel_program: Path,
        writable: Sequence[Path],
        memory: str,
        *,
        attachable: bool = False,
        disk: Path | None = None,
    ) -> Guest:
        """Starts a guest and waits until it takes commands; raises LabError with its console if it does not.

        With a ``disk``, the image of an ext4, systemd is its first process, and what it writes is kept there.
        """
        folders = [str(folder.resolve()) for folder in writable]
        for folder in writable:
            folder.mkdir(parents=True, exist_ok=True)
        order = launch.Order(
            python=str(Path(sys.executable).resolve()),
            source=str(_SOURCE),
            kernel=str(kernel_program),
            memory=memory,
            settings=json.dumps(
                {"writable": folders, "name": socket.gethostname(), "disk": disk is not None}
            ),
            register=str(_REGISTER) if attachable else "",
            disk=str(disk or ""),
        )
        locks = [_claim_register()] if attachable else []
        try:
            process = subprocess.Popen(
                order.command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=locks,
            )
        finally:
            for lock in locks:
                os.close(lock)
        guest = cls(process.pid)
        guest._process = process
        try:
            guest._await_ready()
        except BaseException:
            guest.close()
            raise
        return guest

    @property
    def network(self) -> Path:
        """The network namespace that holds the host's end of the link (``nsenter --net=…``).

        In it the guest is 192.0.0.2 and the host 192.0.0.1.
        """
        return Path(f"/proc/{self._holder}/ns/net")

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdio: Stdio = (0, 1, 2),
    ) -> int:
        """See Machine."""
        with self._connect() as connection:
            holder = os.pidfd_open(self._holder)
            try:
                return caller.call(connection, argv, holder=holder, cwd=cwd, env=env, stdio=stdio)
            except caller.GuestGone as gone:
                raise caller.GuestGone(f"{gone.what}{self._last_words()}") from None
            finally:
                os.close(holder)

    def close(self) -> None:
        """Ends the guest, if this object started it; nothing of it is left then."""
        if self._process is None:
            return
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()  # what the launcher waits for
            process.wait()
            if self._listener is not None:
                self._listener.join()
        self._process = None

    def await_end(self, deadline: float) -> None:
        """Waits until the guest, which was told to power itself off, has done so; raises LabError if it does not."""
        assert self._process is not None
        try:
            self._process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise LabError(
                f"the guest is not off after {deadline:g} s{self._last_words()}"
            ) from None

    def _connect(self) -> socket.socket:
        def from_inside() -> socket.socket:
            network = os.open(self.network, os.O_RDONLY)
            try:
                syscalls.setns(network, syscalls.CLONE_NEWNET)
            finally:
                os.close(network)
            return socket.create_connection(wire.ADDRESS)

        # a thread of its own: only it moves into the guest's network, and it ends here
        with ThreadPoolExecutor(1) as thread:
            try:
                return thread.submit(from_inside).result()
            except OSError as error:
                raise LabError(
                    f"the guest cannot be reached: {error.strerror or error}{self._last_words()}",
                    cure="Start it again",
                ) from None

    def _await_ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._listener = threading.Thread(
            target=self._listen, args=(self._process.stdout,), daemon=True, name="guest console"
        )
        self._listener.start()
        if not self._settled.wait(_BOOT_SECONDS):
            raise LabError(f"the guest was not ready after {_BOOT_SECONDS:g} s{self._last_words()}")
        if not self._booted:
            raise LabError(
                f"the guest did not start{self._last_words()}",
                cure="It needs root, /dev/net/tun, and leave to make namespaces and to use ptrace",
            )

    def _listen(self, console: IO[bytes]) -> None:
        for line in console:
            text = line.decode(errors="replace").rstrip()
            if text == init.READY:
                self._booted = True
                self._settled.set()
            else:
                self._console.append(text)
        self._settled.set()

    def _last_words(self) -> str:
        lines = [line for line in self._console if line]
        return (
            "; the last lines of its console:\n    " + "\n    ".join(lines[-15:]) if lines else ""
        )


def _claim_register() -> int:
    """The file by which other processes find the guest, locked: it stays so for as long as the guest is held."""
    _REGISTER.parent.mkdir(mode=0o755, exist_ok=True)
    while True:
        handle = os.open(_REGISTER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise LabError(
                "a lab of this checkout is running already",
                cure="End it first, or use it from here",
            ) from None
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)  # the last holder removed it meanwhile


def attach() -> Guest | None:
    """The running guest of this checkout that was started as attachable; None if there is none."""
    with suppress(FileNotFoundError), _REGISTER.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Guest(int(file.read()))
    return None


def ensure_machine(
    progress: Progress,
    writable: Sequence[Path],
    memory: str = "2G",
    *,
    attachable: bool = False,
) -> Machine:
    """This machine if its kernel has all that the lab needs, else a guest; says which and why.

    Installs packages and builds the guest's kernel where they are missing. ``writable`` are the folders
    that are the host's own in the guest too, at the same path; elsewhere the guest sees the host's files as
    they are, and what it writes is gone with it. ``attachable`` lets ``attach`` find the guest from another
    process: one guest of a checkout at a time. Raises LabError.
    """
    if probe.inside_guest():
        return Local()
    if os.geteuid() != 0:
        raise LabError(
            "the lab makes namespaces and installs packages: only root can", cure="Use sudo"
        )
    packages.ensure((*packages.HOST, *packages.ORACLES), progress)
    lacking = probe.missing()
    if not lacking:
        progress.note("kernel: this machine's own, it has all that the lab needs")
        return Local()
    progress.note(
        f"kernel: this machine's has no {', '.join(lacking)}: a user-mode Linux guest is used"
    )
    program = kernel.ensure(progress)
    _refuse_without_room(memory)
    with progress.step("guest: starting"):
        # what a guest compiles is gone with it, and it is slow at that
        compileall.compile_dir(_SOURCE, quiet=2)
        return Guest.start(program, writable, memory, attachable=attachable)


def _refuse_without_room(memory: str) -> None:
    found = re.fullmatch(r"([1-9][0-9]*)([MG])", memory)
    wanted = int(found[1]) * _UNITS[found[2]] if found else 0
    if wanted < _SMALLEST:
        raise LabError(f"{memory!r} is no memory size for a guest", cure="Write 512M or 2G, say")
    available = available_memory(Path("/proc/meminfo").read_text())
    if available < wanted:
        raise LabError(
            f"the guest is to have {memory} of memory, and {available >> 20} MB are free",
            cure="End something, or give the guest less",
        )


def available_memory(meminfo: str) -> int:
    """Bytes that programs can still take, from the text of /proc/meminfo."""
    rows = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    return int(rows["MemAvailable"].split()[0]) * 1024
