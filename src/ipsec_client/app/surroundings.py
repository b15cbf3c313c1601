"""What around us keeps tunnels down though nothing of ours is wrong: clock, disk, names, WAN, firewalls' tables.

As facts for ``doctor``. Looks, and changes nothing.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from ipsec_client.agent.shelf import state_folder
from ipsec_client.base import logs, sockets
from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import run
from ipsec_client.kernel.counters import Device, devices
from ipsec_client.kernel.facts import Fact

BUILT = 1_735_689_600
"""2025-01-01: a clock before that has forgotten the time."""

ROOM = 64 * 1024 * 1024
"""Bytes, and a millionth of that files, that must be free where we write."""

PATIENCE = 2.0
"""Seconds for a name server's answer."""

STA_UNSYNC = 0x40  # linux/timex.h: the kernel's clock is not steered
CROWDED = 0.9
"""Share of the connection tracking table above which new connections are soon dropped."""

HELD = Path("/usr/lib/systemd/system/ipsec.service.d/128t-ipsec.conf")
"""What our package keeps the distribution's Libreswan from starting with."""

DOMAIN = 53
"""The port of name servers (RFC 1035)."""

QUESTION = struct.pack("!HHHHHH", 0x1234, 0x100, 1, 0, 0, 0) + b"\0" + struct.pack("!HH", 2, 1)
"""Who serves the root of all names (RFC 1035): every resolver answers that."""


def surroundings(*, named: bool) -> Iterator[Fact]:
    """All that is looked at, the good too. ``named``: gateways are known by names."""
    yield clock(time.time(), _unsteered())
    for folder in (state_folder(), logs.log_folder(), sockets.run_folder()):
        yield disk(folder)
    yield names(_servers(_read("/etc/resolv.conf")), needed=named)
    yield wan(_read("/proc/net/route"), devices(""))
    yield tracking(
        _number("/proc/sys/net/netfilter/nf_conntrack_count"),
        _number("/proc/sys/net/netfilter/nf_conntrack_max"),
    )
    if (service := _enabled("ipsec.service")) is not None:
        yield distribution(service, held=HELD.exists())
    if _read("/proc/sys/crypto/fips_enabled").strip() == "1":
        yield Fact(
            "FIPS mode", True, "on: Libreswan refuses MD5, MODP groups below 2048 and short keys"
        )
    if _read("/sys/fs/selinux/enforce").strip() == "1":
        yield Fact(
            "SELinux",
            True,
            "enforcing: if pluto does not start, ausearch -m avc -c pluto tells what it was denied",
        )


def clock(now: float, unsteered: bool) -> Fact:
    """The clock knows the time: events and alarms bear it, and a peer's certificates and logs are compared with it."""
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    cure = "Set it, and start a time service (systemd-timesyncd or chrony)"
    if now < BUILT:
        return Fact("clock", False, f"{shown} is long past", cure)
    steered = "nobody keeps it right" if unsteered else "kept right"
    return Fact("clock", True, f"{shown}, {steered}")


def disk(folder: Path) -> Fact:
    """There is room in the folder, or where it will be, and it can be written to."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    name = f"room in {folder}"
    try:
        with TemporaryFile(dir=there) as file:
            file.write(b"\0" * 4096)
            file.flush()
        found = os.statvfs(there)
    except OSError as error:
        return Fact(
            name, False, error.strerror or str(error), f"Make {there} writable, and make room there"
        )
    free, files = found.f_bavail * found.f_frsize, found.f_favail
    shown = f"{free // 2**20} MiB free"
    if free < ROOM or (found.f_files and files < ROOM // 1000 // 1000):
        return Fact(name, False, f"{shown}, {files} files", f"Make room in {there}")
    return Fact(name, True, shown)


def names(servers: Iterable[str], *, needed: bool) -> Fact:
    """A name server answers; it is no lack where nothing is known by a name."""
    name, asked = "name servers", list(servers)
    answering = [server for server in asked if _answers(server)]
    if answering:
        return Fact(name, True, f"{', '.join(answering)} answers")
    found = f"{', '.join(asked)} does not answer" if asked else "none"
    if not needed:
        return Fact(name, True, f"{found}: gateways must be known by their addresses")
    cure = "Correct /etc/resolv.conf, or the way to the server; the last good answers stay in use"
    return Fact(name, False, found, cure)


def wan(routes: str, found: dict[str, Device]) -> Fact:
    """There is a default route, and its device is up and has an address. ``routes`` is /proc/net/route."""
    ways = [
        fields[0]
        for line in routes.splitlines()[1:]
        if len(fields := line.split()) > 7 and fields[1] == fields[7] == "00000000"
    ]
    if not ways:
        return Fact(
            "way to the WAN", True, "no default route: gateways must be in a service's routes"
        )
    device = found.get(ways[0])
    if device is None or not device.oper_up:
        return Fact("way to the WAN", False, f"{ways[0]} is down", "See to its cable, or its modem")
    with suppress(HostFault):
        if not run(("ip", "-4", "address", "show", "dev", ways[0], "scope", "global")).out.strip():
            return Fact(
                "way to the WAN", False, f"{ways[0]} has no address", "See to DHCP, or set one"
            )
    return Fact("way to the WAN", True, f"by {ways[0]}")


def tracking(count: int | None, most: int | None) -> Fact:
    """There is room for further connections: a full table drops what is new."""
    if count is None or not most:
        return Fact("connection tracking", True, "not in use")
    shown = f"{count} of {most} connections"
    if count < most * CROWDED:
        return Fact("connection tracking", True, shown)
    return Fact("connection tracking", False, shown, "Raise net.netfilter.nf_conntrack_max")


def distribution(enabled: bool, *, held: bool) -> Fact:
    """The distribution's own Libreswan does not start at the next boot: it would take UDP 500 of the router.

    ``held``: whether our package keeps it from that, enabled or not.
    """
    name = "ipsec.service"
    if held:
        return Fact(name, True, "does not start while the package 128t-ipsec is here")
    if not enabled:
        return Fact(name, True, "does not start at boot")
    return Fact(name, False, "starts at boot", "systemctl disable --now ipsec")


# --- looking --------------------------------------------------------------------------------------


def _unsteered() -> bool:
    """What adjtimex(2) says; False where it says nothing."""
    timex = ctypes.create_string_buffer(256)  # struct timex, all zero: only read
    try:
        ctypes.CDLL(None).adjtimex(timex)
    except (AttributeError, OSError):
        return False
    status: int = struct.unpack_from("@i", timex, 40)[0]  # after modes, offset, freq, two errors
    return bool(status & STA_UNSYNC)


def _servers(text: str) -> list[str]:
    return re.findall(r"(?m)^\s*nameserver\s+(\S+)", text)


def _answers(server: str) -> bool:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asker:
            asker.settimeout(PATIENCE)
            asker.connect((server.partition("%")[0], DOMAIN))
            asker.send(QUESTION)
            return asker.recv(512)[:2] == QUESTION[:2]
    except OSError:
        return False


def _enabled(unit: str) -> bool | None:
    """Whether systemd starts it at boot; None where there is no systemd, or no such unit."""
    try:
        found = run(("systemctl", "is-enabled", unit)).out.strip()
    except HostFault:
        return None
    return found == "enabled" if found in ("enabled", "disabled", "masked") else None


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _number(path: str) -> int | None:
    text = _read(path).strip()
    return int(text) if text.isdigit() else None
