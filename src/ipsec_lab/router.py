"""The router of the lab: the machine that the product runs on, and the product's commands.

The machine has a /run and a /var of its own, as a router would; what the product writes there is seen by nobody
else and gone with the lab.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from ipsec_lab import syscalls, terminal
from ipsec_lab.errors import LabError
from ipsec_lab.host import Host, end
from ipsec_lab.topology import ROUTER

PROGRAMS = Path(sys.executable).parent
"""Where the product's commands are: beside the interpreter, as installed."""
CLIENT, PCLI = str(PROGRAMS / "ipsec-client"), str(PROGRAMS / "pcli")
LOGS = "/var/log/128technology"
STATE = "/var/lib/ipsec-client"

PLUTOS = "/usr/libexec/ipsec"
"""Where Libreswan's programs are."""

_CONFIGURATION = "/run/lab/router.conf"
_LAYER = "/run/lab/var"
_STOP_GRACE = 30.0


def machine(name_server: str, libreswan: Path | None = None) -> Host:
    """The machine, without anything running; names it asks the provider for. ``libreswan`` is the folder of another
    Libreswan's programs than this machine has.
    """

    def prepare() -> None:
        if libreswan is not None:
            syscalls.mount(str(libreswan), PLUTOS, flags=syscalls.MS_BIND)
        _own_var()
        _own_names(name_server)

    return Host.new(ROUTER, prepare)


def _own_names(name_server: str) -> None:
    """A /etc/resolv.conf of its own; where it leads to may be in a /run that is not there here."""
    file, own = Path(os.path.realpath("/etc/resolv.conf")), Path("/run/lab/resolv.conf")
    own.write_text(f"nameserver {name_server}\n")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    syscalls.mount(str(own), str(file), flags=syscalls.MS_BIND)


def _own_var() -> None:
    upper, work = Path(_LAYER, "upper"), Path(_LAYER, "work")
    for folder in (upper, work):
        folder.mkdir(parents=True)
    layers = f"lowerdir=/var,upperdir={upper},workdir={work}"
    syscalls.mount("overlay", "/var", options=layers)
    for own in (LOGS, STATE):  # what a product on this machine has there is none of the router's
        Path(own).mkdir(parents=True, exist_ok=True)
        syscalls.mount("tmpfs", own, options="mode=755")


def document(configuration: str, file: str = "-") -> str:
    """The node document of a configuration, with its keys; raises LabError with the product's findings.

    ``file`` is where it was read from, if that is to be named in them.
    """
    done = subprocess.run(
        [CLIENT, "document", file, "--with-secrets"],
        input=configuration,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise LabError(f"ipsec-client refuses the configuration:\n{done.stderr.strip()}")
    return done.stdout


class Router:
    """The product, running on the router."""

    def __init__(self, host: Host, client: str, log: Path) -> None:
        """``client`` is the name of its ipsec-client; ``log`` gets what `ipsec-client run` prints."""
        self.host, self._name, self._log = host, client, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, configuration: str) -> None:
        """Start `ipsec-client run` with a configuration; returns at once."""
        self.host.write(_CONFIGURATION, configuration)
        with self._log.open("wb") as log:
            self._process = self.host.start(
                [CLIENT, "run", _CONFIGURATION], stdout=log, stderr=subprocess.STDOUT
            )

    def commit(self, configuration: str) -> None:
        """Give the running `ipsec-client run` another configuration, as SIGHUP does."""
        assert self._process is not None
        self.host.write(_CONFIGURATION, configuration)
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End it as an operator would, by SIGTERM."""
        if self._process is not None:
            end(self._process, grace=_STOP_GRACE)
            self._process = None

    def check_running(self) -> None:
        """Raises LabError with its last words if `ipsec-client run` has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            words = self._log.read_text(errors="replace").strip().splitlines()[-20:]
            raise LabError(
                f"`ipsec-client run` ended with status {self._process.returncode}:\n"
                + "\n".join(words)
            )

    def pcli(self, command: str) -> str:
        """What `pcli -c` prints for a command; empty while nobody answers it."""
        return self.host.run([PCLI, "-c", command]).stdout

    def agent(self) -> str:
        """The process that is the agent at present: beside it a spare one waits for its turn."""
        inode = self.host.must(["stat", "--format=%i", "/run/ipsec-client/agent.lock"]).strip()
        rows = map(str.split, self.host.must(["cat", "/proc/locks"]).splitlines())
        [holder] = [row[4] for row in rows if row[5].endswith(f":{inode}")]
        return holder

    def interfaces(self) -> dict[str, terminal.Interface]:
        """The state of the router's interfaces."""
        return terminal.interfaces(self.pcli("show device-interface"))

    def alarms(self) -> list[terminal.Alarm] | None:
        """The alarms that are raised; None while nobody answers."""
        return terminal.alarms(self.pcli("show alarms"))

    def alarm_events(self) -> list[terminal.Event]:
        """The alarms that came and went, newest first."""
        return terminal.events(self.pcli("show events alarm"))

    def libreswan_version(self) -> str:
        """The version of the Libreswan that the product runs, as `4.10`."""
        return self.host.must([f"{PLUTOS}/pluto", "--version"]).split()[1]

    def save_logs(self, folder: Path) -> None:
        """Keep what the product has written, for whoever has to find out what went wrong."""
        (folder / self._log.name).write_bytes(self._log.read_bytes() if self._log.exists() else b"")
        self.host.run(["tar", "-C", LOGS, "-czf", str(folder.absolute() / "logs.tar.gz"), "."])

    def client(self) -> Host:
        """The client's namespace, as the product has it now."""
        return self.host.inside(self._name, f"/run/netns/{self._name}")
