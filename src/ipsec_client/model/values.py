"""The types a field's value may have: how each is read from one word of text, and written back as it was.

A value keeps the form it was written in (``1h`` stays ``1h``, a prefix keeps its host bits): what was
written is printed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from ipsec_client.base.secret import REMOVED, Secret

V = TypeVar("V")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Duration:
    """A time span as written: ``8h``, ``200ms``, or a bare number of the field's own unit."""

    number: int
    unit: str  # "ms", "s", "m", "h", "d", or "" for the field's own unit

    def milliseconds(self, bare: str) -> int:
        """Its length in ms; ``bare`` is the unit of a number written without one."""
        return self.number * MILLISECONDS[self.unit or bare]

    def __str__(self) -> str:
        return f"{self.number}{self.unit}"


MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class Prefix:
    """An address or a prefix as written: ``1.1.1.0/24``, ``172.16.4.3``; host bits are tolerated."""

    text: str

    @property
    def network(self) -> Network:
        """The network it names; a bare address names itself."""
        return _network(self.text)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=65536)
def _network(text: str) -> Network:
    return ipaddress.ip_network(text, strict=False)


@dataclass(frozen=True, slots=True)
class ValueType(Generic[V]):
    """How one kind of value is read and written. ``read`` raises ValueError with the reason in plain words.

    A ``plain`` value is its text, so that what refers to it can be followed even where the text is refused.
    What a schema can carry of ``read`` is beside it: numbers lie between ``least`` and ``most``, texts match
    the whole ``pattern`` and have at most ``longest`` characters; None and empty where there is no such limit.
    """

    name: str
    read: Callable[[str], V]
    write: Callable[[V], str] = str
    choices: tuple[str, ...] = ()
    plain: bool = False
    least: int | None = None
    most: int | None = None
    pattern: str = ""
    longest: int | None = None

    @property
    def secret(self) -> bool:
        """Whether the value is a key."""
        return self.name == "password"


def _matching(name: str, pattern: str, longest: int, reason: str) -> ValueType[str]:
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> str:
        if len(text) > longest:
            raise ValueError(f"is longer than {longest} characters")
        if not compiled.fullmatch(text):
            raise ValueError(reason)
        return text

    return ValueType(name, read, plain=True, pattern=pattern, longest=longest)


def number(least: int, most: int) -> ValueType[int]:
    """A whole number from ``least`` to ``most``."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise ValueError("is not a whole number")
        if len(text) > 20 or not least <= int(text) <= most:
            raise ValueError(f"is not between {least} and {most}")
        return int(text)

    return ValueType(f"{least}-{most}", read, least=least, most=most)


def choice(*choices: str) -> ValueType[str]:
    """One word out of ``choices``."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"is none of {', '.join(choices)}")
        return text

    return ValueType("enumeration", read, choices=choices)


def number_or(least: int, most: int, *words: str) -> ValueType[int | str]:
    """A whole number from ``least`` to ``most``, or one of ``words``."""
    numeric = number(least, most)

    def read(text: str) -> int | str:
        if text in words:
            return text
        try:
            return numeric.read(text)
        except ValueError as error:
            raise ValueError(f"{error}, nor one of {', '.join(words)}") from None

    name = f"{least}-{most} or {', '.join(words)}"
    return ValueType(name, read, choices=words, least=least, most=most)


def _read_boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return text == "true"


_DURATION = r"([0-9]{1,12})(ms|s|m|h|d|)"


def _read_duration(text: str) -> Duration:
    found = re.fullmatch(_DURATION, text)
    if not found:
        raise ValueError("is not a duration such as 200ms, 10s, 30m, 8h or 1d")
    return Duration(int(found[1]), found[2])


@lru_cache(maxsize=65536)
def _read_address(text: str) -> Address:
    try:
        return _address(text)
    except ValueError:
        raise ValueError("is not an IP address") from None


def _address(text: str) -> Address:
    """The address; one with a zone (``fe80::1%eth0``) is none: what is written here is no node's alone."""
    if "%" in text:
        raise ValueError
    return ipaddress.ip_address(text)


_PREFIX = re.compile(r"[^%/]+(/(0|[1-9][0-9]{0,2}))?")


