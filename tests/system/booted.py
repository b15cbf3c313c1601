"""A machine that systemd has booted, as the tests drive it: a guest with a disk, on which all that it writes stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ipsec_lab import packages, terminal
from ipsec_lab.document import read
from ipsec_lab.guest import kernel
from ipsec_lab.guest.caller import GuestGone
from ipsec_lab.guest.machine import Guest
from ipsec_lab.packages import strongswan_root
from ipsec_lab.progress import Progress
from ipsec_lab.router import document
from ipsec_lab.topology import target
from ipsec_lab.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "system"
"""Shared with the guest: packages, captures, logs."""

DISK_SIZE = 3 << 30  # a sparse file's
MEMORY = "1500M"


@dataclass(frozen=True)
class Done:
    """How a program on the machine ended."""

    status: int
    out: str
    err: str


class Booted:
    """One machine and its disk. ``boot`` and ``off`` may follow each other as often as wanted."""

    def __init__(self, configuration: str) -> None:
        self.configuration = configuration
        self.document = document(configuration)
        site = read(self.document)
        self.target, self.name_server = target(site), site.name_server
        self._disk = FOLDER / "disk.ext4"
        self._guest: Guest | None = None
        self._lines: tuple[IO[str], IO[str]] | None = None
        self._inside: threading.Thread | None = None
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._disk.unlink(missing_ok=True)
        with self._disk.open("wb") as disk:
            disk.truncate(DISK_SIZE)
        subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", self._disk], check=True)

    def boot(self) -> None:
        """Switches it on, and returns as soon as programs can be run on it: systemd may be at its work still."""
        progress = Progress()
        packages.ensure((*packages.HOST, *packages.SYSTEM), progress)
        strongswan_root(progress)
        self._guest = guest = Guest.start(
            kernel.ensure(progress), [FOLDER], MEMORY, disk=self._disk
        )
        here, there = os.pipe(), os.pipe()

        def inside() -> None:
            with (FOLDER / "inside.log").open("ab") as log, suppress(GuestGone):
                argv = [sys.executable, "-m", "tests.system.inside"]
                guest.run(argv, cwd=ROOT, env=os.environ, stdio=(here[0], there[1], log.fileno()))
            os.close(here[0])
            os.close(there[1])

        self._inside = threading.Thread(target=inside, daemon=True)
        self._inside.start()
        self._lines = (os.fdopen(here[1], "w"), os.fdopen(there[0]))

    def await_booted(self) -> None:
        """Waits until systemd has started all that it is to start."""
        told = ("running\n", "degraded\n")
        ready = wait_until(
            lambda: self.do("systemctl", "is-system-running").out in told, deadline=120, pause=0.5
        )
        assert ready, self.story()

    def off(self) -> None:
        """Shuts it down as an operator does."""
        assert self._guest is not None
        self.must("systemctl", "poweroff", "--no-block")
        self._guest.await_end(90)
        self.cut()

    def cut(self) -> None:
        """Takes its power away."""
        if self._guest is not None:
            self._guest.close()
            self._guest = None
        if self._lines is not None and self._inside is not None:
            for line in self._lines:
                with suppress(BrokenPipeError):
                    line.close()
            self._inside.join()
            self._lines = None

    def ask(self, verb: str, **words: Any) -> Any:
        """Has ``inside`` do something."""
        assert self._lines is not None
        to, answers = self._lines
        to.write(json.dumps({"verb": verb, **words}) + "\n")
        to.flush()
        line = answers.readline()
        assert line, (FOLDER / "inside.log").read_text()[-3000:]
        reply = json.loads(line)
        assert "error" not in reply, reply["error"]
        return reply["result"]

    def do(self, *argv: str, text: str | None = None, deadline: float = 60.0) -> Done:
        """Runs a program on it."""
        return Done(**self.ask("run", argv=argv, text=text, deadline=deadline))

    def must(self, *argv: str, text: str | None = None, deadline: float = 60.0) -> str:
        """Runs a program that has to succeed; what it prints."""
        done = self.do(*argv, text=text, deadline=deadline)
        assert done.status == 0, f"{argv}: {done.err}{done.out}"
        return done.out

    def surround(self, *, late: bool = False) -> None:
        """Makes the network around it; ``late``: the provider gives no address yet."""
        self.ask("around", document=self.document, configuration=self.configuration, late=late)

    def commit(self, configuration: str) -> None:
        """Commits a configuration with pcli, as an operator who pastes it."""
        self.must("pcli", text=f"configure\n{configuration}\ncommit force\nexit\n")

    def write(self, path: str, content: str) -> None:
        """Writes a file."""
        self.must("tee", path, text=content)

    def pcli(self, command: str) -> str:
        """What pcli answers; nothing while no daemon does."""
        return self.do("pcli", "-c", command).out

    def pids(self, pattern: str) -> list[str]:
        """The processes in the machine's own network namespace whose command line has a pattern."""
        found = self.do("pgrep", "--ns", "1", "--nslist", "net", "-f", pattern)
        return found.out.split()

    def unit(self, name: str) -> dict[str, str]:
        """What systemd knows of a service."""
        wanted = "ActiveState,SubState,MainPID,NRestarts,Result"
        shown = self.must("systemctl", "show", f"--property={wanted}", f"{name}.service")
        return dict(line.split("=", 1) for line in shown.splitlines())

    def pid(self, name: str) -> str:
        """The main process of a service; 0 while it does not run."""
        return self.unit(name)["MainPID"]

    def up(self, *remotes: str) -> bool:
        """Whether these remotes' tunnels are up and carry."""
        shown = terminal.interfaces(self.do("pcli", "-c", "show device-interface").out)
        return all(name in shown and shown[name].up and shown[name].tunnel_up for name in remotes)

    def await_up(self, *remotes: str) -> None:
        """Waits until they are."""
        assert wait_until(lambda: self.up(*remotes), deadline=60, pause=0.5), "not up"

    def await_(self, condition: Any, what: str) -> None:
        """Waits for a condition."""
        assert wait_until(condition, deadline=60, pause=0.5), what

    def reaches(self) -> bool:
        """Whether the LAN reaches the service through a tunnel."""
        ping = ["ping", "-c1", "-W1", str(self.target)]
        return bool(self.ask("do", host="lan", argv=ping)["status"] == 0)

    def story(self) -> str:
        """What it can tell of itself, for whoever has to find out what went wrong."""
        asked = (
            ("systemctl", "--no-pager", "status", "128t-ipsec*"),
            ("journalctl", "--no-pager", "-n", "60", "-o", "short-monotonic"),
            ("pcli", "-c", "why"),
            ("pcli", "-c", "show device-interface"),
            ("ip", "address"),
        )
        return "\n".join(f"$ {' '.join(argv)}\n{self.do(*argv).out}" for argv in asked)
