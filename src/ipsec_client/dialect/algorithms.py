"""What a profile proposes to the gateway, what of it this Libreswan refuses, what is weak, what has no effect.

The reasons given read on from the field's name: ``ike-modp: modp1024 is not supported by Libreswan 4.10``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from ipsec_client.dialect import options
from ipsec_client.dialect.catalog import (
    AEAD_ICV,
    CIPHERS,
    DIGESTS,
    GROUPS,
    IKEV1,
    IKEV2,
    NO_AUTH,
    STRONG,
    STRONG_OLD,
    Algorithm,
    Cipher,
    Digest,
    Strong,
)
from ipsec_client.dialect.series import DEFAULT, NEW, OLD, SERIES, runs
from ipsec_client.model.elements import IpsecProfile, Remote


class Refusal(NamedTuple):
    """Why a field's value cannot be used, and what to do instead. ``field`` is its name in the PCLI."""

    field: str
    reason: str
    cure: str


class Remark(NamedTuple):
    """What an operator should know of a field's value, which is used all the same."""

    field: str
    reason: str


def ike_version(profile: IpsecProfile) -> int:
    """1 or 2, as the profile says."""
    return version_of(profile.ike_v2)


def version_of(written: str | None) -> int:
    """1 or 2. Libreswan 4 has no "either": propose became yes, permit became no (ipsec.conf(5), ikev2)."""
    return IKEV1 if written in ("permit", "no", "never") else IKEV2


# --- proposals ------------------------------------------------------------------------------------


def ike_proposals(profile: IpsecProfile, series: int = DEFAULT) -> str:
    """The value of ``ike=``: what is written is fixed, the rest comes from the strong list.

    With an AEAD cipher the digest is the PRF, so it stays.
    """
    strong = _strong(profile, series)
    ciphers = _ciphers(profile.ike_encryption, strong.ike_ciphers)
    if profile.ike_digest == (NO_AUTH,):
        ciphers = [cipher for cipher in ciphers if cipher.aead]
    digests = [digest.name for digest in _digests(profile.ike_digest, strong.ike_digests)]
    groups = _groups(profile.ike_modp or strong.ike_groups)
    parts = [([cipher.name], digests, groups) for cipher in ciphers]
    return ",".join(_combined(profile, series, parts))


def esp_proposals(profile: IpsecProfile, series: int = DEFAULT) -> str:
    """The value of ``phase2alg=``, for ESP or AH. An AEAD cipher goes without a digest (PLUGIN-1467).

    Groups are named only where PFS and ``phase2-modp`` are written: otherwise PFS uses the IKE SA's.
    """
    digests = [digest.name for digest in _child_digests(profile)]
    if profile.authentication_protocol == "ah":
        parts: list[tuple[Sequence[str], ...]] = [(digests,)]
    else:
        parts = [([c.name],) if c.aead else ([c.name], digests) for c in _child_ciphers(profile)]
    groups = _groups(profile.phase2_modp) if profile.perfect_forward_secrecy else []
    suffixes = _combined(profile, series, [(groups,)]) if groups else []
    return ",".join(
        f"{text};{suffix}" if suffix else text
        for text in _combined(profile, series, parts)
        for suffix in suffixes or [""]
    )


def _strong(profile: IpsecProfile, series: int) -> Strong:
    version = ike_version(profile)
    return STRONG_OLD if (version, series) == (IKEV2, OLD) else STRONG[version]


def _child_ciphers(profile: IpsecProfile) -> list[Cipher]:
    """Those proposed for ESP; digests that are written alone leave only the ciphers that go with them."""
    digests = profile.phase2_digest
    ciphers = _ciphers(profile.phase2_encryption, STRONG[ike_version(profile)].child_ciphers)
    if digests and not profile.phase2_encryption:
        fitting = {digest == NO_AUTH for digest in digests}
        ciphers = [cipher for cipher in ciphers if cipher.aead in fitting]
    return ciphers


def _child_digests(profile: IpsecProfile) -> list[Digest]:
    """Those proposed for ESP beside ciphers that need one, or for AH."""
    strong = STRONG[ike_version(profile)].child_digests
    return _digests(profile.phase2_digest, strong)


