"""The types of values in the terms of schemas: what each admits, in words, and as patterns that all tools read.

Patterns here and in ``model.values`` match a whole value. But for classes of characters they keep to what the
regular expressions of Python, XML Schema (which YANG's are) and ECMA-262 (JSON Schema's) have in common.
"""

from __future__ import annotations

from ipsec_client.model.definition import Element, Leaf, definition
from ipsec_client.model.values import AnyType

_OCTET = "([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
_GROUP = "[0-9A-Fa-f]{1,4}"
IPV6 = "|".join(
    (
        f"({_GROUP}:){{7}}{_GROUP}",
        f"({_GROUP}:){{1,7}}:",
        f":((:{_GROUP}){{1,7}}|:)",
        *(f"({_GROUP}:){{1,{n}}}(:{_GROUP}){{1,{7 - n}}}" for n in range(1, 7)),
        f"({_GROUP}:){{6}}{IPV4}",
        f":(:{_GROUP}){{0,5}}:{IPV4}",
        *(f"({_GROUP}:){{1,{n}}}(:{_GROUP}){{0,{5 - n}}}:{IPV4}" for n in range(1, 6)),
    )
)
"""RFC 4291, 2.2: whole, with one run of zeros left out, and both with the last 32 bits as in IPv4."""

PREFIXES = (
    rf"{IPV4}(/([0-9]|[12][0-9]|3[0-2]))?",
    rf"({IPV6})(/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?",
)
"""A prefix, or an address for itself alone. Not the type of RFC 6991, which drops host bits: text stays as written."""

_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOST_NAME = rf"({_LABEL}\.)*{_LABEL}\.?"
NUMERIC = r"(.*\.)?[0-9]+\.?"
"""What looks like a host name and would be taken for an address (RFC 1123, 2.1)."""

UNPRINTABLE = r"\p{C}\p{Z}"
"""For a class of characters, in YANG: those that text cannot hold, the blank apart."""

UNPRINTABLE_RANGES = (
    r"\u0000-\u001f\u007f-\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
)
"""The same for JSON Schema, whose tools do not all know properties of characters; rare ones are left out."""

DESCRIPTIONS = {
    "name-id": "A name of letters, digits, _ and -",
    "device-name": "A name that becomes a Linux device",
    "network-namespace": "The name of a Linux network namespace",
    "tenant-name": "The name of a tenant: names joined by dots, the most specific first",
    "source-spec": "Whom an access policy speaks of: a tenant, a prefix, or tenant@prefix",
    "linux-interface": "The name of a Linux interface",
    "identity": "An IKE identity: an address, name, user@name or @name",
    "http-path": "The path of a web page, with what may follow it behind ?",
    "http-status": "An HTTP status, or a range of them",
    "option-name": "The name of a Libreswan option",
    "duration": "A time: a number with ms, s, m, h or d, or alone in the field's own unit",
    "string": "Printable text",
    "ip-address": "An IPv4 or IPv6 address, without a zone",
    "ip-prefix": "An IPv4 or IPv6 prefix, or an address for itself alone; host bits are tolerated",
    "host": "An IP address or a host name",
    "password": "A key: printable text without double quotes. (removed) stands for the stored one",
    "boolean": "true or false",
}
"""What the types that have a name of their own admit."""


def used(element: type[Element]) -> dict[str, AnyType]:
    """The types with a name of their own in the element and below it, in the order they are met."""
    kinds = {leaf.type.name: leaf.type for leaf in definition(element).leaves}
    for nested in definition(element).nested:
        kinds |= used(nested.element)
    return {name: kind for name, kind in kinds.items() if name in DESCRIPTIONS}


def portable(pattern: str) -> str:
    """The pattern without the escapes that only Python takes."""
    return pattern.replace(r"\"", '"')


def is_number(kind: AnyType) -> bool:
    """Whether its values are numbers, or some of them are."""
    return kind.least is not None


def told(leaf: Leaf) -> str:
    """All that is said of a field, in sentences."""
    parts = [leaf.help, leaf.effect]
    if leaf.unit:
        parts.append(f"A number alone is in {leaf.unit}")
    if leaf.since:
        parts.append(f"Since release {leaf.since}")
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)
