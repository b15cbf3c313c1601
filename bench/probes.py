"""What watching costs: the inbox of a client with four tunnels and their probers at work; devices stand for tunnels.

Run by ``bench.run`` in a network namespace of its own: ``python -m bench.probes INTERVAL DESTINATIONS SECONDS``
prints one JSON line. What the kernel does to send and receive is in the figures; encrypting is not.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import count

from ipsec_client.agent.inbox import Inbox
from ipsec_client.base.clock import Now
from ipsec_client.health import types as h
from ipsec_client.health.wanted import Target, TunnelIntent
from ipsec_client.probes.icmp import Heard, OnAnswers, Prober
from ipsec_client.probes.packet import request

REMOTES = 4
WARM = 1.0  # seconds until all is as it will stay


class Hands:
    """Sends the probes; there is nothing to lower, raise or repair."""

    def __init__(self) -> None:
        self.probers: dict[str, Prober] = {}
        self.sent = self.lowered = 0

    def lower(self, effect: h.Lower) -> None:
        """A test was missed, which devices that are just made may do."""
        self.lowered += 1

    def raise_(self, effect: h.Raise) -> None:
        """Nothing to raise."""

    def probe(self, effect: h.Probe) -> str:
        """Sends it."""
        self.sent += 1
        self.probers[effect.remote].send(effect.destination, effect.sequence)
        return ""

    def listen(self, remote: str, at_once: bool) -> None:
        """As the agent does."""
        self.probers[remote].listen(at_once)

    def hear(self) -> None:
        """As the agent does."""
        for prober in self.probers.values():
            prober.hear()

    def restart_tunnel(self, effect: h.Restart) -> None:
        """Nothing to repair."""

    def restart_pluto(self, effect: h.RestartPluto) -> None:
        """Nothing to repair."""

    def record(self, effect: h.Decision, now: Now) -> None:
        """Nobody asks why."""


def make_tunnels() -> subprocess.Popen[bytes]:
    """Devices tun1 to tun4, to a namespace where ``bench.far`` answers as long as the process lives."""
    script = f"echo; read _; exec {sys.executable} -m bench.far"
    far = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert far.stdin
    assert far.stdout
    far.stdout.readline()
    inside = f"nsenter -t {far.pid} -n"
    for number in range(1, REMOTES + 1):
        for command in (
            f"ip link add tun{number} type veth peer name far netns {far.pid}",
            f"{inside} ip link set far name far{number} up",
            f"{inside} ip address add 10.{number}.0.1/24 dev far{number}",
            f"{inside} ip route add local 10.{number}.1.0/24 dev far{number}",
            f"{inside} sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
            f"ip address add 10.{number}.0.2/24 dev tun{number}",
            f"ip link set tun{number} up",
            f"ip route add 10.{number}.1.0/24 via 10.{number}.0.1",
        ):
            subprocess.run(command.split(), check=True)
    far.stdin.close()
    return far


async def watch(interval: float, destinations: int, seconds: int) -> tuple[float, list[float]]:
    """Probes a second, and the share of a core that they took in each second."""
    hands = Hands()
    inbox = Inbox(h.Client(cold=False), hands, lambda: None)
    for number in range(1, REMOTES + 1):
        remote = f"rem{number}"
        hands.probers[remote] = Prober(socket.socket, f"tun{number}", _telling(inbox, remote))
    intents = [
        TunnelIntent(
            f"rem{number}",
            tuple(
                Target(f"10.{number}.1.{last}", interval, 4 * interval)
                for last in range(1, destinations + 1)
            ),
        )
        for number in range(1, REMOTES + 1)
    ]
    inbox.put(h.Intended(tuple(intents)))
    for remote in hands.probers:
        inbox.put(h.SecurityAssociations(remote, 1, 1))
        inbox.put(h.KniLink(remote, True))
    await asyncio.sleep(WARM)
    hands.sent = hands.lowered = 0
    began, shares = time.monotonic(), []
    for _ in range(seconds):
        used, since = time.process_time(), time.monotonic()
        await asyncio.sleep(1)
        shares.append((time.process_time() - used) / (time.monotonic() - since))
    found = hands.sent / (time.monotonic() - began), shares
    if hands.lowered:
        raise RuntimeError("tests were missed: the machine is too busy to measure watching")
    inbox.close()
    for prober in hands.probers.values():
        prober.close()
    return found


def _telling(inbox: Inbox, remote: str) -> OnAnswers:
    def tell(heard: Sequence[Heard]) -> None:
        inbox.put(h.ProbeAnswers(remote, tuple(h.Answer(*answer) for answer in heard)))

    return tell


def bare(seconds: float) -> float:
    """Seconds of a core for one request and its answer, by hand, one after the other."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as opened:
        used, ended = time.process_time(), time.monotonic() + seconds
        for sequence in count(1):
            opened.sendto(request(4, 1, sequence, 0), ("10.1.1.1", 0))
            opened.recvfrom(128)
            if time.monotonic() > ended:
                return (time.process_time() - used) / sequence
    raise AssertionError


def main() -> None:
    """Measures and prints."""
    interval, destinations, seconds = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    far = make_tunnels()
    try:
        rate, shares = asyncio.run(watch(interval, destinations, seconds))
        print(json.dumps({"rate": rate, "shares": shares, "bare": [bare(0.2) for _ in shares]}))
    finally:
        far.kill()
        far.wait()


if __name__ == "__main__":
    main()