def _ciphers(written: Sequence[str], strong: Sequence[str]) -> list[Cipher]:
    """Each once: some have two names here."""
    return list({CIPHERS[name].name: CIPHERS[name] for name in written or strong}.values())


def _digests(written: Sequence[str], strong: Sequence[str]) -> list[Digest]:
    names = [name for name in written if name != NO_AUTH] or strong
    return list({DIGESTS[name].name: DIGESTS[name] for name in names}.values())


def _groups(written: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(GROUPS[name].name for name in written))


def _combined(
    profile: IpsecProfile, series: int, proposals: Sequence[tuple[Sequence[str], ...]]
) -> list[str]:
    """IKEv2 offers alternatives within a proposal (``+``); in IKEv1 each combination is one of its own.

    So it is written for the old series too, whose releases do not all read a ``+``.
    """
    if ike_version(profile) == IKEV2 and series > OLD:
        return ["-".join("+".join(part) for part in proposal) for proposal in proposals]
    return ["-".join(each) for proposal in proposals for each in product(*proposal)]


# --- what is refused ------------------------------------------------------------------------------

_OTHER = "Use another value, or leave it unset for strong ones"


def refusals(profile: IpsecProfile, series: int = DEFAULT) -> list[Refusal]:
    """All that this series of Libreswan cannot do of what the profile says; empty where it can do all.

    Such a profile is not run at all: what is written is used exactly or not at all.
    """
    return [
        *_ike_refusals(profile, series),
        *_child_refusals(profile, series),
        *_option_refusals(profile, series),
    ]


def remote_refusals(remote: Remote, series: int = DEFAULT) -> list[Refusal]:
    """The same for what a remote says of its host and networks."""
    networks = [prefix.network for prefix in (*remote.subnet, *remote.local_subnet)]
    several = len(remote.subnet) > 1 or len(remote.local_subnet) > 1
    six = any(network.version == 6 for network in networks)
    # addconn takes both with exit status 0, and leaves the IPv6 networks out or adds no connection.
    if len({network.version for network in networks}) > 1 or (several and six):
        said = "mixes IPv4 with IPv6 or lists IPv6 networks"
    elif several and ":" in (remote.host or ""):
        said = "lists networks behind an IPv6 gateway"
    else:
        return []
    cure = "Give each of them a remote of its own"
    return [Refusal("subnet", f"{said}, which {_release(series)} cannot", cure)]


def _ike_refusals(profile: IpsecProfile, series: int) -> Iterator[Refusal]:
    version = ike_version(profile)
    for field, values, table in (
        ("ike-encryption", profile.ike_encryption, CIPHERS),
        ("ike-digest", profile.ike_digest, DIGESTS),
        ("ike-modp", profile.ike_modp, GROUPS),
    ):
        for value, algorithm in _known(values, table):
            yield from _lacking(field, value, algorithm, series)
            yield from _out_of_place(field, value, algorithm.ike, version, "the IKE SA")
    if NO_AUTH in profile.ike_digest:
        ciphers = _ciphers(profile.ike_encryption, STRONG[version].ike_ciphers)
        yield from _no_auth("ike-digest", profile.ike_digest, ciphers, bool(profile.ike_encryption))


def _child_refusals(profile: IpsecProfile, series: int) -> Iterator[Refusal]:
    version = ike_version(profile)
    ciphers, groups = profile.phase2_encryption, profile.phase2_modp
    ah = profile.authentication_protocol == "ah"
    pfs = profile.perfect_forward_secrecy
    for field, values, table in (
        ("phase2-encryption", () if ah else ciphers, CIPHERS),
        ("phase2-digest", profile.phase2_digest, DIGESTS),
        ("phase2-modp", groups if pfs else (), GROUPS),
    ):
        for value, algorithm in _known(values, table):
            yield from _lacking(field, value, algorithm, series)
            yield from _out_of_place(field, value, algorithm.child, version, "the child SA")
    if ah:
        for cipher in ciphers:
            if cipher != "null":
                yield Refusal(
                    "phase2-encryption",
                    f"{cipher} cannot be used with AH, which encrypts nothing",
                    "Use authentication-protocol esp",
                )
    for cipher in () if ah else ciphers:
        if CIPHERS[cipher].untied and runs(series):
            said = f"{cipher} makes {_release(series)} carry nothing: it ties its SAs to no tunnel device"
            yield Refusal("phase2-encryption", said, "Use aes_gcm instead, or leave it unset")
    if pfs and version == IKEV1 and len(_groups(groups)) > 1:
        yield Refusal(
            "phase2-modp",
            "has several groups, of which IKEv1 can offer one (RFC 2409, 5.5)",
            "Keep one, or use ike-v2 insist",
        )
    if profile.compress and series == DEFAULT:
        # The compression's SA gets no if_id, so that no packet finds it, and each asks for new SAs: libreswan#1325.
        said = (
            f"true makes {_release(series)} carry nothing: it ties compression to no tunnel device"
        )
        yield Refusal("compress", said, "Leave it unset, or install Libreswan 5")
    if NO_AUTH in profile.phase2_digest:
        offered = [CIPHERS["null"]] if ah else _ciphers(ciphers, STRONG[version].child_ciphers)
        yield from _no_auth("phase2-digest", profile.phase2_digest, offered, bool(ciphers) or ah)


