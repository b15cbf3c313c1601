"""systemd-networkd on the booted machine, beside us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.system.booted import Booted

NETWORKD = "systemd-networkd"
MANAGED = "[Match]\nName=managed*\n[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
WITHOUT_UDEV = "[Service]\nReadOnlyPaths=/sys\n"
"""As in a container: networkd waits for no udev then, which the guest has not."""
MASK = "/run/systemd/networkd.conf.d/128t-ipsec.conf"
"""Stands before our drop-in."""


@contextmanager
def networkd(machine: Booted) -> Iterator[Callable[[str], None]]:
    """systemd-networkd, and what gives it a device to configure; both are gone afterwards.

    Only then it removes what others made. Without udev it takes devices that are there at its start before it has
    seen anything else, so that the device has to come later.
    """
    made: list[str] = []

    def configured(name: str) -> None:
        made.append(name)
        machine.must("ip", "link", "add", name, "type", "dummy")
        number = machine.must("cat", f"/sys/class/net/{name}/ifindex").strip()
        told = f"/run/systemd/netif/links/{number}"
        machine.await_(
            lambda: "ADMIN_STATE=configured" in machine.do("cat", told).out, "it does nothing"
        )

    folder = f"/run/systemd/system/{NETWORKD}.service.d"
    machine.must("mkdir", "-p", folder, "/run/systemd/network")
    machine.write(f"{folder}/lab.conf", WITHOUT_UDEV)
    machine.write("/run/systemd/network/managed.network", MANAGED)
    machine.must("systemctl", "daemon-reload")
    machine.must("systemctl", "start", NETWORKD)
    try:
        yield configured
    finally:
        machine.do("systemctl", "kill", "-s", "KILL", NETWORKD)
        machine.do("systemctl", "stop", NETWORKD, f"{NETWORKD}.socket")
        for name in made:
            machine.do("ip", "link", "del", name)
