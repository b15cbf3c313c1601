"""The lab as the tests drive it: by the commands an operator has, and by the control socket behind them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ipsec_lab import control, judge, pcap, terminal
from ipsec_lab.document import Site, read
from ipsec_lab.judge import Figures, Kind, Watch
from ipsec_lab.router import LOGS, PCLI, document
from ipsec_lab.topology import PROVIDER, ROUTER, TO_ROUTER, UPLINK, behind_of
from ipsec_lab.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "demo.conf"
KEPT = ROOT / "build" / "lab"
"""Where captures and logs of the suite stay."""
READY = b"Ctrl-C ends the lab."
"""What a lab prints at last."""


@dataclass(frozen=True)
class Done:
    """How a program on a machine of the lab ended."""

    status: int
    out: str
    err: str


class Lab:
    """A running lab."""

    def __init__(self, configuration: str, socket: Path = control.SOCKET) -> None:
        """``socket`` is where the lab listens, as this machine sees it."""
        self.configuration, self._socket = configuration, socket
        self.site: Site = read(document(configuration))

    @property
    def remotes(self) -> tuple[str, ...]:
        """The names of the remotes, in configuration order."""
        return tuple(remote.name for remote in self.site.remotes)

    def _ask(self, verb: str, **words: Any) -> Any:
        return control.call(verb, self._socket, **words)

    def do(self, host: str, *argv: str, text: str | None = None) -> Done:
        """Run a program on a machine."""
        return Done(**self._ask("do", host=host, argv=argv, text=text))

    def must(self, host: str, *argv: str, text: str | None = None) -> str:
        """Run a program that has to succeed; returns what it prints."""
        done = self.do(host, *argv, text=text)
        assert done.status == 0, f"{argv} on {host}: {done.err or done.out}"
        return done.out

    def pcli(self, command: str) -> str:
        """What the router's terminal answers."""
        return self.do(ROUTER, PCLI, "-c", command).out

    def interfaces(self) -> dict[str, terminal.Interface]:
        """The state of the router's interfaces."""
        return terminal.interfaces(self.pcli("show device-interface"))

    def alarms(self) -> list[terminal.Alarm]:
        """The alarms that are raised."""
        return terminal.alarms(self.pcli("show alarms")) or []

    def up(self, *remotes: str) -> bool:
        """Whether these remotes' tunnels are up and carry, all of them if none is named."""
        shown = self.interfaces()
        names = remotes or self.remotes
        return all(name in shown and shown[name].up and shown[name].tunnel_up for name in names)

    def await_up(self, *remotes: str) -> None:
        """Wait until they are."""
        assert wait_until(lambda: self.up(*remotes), deadline=90, pause=0.3), self.pcli(
            "show device-interface"
        )

    def break_(self, cause: str, remote: str) -> None:
        """As `ipsec-lab break`."""
        self._ask("break", cause=cause, remote=remote)

    def heal(self) -> None:
        """As `ipsec-lab heal`."""
        self._ask("heal")

    def start(self, configuration: str) -> None:
        """Start the product with a configuration."""
        self._ask("start", configuration=configuration)

    def commit(self, configuration: str) -> None:
        """Give the running product another configuration."""
        self._ask("commit", configuration=configuration)

    def stop(self) -> None:
        """End it as an operator would."""
        self._ask("stop")

    def pids(self, pattern: str) -> list[str]:
        """The processes whose command line has a pattern, as the router knows them."""
        return self.do(ROUTER, "pgrep", "-f", pattern).out.split()

    def story(self) -> str:
        """What the router decided of late, and the ends of its logs."""
        logs = [f"{LOGS}/{log}.log" for log in ("ipsec-client-run", f"ipsec-{self.site.client}")]
        ends = self.do(ROUTER, "tail", "-n", "80", *logs)
        return "".join((self.pcli("why"), self.pcli("show events"), ends.out, ends.err))

    def silence(self, remote: str) -> None:
        """Have a gateway say nothing until healed, and wait until its tunnel is left."""
        self.break_("gateway-silent", remote)
        assert wait_until(lambda: not self.up(remote), deadline=30, pause=0.3)

    def signal(self, name: str, pattern: str) -> None:
        """Send a signal to them; there must be one."""
        found = self.pids(pattern)
        assert found, f"no process like {pattern}"
        self.must(ROUTER, "kill", f"-{name}", *found)

    def agent(self) -> str:
        """The process that is the agent at present."""
        return str(control.call("agent"))

    @contextmanager
    def captured(self, name: str, *places: tuple[str, str]) -> Iterator[dict[str, Path]]:
        """Capture at hosts' devices while the body runs; gives the files by host."""
        folder = KEPT / name
        folder.mkdir(parents=True, exist_ok=True)
        files = {host: folder / f"{host}.pcap" for host, _ in places}
        for host, device in places:
            self._ask("capture", host=host, device=device, path=str(files[host]))
        try:
            yield files
        finally:
            for file in files.values():
                self._ask("captured", path=str(file))

    @contextmanager
    def stream(self, name: str, rate: int = 500, to: str | None = None) -> Iterator[Sent]:
        """Send from the LAN host while the body runs; tells afterwards how it went, and where."""
        sent = Sent(self)
        places = [("lan", UPLINK), (PROVIDER, TO_ROUTER)]
        places += [(behind_of(remote.name), UPLINK) for remote in self.site.remotes]
        with self.captured(name, *places) as sent.files:
            sent.number = self._ask("send", rate=rate, to=to)
            try:
                yield sent
            finally:
                self._ask("sent", stream=sent.number)
                time.sleep(1)


