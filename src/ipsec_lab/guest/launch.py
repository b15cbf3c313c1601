"""The process that holds a guest: it makes the guest's surroundings, starts its kernel, and takes it away again.

The guest's kernel lives in namespaces of its own: a network namespace with the host's end of the link, a
mount namespace with a private /dev/shm for its memory and its temporary files, and a process namespace, so that
no part of it can outlive it. Standard input is a pipe from the process that wants the guest: when it
closes, for whatever reason, the guest ends.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ipsec_lab import syscalls
from ipsec_lab.guest import wire
from ipsec_lab.guest.probe import MARK

_SHM = Path("/dev/shm")  # noqa: S108 - a file system of our own is mounted there
_LINK = "lab0"
_NICENESS = -10
"""What is measured in the guest is milliseconds; other work of the machine is not to be in them."""

_BOOT = """\
#!{python} -IS
import sys
sys.path.insert(0, {source!r})
from ipsec_lab.guest.init import main
main({settings!r})
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What guest to hold."""

    python: str
    """The interpreter, outside and inside."""
    source: str
    """The folder that ipsec_lab lies in."""
    kernel: str
    memory: str
    """As the kernel takes it: 2G."""
    settings: str
    """What ``init.main`` is given inside."""
    register: str
    """The file in which this process is to be found, removed at the end; empty for none."""
    disk: str
    """The image of the disk that the guest writes on, an ext4; empty for none."""

    def command(self) -> list[str]:
        """What to start to have this module's ``main`` do it."""
        program = (
            f"import sys; sys.path.insert(0, {self.source!r}); "
            "from ipsec_lab.guest.launch import main; main()"
        )
        return [self.python, "-IS", "-c", program, json.dumps(asdict(self))]


def main() -> None:
    """Holds one guest, as the argument says, until standard input closes or the guest ends."""
    order = Order(**json.loads(sys.argv[1]))
    claim = _take_processor()
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET)
    syscalls.keep_mounts_to_ourselves()
    syscalls.mount("tmpfs", str(_SHM), options="size=100%,mode=700")
    _SHM.joinpath("python").symlink_to(order.python)
    boot = _BOOT.format(python=_SHM / "python", source=order.source, settings=order.settings)
    _SHM.joinpath("init").write_text(boot)
    _SHM.joinpath("init").chmod(0o700)
    _make_link()
    # the guest keeps a descriptor open for every file of the host that it has in use
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    syscalls.unshare(syscalls.CLONE_NEWPID)
    guest = os.fork()
    if guest == 0:
        _become(order)
    if order.register:
        Path(order.register).write_text(str(os.getpid()))
    _hold(guest)
    claim.close()
    if order.register:
        Path(order.register).unlink(missing_ok=True)


def _take_processor() -> socket.socket:
    """Keeps the guest on one processor, each guest on another; the claim lasts as long as what is returned.

    The guest's kernel and its programs are processes that take turns at every system call: woken on another
    processor each time, they were four to six times slower (measured on two processors of a virtual machine).
    """
    allowed = sorted(os.sched_getaffinity(0))
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    for processor in allowed:
        with suppress(OSError):
            # an abstract name: held by one process, and gone with it
            claim.bind(f"\0ipsec-lab/processor/{processor}")
            os.sched_setaffinity(0, {processor})
            return claim
    os.sched_setaffinity(0, {allowed[os.getpid() % len(allowed)]})
    return claim


def _make_link() -> None:
    lines = (
        "link set lo up",
        f"tuntap add dev {_LINK} mode tap",
        f"address add {wire.HOST_ADDRESS}/{wire.PREFIX_LENGTH} dev {_LINK}",
        f"link set {_LINK} up",
    )
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def _become(order: Order) -> None:
    syscalls.die_with_parent(signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    arguments = [
        f"mem={order.memory}",
        f"uml_dir={_SHM}",
        "umid=ipsec-lab",
        "root=/dev/root",
        "rootfstype=hostfs",
        "rootflags=/",
        "ro",
        f"init={_SHM}/init",
        *([f"ubd0={order.disk}"] if order.disk else []),
        "con=null",
        "con0=null,fd:1",
        "ssl=null",
        f"vec0:transport=tap,ifname={_LINK},depth=64",
        # no devices that nobody asked for, neither here nor in new namespaces
        "dummy.numdummies=0",
        "ifb.numifbs=0",
        "fb_tunnels=none",
        "quiet",
        "loglevel=3",
        MARK,
    ]
    surroundings = {"TMPDIR": str(_SHM), "HOME": str(_SHM), "PATH": os.environ.get("PATH", "")}
    os.execve(order.kernel, ["linux", *arguments], surroundings)  # noqa: S606 - a list, no shell


def _hold(guest: int) -> None:
    handle = os.pidfd_open(guest)
    # standard input carries nothing: it becomes readable when the other side is gone
    select.select([0, handle], [], [])
    os.kill(guest, signal.SIGKILL)
    os.waitpid(guest, 0)
