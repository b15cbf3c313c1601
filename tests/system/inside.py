"""What the tests have running inside the booted guest: its hands there, and the network around the machine.

One request a line of JSON on standard input, one answer a line on standard output. Only here is the router of the
lab the machine itself, whose systemd runs the product; all other machines are the lab's own.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ipsec_lab.document import read
from ipsec_lab.errors import LabError
from ipsec_lab.forwarding import packets_first
from ipsec_lab.host import Host
from ipsec_lab.lab import built
from ipsec_lab.progress import Progress
from ipsec_lab.topology import ROUTER
from ipsec_lab.verbs import Verbs

WALKED = (
    "/etc",
    "/run",
    "/var",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/share/doc",
    "/usr/share/yang",
)
NOT_WALKED = (
    "/etc/*-", "/etc/.updated", "/var/.updated", "/etc/.pwd.lock", "/run/log",
    "/run/ipsec-lab", "/run/credentials", "/run/systemd", "/run/user", "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/gcc", "/usr/lib/llvm*", "/usr/lib/modules", "/var/cache", "/var/lib/dpkg", "/var/lib/systemd",
    "/var/log/journal", "/var/tmp",
)  # fmt: skip
"""What systemd and dpkg keep for themselves, and what no package of ours could touch."""
KERNEL = (
    ("ip", "-brief", "address"), ("ip", "rule"), ("ip", "-6", "rule"), ("ip", "netns"),
    ("ip", "route", "show", "table", "all"), ("ip", "-6", "route", "show", "table", "all"),
    ("nft", "list", "ruleset"), ("ip", "xfrm", "state"), ("ip", "xfrm", "policy"),
    ("sysctl", "-a", "-r", r"^net\.ipv[46]\.(conf|ip|fib|route|xfrm)"),
    ("getent", "passwd"), ("getent", "group"),
)  # fmt: skip
"""What is asked for the kernel's state, and for the machine's users."""


class LateRouter(Host):
    """The machine itself. Its addresses towards the provider come when they are told to."""

    def __init__(self, late: bool) -> None:
        super().__init__(ROUTER, lambda: None)
        self._late = late
        self._kept: list[str] = []

    def ip(self, *lines: str) -> None:
        """As any host, but what a provider would give is kept back."""
        kept = [line for line in lines if self._late and " dev wan" in line and "set" not in line]
        self._kept += kept
        super().ip(*(line for line in lines if line not in kept))

    def arrive(self) -> None:
        """What was kept back comes."""
        self._late = False
        super().ip(*self._kept)


class Inside:
    """The requests."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._verbs: dict[str, Callable[..., Any]] = {}
        self.router: LateRouter | None = None

    def answer(self, verb: str, words: dict[str, Any]) -> Any:
        """Does what is asked."""
        if verb in self._verbs:
            return self._verbs[verb](**words)[0]
        return getattr(self, verb)(**words)

    def run(self, argv: list[str], text: str | None = None, deadline: float = 60.0) -> Any:
        """Runs a program on the machine."""
        done = subprocess.run(
            argv, input=text or "", capture_output=True, text=True, timeout=deadline, errors="replace"
        )  # fmt: skip
        return {"status": done.returncode, "out": done.stdout, "err": done.stderr}

    def around(self, document: str, configuration: str, *, late: bool = False) -> None:
        """Makes the network around the machine, as the document of a configuration says."""
        self.router = router = LateRouter(late)
        lab = self._stack.enter_context(
            built(read(document), configuration, {}, Progress(sys.stderr), lambda: router)
        )
        self._verbs = dict(Verbs(lab).table())

    def arrive(self) -> None:
        """The provider gives the machine its address."""
        assert self.router is not None
        self.router.arrive()

    def state(self) -> dict[str, list[str]]:
        """All that a package could leave on the machine."""
        found = {"files": sorted(_files(map(Path, WALKED)))}
        for argv in KERNEL:
            found[" ".join(argv)] = self.run(list(argv))["out"].splitlines()
        return found

    def close(self) -> None:
        """Takes the network away."""
        self._stack.close()


def _files(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            path = Path(entry.path)
            if any(path.match(left) for left in NOT_WALKED):
                continue
            about = entry.stat(follow_symlinks=False)
            yield f"{path} {stat.filemode(about.st_mode)} {about.st_uid}"
            if entry.is_dir(follow_symlinks=False):
                yield from _files([path])


def main() -> None:
    """Answers until standard input closes."""
    packets_first()
    inside = Inside()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"result": inside.answer(request.pop("verb"), request)}
        except (LabError, OSError, subprocess.SubprocessError) as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()
    inside.close()


if __name__ == "__main__":
    main()
