"""A real pluto of our own, in a network namespace of its own. The kernel need not know ESP: IKE is all it speaks."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ipsec_client.base import run
from ipsec_client.base.secret import Secret
from ipsec_client.dialect.render import Conn
from ipsec_client.pluto import prepare
from ipsec_client.pluto.control import Control
from ipsec_client.pluto.layout import Layout
from ipsec_client.pluto.log import Note, read
from ipsec_client.pluto.tail import Tail

PATIENCE = 20.0
_numbers = itertools.count()


def until(true: Callable[[], bool], what: str) -> None:
    """Returns as soon as it is so; fails after ``PATIENCE`` seconds."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


class Pluto:
    """One pluto with its layout, and ``control`` to speak to it."""

    def __init__(self, layout: Layout, namespace: str) -> None:
        self.layout = layout
        self.namespace = namespace
        self.control = Control(layout)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Prepares and starts it, and waits until it answers."""
        prepare.prepare(self.layout)
        self.process = run.spawn(
            ["ip", "netns", "exec", self.namespace, *self.layout.argv],
            out=self.layout.run / "output",
        )
        until(self.control.answers, "pluto")

    def end(self) -> None:
        """Ends it whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def first(self, tail: Tail, conn: str, *kinds: str) -> Note:
        """The first note of one of these kinds in the log."""
        found: list[Note] = []

        def come() -> bool:
            notes = (read(line) for line in tail.read())
            found.extend(
                note for note in notes if note and note.conn == conn and note.kind in kinds
            )
            return bool(found)

        until(come, f"{kinds} of {conn}")
        return found[0]


@contextmanager
def plutos(folder: Path, *keys: str) -> Iterator[list[Pluto]]:
    """Started plutos, one per key, each with 10.0.0.<n>, on one link; they share their keys by these addresses."""
    mine = [f"pluto-{os.getpid()}-{next(_numbers)}" for _ in keys]
    made: list[Pluto] = []
    try:
        for name in mine:
            ip("netns", "add", name)
        if len(mine) > 1:
            ip(*f"link add eth0 netns {mine[0]} type veth peer name eth0 netns {mine[1]}".split())
        else:
            ip("-n", mine[0], *["link", "add", "eth0", "type", "veth", "peer", "name", "eth1"])
        for number, (name, key) in enumerate(zip(mine, keys, strict=True), 1):
            ip("-n", name, "addr", "add", f"10.0.0.{number}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            run_folder = folder / f"{number}"
            pluto = Pluto(Layout(run_folder, folder / f"log-{number}"), name)
            prepare.give(
                pluto.layout,
                f"config setup\n\tlisten=10.0.0.{number}\n\tikev1-policy=accept\n\tuniqueids=no\n"
                "\tdnssec-enable=no\n\taudit-log=no\n",
                Secret(f'10.0.0.1 10.0.0.2 : PSK "{key}"\n'),
            )
            made.append(pluto)
            pluto.start()
        yield made
    finally:
        for pluto in made:
            pluto.end()
        for name in mine:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def ip(*words: str) -> None:
    """Runs ip(8)."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


def conn(name: str, left: int = 1, right: int = 2, /, **options: str) -> Conn:
    """A connection from 10.0.0.<left> to 10.0.0.<right>."""
    given = {
        "authby": "secret",
        "auto": "ignore",
        "leftupdown": "%disabled",
        "nic-offload": "no",
        "left": f"10.0.0.{left}",
        "right": f"10.0.0.{right}",
        "leftsubnet": f"10.{left}.0.0/16",
        "rightsubnet": f"10.{right}.0.0/16",
        "ikev2": "insist",
        "ike": "aes256-sha2_256-modp2048",
        "phase2alg": "aes256-sha2_256",
    } | options
    return Conn(name, tuple(given.items()))
