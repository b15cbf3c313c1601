"""``ipsec.secrets``, and which key belongs to a tunnel. A key is never part of a message."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

from ipsec_client.base.secret import Secret
from ipsec_client.dialect.foreign.tunnel import Key, Lost, Tunnel, identity
from ipsec_client.model.values import SECRET

UNHELD = "is empty, binary, or holds a double quote, which a pre-shared-key here cannot"

_ENTRY = re.compile(
    # The colon stands by itself: those of an IPv6 address do not.
    r"(?P<ids>[^\"]*?)(?:(?:^|(?<=\s)):\s*|:\s+)(?P<kind>[A-Za-z0-9]+)\s*(?P<rest>.*)",
    re.DOTALL,
)
_ANYBODY = {"%any", "%any6", "0.0.0.0", "::", "*"}  # noqa: S104 — an index, not an address


def read(text: str, file: str) -> tuple[list[Key], list[Lost]]:
    """The pre-shared keys in the text, and what of it are none; never raises."""
    keys: list[Key] = []
    lost: list[Lost] = []
    for number, entry in _entries(text):
        found = _ENTRY.fullmatch(entry)
        if entry.split()[0] == "include":
            why = "name the included file too; it is not followed"
            lost.append(Lost(file, number, "include", why))
        elif found is None:
            lost.append(Lost(file, number, "this entry", "is no entry that is known here"))
        elif found["kind"].upper() != "PSK":
            why = "is no pre-shared key; gateways are known by nothing else"
            lost.append(Lost(file, number, "this entry", why))
        elif (secret := value(_unquoted(found["rest"]))) is None:
            lost.append(Lost(file, number, "a PSK", UNHELD))
        else:
            keys.append(Key(ids(found["ids"].split()), secret))
    return keys, lost


def _entries(text: str) -> list[tuple[int, str]]:
    """The entries with their lines: a line that begins with a blank goes on with the one before it."""
    entries: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if line[0].isspace() and entries:
            entries[-1] = (entries[-1][0], f"{entries[-1][1]} {stripped}")
        else:
            entries.append((number, stripped))
    return entries


def _unquoted(text: str) -> str:
    text = text.strip()
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0] if text.count(text[0]) > 1 else ""
    return text.partition(" ")[0]


def ids(words: Iterable[str]) -> frozenset[str]:
    """Whom a key is for; nobody in particular is the empty set."""
    return frozenset(identity(word) or word for word in words if word not in _ANYBODY)


def value(text: str) -> Secret | None:
    """The key in a text, which may be in hexadecimal (``0x``) or base64 (``0s``); None where we cannot hold it."""
    try:
        if text.startswith("0x"):
            text = bytes.fromhex(text[2:]).decode()
        elif text.startswith("0s"):
            text = base64.b64decode(text[2:], validate=True).decode()
        read = SECRET.read(text)
    except (ValueError, binascii.Error):
        return None
    return None if read.removed else read


def give(tunnels: Iterable[Tunnel], keys: Iterable[Key]) -> None:
    """Gives each tunnel the key that names most of its two ends, the first of those that name as many.

    A key with one name is for that end, one with more for both. An end that is not known may be any.
    """
    known = list(keys)
    for tunnel in tunnels:
        best, secret = -1, None
        for key in known:
            needed = min(2, len(key.ids))
            ours = bool(key.ids & tunnel.ours) or (not tunnel.ours and needed == 2)
            named = ours + bool(key.ids & tunnel.theirs)
            if named >= needed and named > best:
                best, secret = named, key.secret
        tunnel.key = secret