class Sent:
    """What came of a stream. To be asked when it has ended."""

    number: int
    files: dict[str, Path]

    def __init__(self, lab: Lab) -> None:
        self._site = lab.site

    @property
    def figures(self) -> Figures:
        """Sent, lost, longest gap."""
        return judge.stream_figures(pcap.packets(self.files["lan"]), self.number)

    def at(self, remote: str) -> list[tuple[int, int]]:
        """Time (ns) and number of the packets that came to the host behind a remote's gateway."""
        return judge.arrivals(pcap.packets(self.files[behind_of(remote)]), self.number)

    @property
    def on_wan(self) -> dict[Kind, int]:
        """What was seen between router and provider."""
        return watch(self._site).account(pcap.packets(self.files[PROVIDER]))

    @property
    def left(self) -> dict[Kind, int]:
        """What of it was not sent by a gateway."""
        seen = watch(self._site)
        return seen.account(
            packet
            for packet in pcap.packets(self.files[PROVIDER])
            if not packet.is_ip or ip_address(packet.source) not in seen.gateways
        )


def watch(site: Site) -> Watch:
    """What classifies packets on the provider's network."""
    return Watch(site.private, frozenset(host for remote in site.remotes for host in remote.hosts))


SA_OF_REM2 = ("src", "169.254.129.2", "dst", "172.16.5.4", "proto", "esp")
"""Outbound, in the demo."""


def spi(lab: Lab) -> str:
    """The SPI of rem2's outbound SA, as ip takes it."""
    states = lab.must("client1", "ip", "xfrm", "state", "list", *SA_OF_REM2)
    return str(re.findall(r"spi (0x[0-9a-f]+)", states)[0])


APART = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh")
"""Where one lab runs already: a second one has a /run of its own, and with it all that labs share."""


@contextmanager
def running(configuration: str, *words: str, apart: bool = False) -> Iterator[Lab]:
    """A lab for a configuration, started as an operator starts it, and ended by Ctrl-C; ``apart``: beside another."""
    KEPT.mkdir(parents=True, exist_ok=True)
    argv: Sequence[str] = [sys.executable, "-m", "ipsec_lab", "--here", "run", "-", *words]
    with (KEPT / "lab.log").open("a") as log:
        begun = log.tell()
        process = subprocess.Popen(
            [*(APART if apart else ()), *argv], stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    assert process.stdin is not None
    process.stdin.write(configuration.encode())
    process.stdin.close()
    socket = Path(f"/proc/{process.pid}/root{control.SOCKET}")
    try:
        lab = Lab(configuration, socket)
        ready = wait_until(
            lambda: control.is_running(socket) or process.poll() is not None, deadline=60
        )
        assert ready
        assert process.poll() is None, (KEPT / "lab.log").read_text()[-3000:]
        lab.await_up()
        # It looks for itself, and ends where the product is stopped before it has seen all tunnels up.
        assert wait_until(lambda: READY in (KEPT / "lab.log").read_bytes()[begun:], deadline=60)
        yield lab
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        assert process.wait(60) == 0
