"""Every algorithm of the model: Libreswan's spelling, where each series may use it, its size on the wire, its weakness.

What series 4 accepts was asked of 4.10's own ``ipsec algparse``; tests/oracle asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

IKEV1, IKEV2 = 1, 2
EITHER = frozenset({IKEV1, IKEV2})
ONLY_IKEV2 = frozenset({IKEV2})
NEITHER: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What ciphers, digests and groups have in common.

    ``ike`` and ``child`` are the IKE versions in which it may protect the IKE SA and the child SA;
    ``lacking`` holds the series whose builds do not have it at all; ``weakness`` follows its name.
    """

    name: str  # as Libreswan spells it
    ike: frozenset[int] = EITHER
    child: frozenset[int] = EITHER
    lacking: frozenset[int] = frozenset()
    weakness: str = ""


@dataclass(frozen=True, slots=True)
class Cipher(Algorithm):
    """``iv`` and ``block`` are bytes in each ESP packet (the padding's multiple); an ``aead`` has its own ICV.

    ``untied``: its SAs get no tunnel device. Their keys are no whole words, and of Libreswan's message to the kernel
    what follows the key is lost.
    """

    iv: int = 16
    block: int = 16
    aead: bool = False
    untied: bool = False


@dataclass(frozen=True, slots=True)
class Digest(Algorithm):
    """``icv`` is the length of the check value in each ESP or AH packet, in bytes."""

    icv: int = 12


@dataclass(frozen=True, slots=True)
class Group(Algorithm):
    """A Diffie-Hellman group; ``child`` is about perfect forward secrecy."""


AEAD_ICV = 16
"""Bytes of ICV of the AEAD ciphers below (RFC 4106, RFC 4309, RFC 7634)."""

NO_AUTH = "no-auth"
"""The digest that says "none": right with an AEAD cipher, which brings its own integrity, and with no other."""


_LATER = frozenset({3})
"""The series of which not every release has it."""


def _aead(
    name: str,
    *,
    ike: frozenset[int] = ONLY_IKEV2,
    child: frozenset[int] = EITHER,
    lacking: frozenset[int] = frozenset(),
    untied: bool = False,
) -> Cipher:
    return Cipher(
        name, ike=ike, child=child, lacking=lacking, iv=8, block=4, aead=True, untied=untied
    )


CIPHERS: Mapping[str, Cipher] = {
    "null": Cipher("null", ike=NEITHER, iv=0, block=4, weakness="encrypts nothing"),
    "aes128": Cipher("aes128"),
    "aes192": Cipher("aes192"),
    "aes256": Cipher("aes256"),
    "3des": Cipher("3des", iv=8, block=8, weakness="has blocks of 64 bits (RFC 8221)"),
    "aes_gcm128": _aead("aes_gcm128"),
    "aes_gcm192": _aead("aes_gcm192"),
    "aes_gcm256": _aead("aes_gcm256"),
    "aes-256-gcm": _aead("aes_gcm256"),
    "aes_ccm128": _aead("aes_ccm128", ike=NEITHER, untied=True),
    "aes_ccm256": _aead("aes_ccm256", ike=NEITHER, untied=True),
    "chacha20_poly1305": _aead("chacha20_poly1305", child=ONLY_IKEV2, lacking=_LATER),
    "camellia128": Cipher("camellia128"),
    "camellia256": Cipher("camellia256"),
}

_SHA1_AGE = "is being retired everywhere (RFC 8247)"

DIGESTS: Mapping[str, Digest] = {
    "md5": Digest("md5", weakness="is broken (RFC 8247)"),
    "sha1": Digest("sha1", weakness=_SHA1_AGE),
    "sha2": Digest("sha2", icv=16),
    "sha2_256": Digest("sha2_256", icv=16),
    "sha2_384": Digest("sha2_384", icv=24),
    "sha2_512": Digest("sha2_512", icv=32),
    "sha512": Digest("sha512", icv=32),
    "aes_xcbc": Digest("aes_xcbc", ike=ONLY_IKEV2),
    "aes_cmac": Digest("aes_cmac", ike=NEITHER),
}

_COMPILED_OUT = frozenset({4, 5})
_SHORT = "is too short (RFC 8247)"
_SUBGROUPS = "has small subgroups (RFC 8247)"


def _elliptic(name: str, lacking: frozenset[int] = frozenset()) -> Group:
    return Group(name, child=ONLY_IKEV2, lacking=lacking)


def _compiled_out(name: str, weakness: str) -> Group:
    return Group(name, lacking=_COMPILED_OUT, weakness=weakness)


GROUPS: Mapping[str, Group] = {
    "modp1024": _compiled_out("modp1024", "can be broken (RFC 8247)"),
    "modp1536": Group("modp1536", weakness=_SHORT),
    "modp2048": Group("modp2048"),
    "modp3072": Group("modp3072"),
    "modp4096": Group("modp4096"),
    "modp6144": Group("modp6144"),
    "modp8192": Group("modp8192"),
    "dh-19": _elliptic("dh19"),
    "dh-20": _elliptic("dh20"),
    "dh-21": _elliptic("dh21"),
    "dh-22": _compiled_out("dh22", _SUBGROUPS),
    "dh-23": _compiled_out("dh23", _SUBGROUPS),
    "dh-24": _compiled_out("dh24", _SUBGROUPS),
    "dh-31": _elliptic("dh31", _LATER),
}


@dataclass(frozen=True, slots=True)
class Strong:
    """What is proposed for whatever a profile leaves open, best first, by their names in the model.

    Libreswan's own defaults are not relied on: they change from release to release.
    """

    ike_ciphers: tuple[str, ...]
    ike_digests: tuple[str, ...]
    ike_groups: tuple[str, ...]
    child_ciphers: tuple[str, ...] = ("aes_gcm256", "aes_gcm128", "aes256", "aes128")
    child_digests: tuple[str, ...] = field(default=("sha2_512", "sha2_384", "sha2_256"))


STRONG: Mapping[int, Strong] = {
    # What RFC 8247 and RFC 8221 call MUST or SHOULD and is not on its way out. dh-19 leads: a peer that
    # wants another group answers with it (RFC 7296, 1.3), and it costs least.
    IKEV2: Strong(
        ("aes_gcm256", "aes_gcm128", "aes256", "aes128"),
        ("sha2_512", "sha2_384", "sha2_256"),
        ("dh-19", "dh-20", "dh-21", "dh-31", "modp2048", "modp3072", "modp4096"),
    ),
    # IKEv1 has no AEAD for IKE itself, and quick mode with PFS takes over the group of main mode, which
    # Libreswan cannot do with elliptic curves. Each combination is a proposal of its own: few, then.
    IKEV1: Strong(
        ("aes256", "aes128"),
        ("sha2_512", "sha2_256"),
        ("modp2048", "modp3072", "modp4096"),
        child_digests=("sha2_512", "sha2_256"),
    ),
}

STRONG_OLD = Strong(
    ("aes_gcm256", "aes256", "aes128"),
    ("sha2_512", "sha2_256"),
    ("dh-19", "modp2048", "modp3072", "modp4096"),
)
"""The same for IKEv2 of series 3, where each combination is a proposal of its own: few, then."""
