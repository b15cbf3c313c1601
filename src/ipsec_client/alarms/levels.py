"""What is alarming right now: observed links, troubles of tunnels, findings about the document.

Severities, categories and sources are those that the router's own alarms have (``show alarms``), so that shelving
and counting treat ours like its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from ipsec_client.alarms.book import Alarm
from ipsec_client.alarms.ports import Ports
from ipsec_client.dialect.diagnosis import CAUSES


class Trouble(Protocol):
    """What is wrong with a tunnel, or ("") the whole client, besides a KNI that is down."""

    @property
    def kind(self) -> str:
        """refused, last, pluto, or what is in the way of the negotiation (``dialect/diagnosis.py``)."""

    @property
    def remote(self) -> str:
        """The tunnel's remote."""

    @property
    def reason(self) -> str:
        """What pluto or the peer said; of kind name, the name."""

    @property
    def look(self) -> str:
        """The field to look at, if there is one."""

    @property
    def probable(self) -> bool:
        """Whether nobody signed what tells of it."""

    @property
    def carries(self) -> bool:
        """Whether what was agreed before goes on: only what is new is not in force."""


def levels(
    links: Mapping[str, bool],
    ports: Ports,
    proving: Collection[str],
    troubles: Iterable[Trouble],
    findings: Iterable[Alarm] = (),
) -> dict[str, Alarm]:
    """The alarms that are to stand, by key.

    ``links`` says of each watched interface whether it is operationally up; those in ``proving`` still have
    time to come up for the first time.
    """
    found = [
        _interface_down(name, ports) for name, up in links.items() if not up and name not in proving
    ]
    found += map(_of_trouble, troubles)
    found += findings
    return {alarm.key: alarm for alarm in found}


def _interface_down(name: str, ports: Ports) -> Alarm:
    message = f"Intf {name} ({ports.numbers.get(name, 0)}) operationally down"
    return Alarm(f"interface {name}", "critical", "interface", "unavailable", message)


def _of_trouble(trouble: Trouble) -> Alarm:
    remote, told = trouble.remote, f": {trouble.reason}" if trouble.reason else ""
    key = f"{trouble.kind} {remote}"
    match trouble.kind:
        case "pluto":
            return Alarm(key, "major", "process", "pluto", "Process has exited unexpectedly: pluto")
        case "name":
            message = f"Hostname [{trouble.reason or remote}] is unresolved"
            return Alarm(key, "major", "system", remote, message)
        case "refused":
            carries = ". It carries on as before the change" if trouble.carries else ""
            message = f"Tunnel {remote} is refused by Libreswan{told}{carries}"
        case "last":
            message = f"Tunnel {remote} is degraded and carries, since no other is up{told}"
        case kind:
            cause = CAUSES.get(kind)
            plain = cause.plain if cause else kind
            look = f". Look at {trouble.look}" if trouble.look else ""
            probably = "probably " if trouble.probable else ""
            carries = ". It carries on as agreed before" if trouble.carries else ""
            message = f"Tunnel {remote}: {probably}{plain}{told}{look}{carries}"
    return Alarm(key, "major", "extensible-alarm", remote, message)