def _known(
    values: Sequence[str], table: Mapping[str, Algorithm]
) -> Iterator[tuple[str, Algorithm]]:
    return ((value, table[value]) for value in values if value != NO_AUTH)


def _option_refusals(profile: IpsecProfile, series: int) -> Iterator[Refusal]:
    names: set[str] = set()
    for option in profile.custom_option:
        field, name = f"custom-option {option.name}", option.name.lower()
        if reason := options.refuse(option.name, option.value, series):
            yield Refusal(field, reason, "")
        elif name in names:
            yield Refusal(field, "is written twice; Libreswan reads names without case", "Keep one")
        names.add(name)


def _lacking(field: str, value: str, algorithm: Algorithm, series: int) -> Iterator[Refusal]:
    if series in algorithm.lacking:
        yield Refusal(field, f"{value} is not supported by {_release(series)}", _OTHER)


def _out_of_place(
    field: str, value: str, versions: frozenset[int], version: int, what: str
) -> Iterator[Refusal]:
    if not versions:
        yield Refusal(field, f"{value} cannot be used for {what}", _OTHER)
    elif version not in versions:
        yield Refusal(
            field, f"{value} cannot be used for {what} with IKEv1", f"Use ike-v2 insist. {_OTHER}"
        )


def _no_auth(
    field: str, digests: Sequence[str], ciphers: Sequence[Cipher], written: bool
) -> Iterator[Refusal]:
    """``no-auth`` needs a cipher that brings its own integrity; alone, beside no ``written`` one that does not."""
    aead = [cipher.aead for cipher in ciphers]
    alone = tuple(digests) == (NO_AUTH,)
    if not (all(aead) if alone and written else any(aead)):
        yield Refusal(
            field,
            f"{NO_AUTH} would leave packets unprotected: only AES-GCM and its like need no digest",
            _OTHER,
        )


def _release(series: int) -> str:
    return f"Libreswan {SERIES[series].releases}"


# --- what is weak, and what has no effect ---------------------------------------------------------


def weak(profile: IpsecProfile) -> list[Remark]:
    """The written values that are used as they are but protect poorly; nothing unset is ever weak."""
    remarks = [
        Remark(field, f"{value} {algorithm.weakness}")
        for field, values, table in _written(profile)
        for value, algorithm in _known(values, table)
        if algorithm.weakness
    ]
    if ike_version(profile) == IKEV1:
        remarks.append(
            Remark("ike-v2", f"{profile.ike_v2} means IKEv1, which is retired (RFC 9395)")
        )
    remarks += [
        Remark(f"custom-option {option.name}", reason)
        for option in profile.custom_option
        if (reason := options.weak(option.name, option.value or ""))
    ]
    return remarks


def _written(
    profile: IpsecProfile,
) -> Iterator[tuple[str, Sequence[str], Mapping[str, Algorithm]]]:
    yield "ike-encryption", profile.ike_encryption, CIPHERS
    yield "ike-digest", profile.ike_digest, DIGESTS
    yield "ike-modp", profile.ike_modp, GROUPS
    yield "phase2-encryption", profile.phase2_encryption, CIPHERS
    yield "phase2-digest", profile.phase2_digest, DIGESTS
    if profile.perfect_forward_secrecy:
        yield "phase2-modp", profile.phase2_modp, GROUPS


