"""Proposal strings of Libreswan and strongSwan (``aes256-sha2_256;modp2048``) as lists of our algorithms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product


def _table(text: str) -> dict[str, str]:
    """Our names by theirs, from ``ours: theirs theirs`` a line."""
    rows = (line.split(":") for line in text.strip().splitlines())
    return {theirs: ours.strip() for ours, several in rows for theirs in several.split()}


_CIPHERS = _table("""
    null: null
    3des: 3des 3des_cbc
    aes128: aes128 aes_cbc128 aes_cbc_128
    aes192: aes192 aes_cbc192 aes_cbc_192
    aes256: aes256 aes_cbc256 aes_cbc_256
    camellia128: camellia128 camellia_cbc_128
    camellia256: camellia256 camellia_cbc_256
    chacha20_poly1305: chacha20_poly1305 chacha20poly1305
""")
_SIZED = re.compile(
    r"aes_?(gcm|ccm)(?:_?(?:c|16))?[_-]?(128|192|256)|aes(128|192|256)(gcm|ccm)(?:16|128)?"
)
_SIZELESS = {
    "aes": ("aes256", "aes128"),
    "aes_cbc": ("aes256", "aes128"),
    "aes_gcm": ("aes_gcm256", "aes_gcm128"),
    "aes_gcm_c": ("aes_gcm256", "aes_gcm128"),
    "aes_gcm_16": ("aes_gcm256", "aes_gcm128"),
    "camellia": ("camellia256", "camellia128"),
}
_DIGESTS = _table("""
    md5: md5
    sha1: sha sha1
    sha2_256: sha2 sha256 sha2_256
    sha2_384: sha384 sha2_384
    sha2_512: sha512 sha2_512
    aes_xcbc: aesxcbc aes_xcbc
    aes_cmac: aescmac aes_cmac
""")
_GROUPS = _table("""
    modp1024: modp1024 dh2
    modp1536: modp1536 dh5
    modp2048: modp2048 dh14
    modp3072: modp3072 dh15
    modp4096: modp4096 dh16
    modp6144: modp6144 dh17
    modp8192: modp8192 dh18
    dh-19: dh19 ecp256 ecp_256
    dh-20: dh20 ecp384 ecp_384
    dh-21: dh21 ecp521 ecp_521
    dh-22: dh22 modp1024s160
    dh-23: dh23 modp2048s224
    dh-24: dh24 modp2048s256
    dh-31: dh31 curve25519 x25519
""")
_PRF = re.compile(r"prf_?(.+)")


@dataclass(slots=True)
class Algorithms:
    """What a string proposes, each kind best first.

    ``unknown`` are words that no field of ours stands for; ``esn`` is "yes", "no" or "either" where it is
    told; ``wider`` is whether the lists, all combinations of which are proposed, hold more than the string.
    """

    ciphers: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    esn: set[str] = field(default_factory=set)
    wider: bool = False


def read(text: str) -> Algorithms:
    """The algorithms in a string; never raises. A proposal with a word that is not known is left out whole."""
    found = Algorithms()
    combinations: set[tuple[str, ...]] = set()
    for proposal in filter(None, re.split(r"[,\s]+", text.strip().rstrip("!").lower())):
        ciphers, digests, groups, esn = _proposal(proposal, found.unknown)
        if not ciphers and not digests:
            continue
        for into, some in (
            (found.ciphers, ciphers),
            (found.digests, digests),
            (found.groups, groups),
        ):
            into += [item for item in some if item not in into]
        found.esn |= esn
        combinations.update(product(ciphers or [""], _digests_of(ciphers, digests), groups or [""]))
    all_of_them = {
        combination
        for cipher in found.ciphers or [""]
        for combination in product(
            [cipher], _digests_of([cipher], found.digests), found.groups or [""]
        )
    }
    found.wider = bool(combinations) and not all_of_them <= combinations
    return found


def _digests_of(ciphers: list[str], digests: list[str]) -> list[str]:
    """The digests that tell proposals apart: for AEAD ciphers they are at most a PRF."""
    return (
        [""] if any("gcm" in c or "ccm" in c or "poly" in c for c in ciphers) else digests or [""]
    )


def _proposal(text: str, unknown: list[str]) -> tuple[list[str], list[str], list[str], set[str]]:
    ciphers: list[str] = []
    integrity: list[str] = []
    prfs: list[str] = []
    groups: list[str] = []
    esn: set[str] = set()
    for word in re.split(r"[-;+]", text):
        prf = _PRF.fullmatch(word)
        if some := _ciphers(word):
            ciphers += some
        elif word in _DIGESTS:
            integrity.append(_DIGESTS[word])
        elif prf and prf[1] in _DIGESTS:
            prfs.append(_DIGESTS[prf[1]])
        elif word in _GROUPS:
            groups.append(_GROUPS[word])
        elif word in ("esn", "noesn"):
            esn.add("yes" if word == "esn" else "no")
        elif word not in ("", "none", "tunnel"):
            unknown.append(word)
            return [], [], [], set()
    if ciphers == ["null", "null"]:  # no cipher and no digest, which nobody should have
        unknown.append("null-null")
        return [], [], [], set()
    if len(ciphers) > 1 and ciphers[-1] == "null":  # aes_gcm-null: the digest that is none
        ciphers.pop()
    return _once(ciphers), _once(integrity or prfs), _once(groups), esn


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _ciphers(word: str) -> tuple[str, ...]:
    if word in _CIPHERS:
        return (_CIPHERS[word],)
    if found := _SIZED.fullmatch(word):
        mode, bits = (found[1], found[2]) if found[1] else (found[4], found[3])
        return () if (mode, bits) == ("ccm", "192") else (f"aes_{mode}{bits}",)
    return _SIZELESS.get(word, ())
