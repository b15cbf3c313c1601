"""What pluto's status commands print, as values. Pure; lines that are not understood are passed over.

5.x prints without the three-digit prefix of 4.x (``006 ``); both are read. A connection with several
subnets is several to pluto, ``NAME/1x1``, ``NAME/1x2``: here they all bear NAME.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NAME = r'"(?P<conn>[^"/]+)(?:/\d+x\d+)?"'
_PREFIX = r"^(?:\d{3} )?"


@dataclass(frozen=True, slots=True)
class Traffic:
    """An established child SA. ``added`` is seconds since 1970, or 0 for one that was never used."""

    conn: str
    serial: int
    added: int
    in_bytes: int
    out_bytes: int
    peer_id: str


@dataclass(frozen=True, slots=True)
class State:
    """An SA that is or is coming to be: pluto's name of the state, and ``detail``, its words for it."""

    conn: str
    serial: int
    name: str
    detail: str

    @property
    def child(self) -> bool:
        """Whether it is an established child SA: what carries packets."""
        return "established" in self.detail and (
            "Child SA" in self.detail or "IPsec SA" in self.detail
        )

    @property
    def ike(self) -> bool:
        """Whether it is an established IKE SA."""
        return "established" in self.detail and "IKE SA" in self.detail


@dataclass(frozen=True, slots=True)
class Child:
    """An established child SA with its SPIs. ``name`` is the connection's with the pair of subnets, if it has some."""

    name: str
    serial: int
    outbound: int
    inbound: int


_TRAFFIC = re.compile(_PREFIX + r"#(?P<serial>\d{1,18}): " + _NAME + r"(?P<rest>.*)$")
_PAIR = re.compile(r"(\w+)=('[^']*'|[^,]*)")
_STATE = re.compile(
    _PREFIX
    + r"#(?P<serial>\d{1,18}): "
    + _NAME
    + r"\S*(?: \S+:\d+)? (?P<name>[A-Z]\w+) \((?P<detail>[^)]*)\)"
)
_SPIS = re.compile(
    _PREFIX
    + r'#(?P<serial>\d{1,18}): "(?P<name>[^"]+)"(?:\[\d+\] \S+)?'
    + r" (?:esp|ah)[.:](?P<outbound>[0-9a-f]{1,8})@\S+ (?:esp|ah)[.:](?P<inbound>[0-9a-f]{1,8})@"
)
_LOADED = re.compile(_PREFIX + _NAME + r"(?:\[\d+\] \S+)?: \S+\.\.\.\S+; ")


def traffic(lines: Iterable[str]) -> list[Traffic]:
    """From ``whack --trafficstatus``: a line per established child SA."""
    found = []
    for line in lines:
        match = _TRAFFIC.match(line)
        if match is None:
            continue
        pairs = {key: value.strip("'") for key, value in _PAIR.findall(match["rest"])}
        if "inBytes" in pairs and "outBytes" in pairs:
            found.append(
                Traffic(
                    match["conn"],
                    int(match["serial"]),
                    _number(pairs.get("add_time", "")),
                    _number(pairs["inBytes"]),
                    _number(pairs["outBytes"]),
                    pairs.get("id", ""),
                )
            )
    return found


def states(lines: Iterable[str]) -> list[State]:
    """From ``whack --showstates``: a line per IKE SA and child SA, whole or half."""
    matches = (_STATE.match(line) for line in lines)
    return [
        State(match["conn"], int(match["serial"]), match["name"], match["detail"])
        for match in matches
        if match
    ]


def children(lines: Iterable[str]) -> list[Child]:
    """From ``whack --showstates``: a line per child SA with the SPIs of both directions, after a dot, or where the
    addresses are of IPv6 a colon.
    """
    matches = (_SPIS.match(line) for line in lines)
    return [
        Child(
            match["name"],
            int(match["serial"]),
            int(match["outbound"], 16),
            int(match["inbound"], 16),
        )
        for match in matches
        if match
    ]


def loaded(lines: Iterable[str]) -> set[str]:
    """From ``whack --status``: the names of the connections that pluto has."""
    matches = (_LOADED.match(line) for line in lines)
    return {match["conn"] for match in matches if match}


def lacking(lines: Iterable[str], conn: str) -> list[str]:
    """From ``whack --status``: the pairs of subnets of a connection, as pluto names them, that have no child SA."""
    pattern = re.compile(
        _PREFIX + rf'"(?P<pair>{re.escape(conn)}/\d+x\d+)": .*newest IPsec SA: #0;'
    )
    matches = (pattern.match(line) for line in lines)
    return [match["pair"] for match in matches if match]


def _number(text: str) -> int:
    """Digits as they are; whatever else stands there is no count."""
    return int(text[:18]) if text.isascii() and text.isdigit() else 0