def unused(profile: IpsecProfile, series: int = DEFAULT) -> list[Remark]:
    """The written fields that nothing acts on beside the others of the profile."""
    remarks = []
    ciphers = profile.phase2_encryption
    if ciphers and all(CIPHERS[cipher].aead for cipher in ciphers):
        remarks += [
            Remark("phase2-digest", f"{digest} is dropped: {ciphers[0]} brings its own")
            for digest in profile.phase2_digest
            if digest != NO_AUTH
        ]
    if profile.phase2_modp and not profile.perfect_forward_secrecy:
        remarks.append(Remark("phase2-modp", "has no effect without perfect-forward-secrecy"))
    if ike_version(profile) == IKEV2:
        remarks += _other_group(profile, series)
        if profile.dpdtimeout:
            remarks.append(Remark("dpdtimeout", "has no effect with IKEv2"))
    elif bool(profile.dpddelay) != bool(profile.dpdtimeout):
        alone, other = (
            ("dpddelay", "dpdtimeout") if profile.dpddelay else ("dpdtimeout", "dpddelay")
        )
        remarks.append(Remark(alone, f"has no effect with IKEv1 without {other}"))
    if profile.dpdaction and series == NEW:
        remarks.append(Remark("dpdaction", f"is ignored by {_release(series)}"))
    elif profile.dpdaction and not profile.dpddelay:
        remarks.append(Remark("dpdaction", "has no effect without dpddelay"))
    return remarks


def _other_group(profile: IpsecProfile, series: int) -> Iterator[Remark]:
    """A child SA that came with the IKE SA had no exchange of its own: pluto replaces it with the IKE SA's group."""
    child = _groups(profile.phase2_modp) if profile.perfect_forward_secrecy else []
    others = [name for name in profile.ike_modp if GROUPS[name].name not in child]
    if child and others:
        said = f"lacks {others[0]}, an ike-modp: {_release(series)} replaces the first child SA with that"
        yield Remark("phase2-modp", said)


# --- the room that is left in a packet ------------------------------------------------------------

_ESP_HEADER = 8  # SPI and sequence number (RFC 4303, 2.1 and 2.2)
_ESP_TRAILER = 2  # pad length and next header (RFC 4303, 2.5 and 2.6)
_AH_HEADER = 12  # AH without its ICV (RFC 4302, 2.1 to 2.5)
_UDP_HEADER = 8  # ESP in UDP (RFC 3948, 2.1)
_IP_HEADER = {4: 20, 6: 40}

HEADERS = {4: 40, 6: 60}
"""Of TCP and of each version of IP, in bytes: what an MSS leaves out of an MTU."""

PATH_MTU = 1500
"""What is assumed of the path to a gateway unless less is configured, in bytes; KNIs carry no more."""


LEAST_SIX = 1280
"""What IPv6 needs of a link, in bytes (RFC 8200, 5): Linux has none of it on a device with less. Where the path leaves
less, the kernel takes the encrypted packet apart (xfrm_interface_core.c).
"""


def tunnel_mtu(path_mtu: int, profile: IpsecProfile, version: int = 4) -> int:
    """The largest packet in bytes that fits into one packet to the gateway, whichever proposal it takes.

    ``version`` is that of IP on the way to the gateway.

    ESP is counted as in UDP unless the profile says ``encapsulation no``: behind the egress KNI there is
    always a NAT. IPComp never makes a packet longer (RFC 3173, 2.2).
    """
    room = path_mtu - _IP_HEADER[version]
    digests = [digest.icv for digest in _child_digests(profile)]
    if profile.authentication_protocol == "ah":
        return room - _AH_HEADER - max(digests)
    if profile.encapsulation != "no":
        room -= _UDP_HEADER
    return min(
        _largest(room, cipher, icv)
        for cipher in _child_ciphers(profile)
        for icv in ([AEAD_ICV] if cipher.aead else digests)
    )


def _largest(room: int, cipher: Cipher, icv: int) -> int:
    """The packet, its padding and the trailer fill whole blocks of the cipher (RFC 4303, 2.4)."""
    payload = room - _ESP_HEADER - cipher.iv - icv
    return payload // cipher.block * cipher.block - _ESP_TRAILER
