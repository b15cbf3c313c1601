"""Tunnels by the side door: the test is the router - its KNIs, its forwarding, its calls of the network scripts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from ipsec_lab.router import CLIENT, PROGRAMS
from ipsec_lab.shapes import Remote, Service, configuration
from ipsec_lab.topology import ROUTER
from ipsec_lab.waiting import wait_until
from tests.lab.driver import Lab, running

pytestmark = pytest.mark.patient

SCRIPTS = Path(__file__).parents[2] / "packaging" / "network-scripts"
LINKS = "/etc/128technology/plugins/network-scripts/host"
REMOTES = ("rem1", "rem2")
TEXT = configuration(
    [Remote(name, f"172.16.{number}.3") for number, name in enumerate(REMOTES, start=21)],
    {"internet": Service(["1.1.1.0/24"], REMOTES)},
)
KNIS = {
    "client1": ("169.254.129.1", "169.254.129.2"),
    "rem1": ("169.254.129.5", "169.254.129.6"),
    "rem2": ("169.254.129.9", "169.254.129.10"),
}
"""The router's address and that of the Linux end."""
CONFIGURATION, PRINTED = "/run/lab/side-door.conf", "/run/lab/side-door.log"
PATIENCE = 90.0
HOLD_DOWN = 10
"""Seconds, thus calls of `monitoring`, of a KNI that is down, before it is initialised again."""


class Router:
    """A Session Smart Router, as far as it concerns a plugin. ``said`` and ``told`` are what `monitoring` and `state`
    printed last.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.said: dict[str, str] = {}
        self.told: dict[str, Any] = {}
        self._down = dict.fromkeys(KNIS, 0)
        self._way = ""

    def do(self, text: str) -> str:
        """Shell commands on it."""
        return self.lab.must(ROUTER, "sh", "-ec", text)

    def call(self, hook: str, kni: str) -> str:
        """What its script prints, called as the router calls it."""
        outer, inner = KNIS[kni]
        return self.lab.must(
            ROUTER, "env", f"PATH={PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin", str(SCRIPTS / hook),
            f"--kni-interface={kni}", f"--kni-ip={outer}", "--kni-prefix=30",
            f"--kni-gateway={inner}", "--namespace=client1:1073741830",
        )  # fmt: skip

    def make(self) -> None:
        """Its KNIs, one end of each in its forwarding plane, and what becomes of the egress one's packets."""
        for kni, (outer, _) in KNIS.items():
            self.do(
                f"ip link add {kni} type veth peer name ssr-{kni}; "
                f"ip addr add {outer}/30 dev ssr-{kni}; ip link set ssr-{kni} up"
            )
        self.do(
            "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0; nft -f - <<'.'\n"
            "table ip ssr { chain out { type nat hook postrouting priority 100\n"
            'oifname "wan" masquerade\n}\n}\n.\n'
        )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """It calls `monitoring` every second and `state` every five while the body runs."""
        ended = Event()
        with ThreadPoolExecutor(1) as pool:
            calling = pool.submit(self._watch, ended)
            try:
                yield
            finally:
                ended.set()
            calling.result()

    def _watch(self, ended: Event) -> None:
        began = time.monotonic()
        for second in count():
            if ended.wait(max(0.0, began + second - time.monotonic())):
                return
            for kni in KNIS:
                self._monitor(kni)
                if second % 5 == 0:
                    self.told[kni] = json.loads(self.call("state", kni)).get("IPSec")
            self._forward()

    def _monitor(self, kni: str) -> None:
        self.said[kni] = self.call("monitoring", kni).strip()
        self._down[kni] = self._down[kni] + 1 if self.said[kni] == "down" else 0
        if self._down[kni] == HOLD_DOWN:
            self.call("reinit", kni)
            self._down[kni] = 0

    def _forward(self) -> None:
        """Has the service go by the first KNI that is up, as its service routes have it."""
        way = next((remote for remote in REMOTES if self.said[remote] == "up"), self._way)
        if way != self._way:
            self.do(f"ip route replace 1.1.1.0/24 via {KNIS[way][1]} dev ssr-{way}")
            self._way = way

    def await_said(self, **words: str) -> None:
        """Wait until `monitoring` of these KNIs prints this, the traffic goes accordingly, and `state` agrees."""
        tunnels = {remote: word for remote, word in words.items() if remote in REMOTES}

        def agreed() -> bool:
            told = {remote: self.told.get(remote) for remote in tunnels}
            return all(self.said.get(kni) == word for kni, word in words.items()) and all(
                word.title() in json.dumps(told[remote]) for remote, word in tunnels.items()
            )

        assert wait_until(agreed, deadline=PATIENCE), (self.said, self.told)

    def carried(self, remote: str) -> int:
        """Packets that came out of its forwarding plane into this KNI."""
        file = f"/sys/class/net/ssr-{remote}/statistics/tx_packets"
        return int(self.lab.must(ROUTER, "cat", file))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two gateways."""
    with running(TEXT) as lab:
        yield lab


@pytest.fixture
def router(lab: Lab) -> Iterator[Router]:
    """A Session Smart Router in place of the lab's, with the product at its side and no KNI yet."""
    lab.stop()
    router = Router(lab)
    lab.must(ROUTER, "sh", "-c", 'cat > "$0"', CONFIGURATION, text=TEXT)
    pid = router.do(f"{CLIENT} run --side-door {CONFIGURATION} >{PRINTED} 2>&1 & echo $!").strip()
    listed = f"test -L {LINKS}/client1/startup"
    assert wait_until(lambda: lab.do(ROUTER, "sh", "-c", listed).status == 0, deadline=PATIENCE)
    yield router
    lab.must(ROUTER, "kill", pid)
    assert wait_until(lambda: not lab.pids("ipsec-client run"), deadline=PATIENCE)
    assert lab.must(ROUTER, "find", LINKS) == f"{LINKS}\n"


def pings(lab: Lab) -> None:
    """The LAN reaches what is behind the gateways."""
    lab.must("lan", "ping", "-c", "3", "-i", "0.2", "-W", "3", "1.1.1.1")


def test_tunnels_carry_and_the_router_is_told_when_they_do_not(lab: Lab, router: Router) -> None:
    router.make()
    for kni in KNIS:
        router.call("startup", kni)
        router.call("init", kni)
    with router.watching():
        router.await_said(client1="up", rem1="up", rem2="up")
        before = router.carried("rem1")
        pings(lab)
        assert router.carried("rem1") >= before + 3

        lab.break_("gateway-silent", "rem1")
        router.await_said(client1="up", rem1="down", rem2="up")
        before = router.carried("rem2")
        pings(lab)
        assert router.carried("rem2") >= before + 3
        assert router.told["client1"]["Tunnels"]["rem1"] == "down"

        lab.heal()
        router.await_said(client1="up", rem1="up", rem2="up")

    for kni in ("rem1", "rem2", "client1"):
        router.call("shutdown", kni)
        assert router.call("monitoring", kni) == "down\n"
    links = lab.must(ROUTER, "ip", "-o", "link")
    assert all(f"{kni}@ssr-{kni}" in links for kni in KNIS)
    assert "client1" not in lab.must(ROUTER, "ip", "netns")
    assert not lab.pids("pluto --config")
    assert not lab.must(ROUTER, "ip", "xfrm", "state")
    assert "ipsec_client" not in lab.must(ROUTER, "nft", "list", "tables")