def _read_prefix(text: str) -> Prefix:
    prefix = Prefix(text)
    try:
        if not _PREFIX.fullmatch(text):  # ipaddress takes netmasks and zones too
            raise ValueError
        prefix.network  # noqa: B018 — reading it is the test
    except ValueError:
        raise ValueError("is not an IP prefix such as 10.0.0.0/8") from None
    return prefix


_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)


def is_address(host: str) -> bool:
    """Whether a host is written as an address, and not as a name."""
    try:
        _address(host)
    except ValueError:
        return False
    return True


def _read_host(text: str) -> str:
    try:
        return str(_address(text))
    except ValueError:
        pass
    labels = text.removesuffix(".").split(".")
    if len(text) > 253 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise ValueError("is neither an IP address nor a host name")
    return text


def _read_text(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return text


def reserved(address: Address) -> str:
    """Why no host can have the address; empty where one can (RFC 6890)."""
    if address.version == 4:
        first = int(address) >> 24
        if first == 127:
            return "is a loopback address"
        if first >= 224:
            return "is a multicast or reserved address"
        return "is no address of a host" if first == 0 else ""
    if address.is_multicast:
        return "is a multicast or reserved address"
    return "is no address of a host" if address.is_unspecified or address.is_loopback else ""


LONGEST_KEY = 1024
"""Bytes. Of a line of ipsec.secrets, with both identities, 4.10 reads 2 KiB, and it logs what it cannot read."""


def _read_secret(text: str) -> Secret:
    if text == REMOVED:
        return Secret(None)
    if not text:
        raise ValueError("is empty")
    if '"' in text or not text.isprintable():
        raise ValueError("holds a double quote or a character that cannot be printed")
    if len(text.encode()) > LONGEST_KEY:
        raise ValueError(f"is longer than {LONGEST_KEY} bytes")
    return Secret(text)


def _write_secret(_: Secret) -> str:
    return REMOVED


def _write_boolean(value: bool) -> str:
    return "true" if value else "false"


NAME = _matching("name-id", r"[A-Za-z0-9_-]+", 63, "is not made of letters, digits, _ and -")
DEVICE_NAME = _matching(
    "device-name", r"[A-Za-z0-9_-]+", 12, "is not made of letters, digits, _ and -"
)
NAMESPACE = _matching(
    "network-namespace",
    r"[A-Za-z][A-Za-z0-9_-]*",
    50,
    "does not begin with a letter or holds other characters than letters, digits, _ and -",
)
TENANT = _matching("tenant-name", r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", 255, "is not a tenant name")
SOURCE = _matching("source-spec", r"[A-Za-z0-9_.:/@-]+", 255, "is neither a tenant nor a prefix")
TARGET = _matching("linux-interface", r"[!#-&()+-.0-9;-~]+", 15, "is not a Linux interface name")
IDENTITY = _matching(
    "identity",
    # Libreswan reads a colon at the end, and a backtick, as something of its own.
    r"[!$&(-+.-:<>-\[\]-_a-z|-]*[!$&(-+.-9<>-\[\]-_a-z|-]",
    255,
    "is not an IKE identity (address, name, user@name or @name)",
)
HTTP_PATH = _matching("http-path", r"/[!$-~]*", 1024, "is not a path such as /vpntest")
HTTP_STATUS = _matching(
    "http-status",
    r"[1-5][0-9][0-9](-[1-5][0-9][0-9])?",
    7,
    "is not an HTTP status such as 200, nor a range such as 200-299",
)
OPTION = _matching("option-name", r"[A-Za-z][A-Za-z0-9_-]*", 63, "is not an option name")
TEXT: ValueType[str] = ValueType("string", _read_text)
BOOLEAN = ValueType("boolean", _read_boolean, _write_boolean)
DURATION = ValueType("duration", _read_duration, pattern=_DURATION)
ADDRESS = ValueType("ip-address", _read_address)
PREFIX = ValueType("ip-prefix", _read_prefix)
HOST: ValueType[str] = ValueType("host", _read_host, longest=253)
SECRET = ValueType("password", _read_secret, _write_secret)

AnyType = ValueType[Any]
