"""A tunnel as it was found in a foreign configuration, in our fields, and what of it could not be carried over."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ipsec_client.base.secret import Secret
from ipsec_client.model.values import DURATION, IDENTITY, AnyType

_LONGEST_SHOWN = 80
_SECRET = re.compile("pass|secret|psk|pin$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lost:
    """Something that could not be carried over: where it stands, ``what`` it is, and why. It never holds a key."""

    file: str
    line: int
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}: {self.why}"


@dataclass(slots=True)
class Tunnel:
    """One connection. ``fields`` are those of an ipsec-profile, as texts in the order of preference.

    ``ours`` and ``theirs`` are all identities and addresses of the two ends, by which a key is looked up.
    """

    name: str
    file: str
    line: int
    host: str
    local_id: str | None = None
    remote_id: str | None = None
    local_subnet: tuple[str, ...] = ()
    subnet: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    theirs: frozenset[str] = frozenset()
    key: Secret | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A pre-shared key and whom it is for; without ``ids`` it is for everybody."""

    ids: frozenset[str]
    secret: Secret


@dataclass(frozen=True, slots=True)
class Foreign:
    """All that was read of a text: tunnels, keys, and what could not be carried over."""

    tunnels: tuple[Tunnel, ...] = ()
    keys: tuple[Key, ...] = ()
    lost: tuple[Lost, ...] = ()


def named(text: str) -> str:
    """A name from a foreign text, in a message: on one line, and not too long."""
    line = " ".join(text.split())
    safe = "".join(letter if letter.isprintable() else "?" for letter in line)
    return safe if len(safe) <= _LONGEST_SHOWN else safe[: _LONGEST_SHOWN - 3] + "..."


def shown(name: str, value: str, between: str = "=") -> str:
    """A setting in a message, without its value where that may hold a key.

    A value of several lines begins with a quote that is not closed where it should be.
    """
    hidden = _SECRET.search(name) or len(value.splitlines()) > 1
    return named(name if hidden else f"{name}{between}{value}")


def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def readable(kind: AnyType, text: str) -> bool:
    """Whether a field of that type may have this value."""
    try:
        kind.read(text)
    except ValueError:
        return False
    return True


def identity(text: str) -> str | None:
    """An identity as our fields have it; None for what they cannot hold.

    ``@name`` is the same as ``name``; both programs mark an identity's type by a prefix too.
    """
    bare = text.strip()
    for prefix in ("fqdn:", "ipv4:", "ipv6:", "email:", "rfc822:", "userfqdn:"):
        bare = bare.removeprefix(prefix)
    if bare.startswith("@") and not bare.startswith(("@#", "@@", "@[", "@~")):
        bare = bare[1:]
    return bare if readable(IDENTITY, bare) else None


def networks(text: str) -> tuple[list[str], list[str]]:
    """The networks in a list, and what in it is none. All addresses are no network of their own but unset."""
    good: list[str] = []
    bad: list[str] = []
    for word in text.replace("{", " ").replace("}", " ").replace(",", " ").split():
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:
            bad.append(word)
        else:
            good.append(str(network))
    return good, bad


def any_network(found: Iterable[str]) -> tuple[str, ...]:
    """The networks without repetition; none where all of IPv4 is among them, which unset means."""
    unique = tuple(dict.fromkeys(found))
    return () if "0.0.0.0/0" in unique else unique


DAY = 86_400_000


def duration(text: str) -> tuple[str, bool] | None:
    """A time as our fields have it, and whether it had to be cut to a day; None for what is none."""
    if not readable(DURATION, text):
        return None
    read = DURATION.read(text)
    if read.milliseconds("s") == 0:
        return None
    return ("24h", True) if read.milliseconds("s") > DAY else (text, False)
