"""Which combinations there are, and which there are not, with the reason. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from ipsec_lab.matrix import pairwise
from ipsec_lab.matrix.words import (
    CIPHERS,
    DIGESTS,
    GROUPS,
    NO_ALGORITHM,
    SYNONYMS,
)

IKE, ESP = "ike", "esp"
VERSIONS = (2, 1)
ANY, SINGLE, LIST = "any", "single", "list"

ONE_ESP = ("aes128", "sha2_256", "")
"""What protects packets where the IKE SA's algorithms are varied."""
ONE_IKE = {2: ("aes128", "sha2_256", "dh-19"), 1: ("aes128", "sha2_256", "modp2048")}
"""What protects the IKE SA where the child's are varied, by version of IKE."""

_ATTRIBUTES = ("cipher", "digest", "group")

Words = tuple[str, str, str]
"""Cipher, digest and group, as a profile has them; empty where there is none."""


@dataclass(frozen=True)
class Combination:
    """One set of algorithms, for the IKE SA or for the child SA."""

    kind: str
    version: int
    cipher: str
    digest: str
    group: str

    @property
    def name(self) -> str:
        """As `IKEv2 esp aes128-sha1;dh-19`."""
        algorithms = "-".join(filter(None, (self.cipher, self.digest)))
        group = f"{';' if self.kind == ESP else '-'}{self.group}" if self.group else ""
        return f"IKEv{self.version} {self.kind} {algorithms}{group}"

    @property
    def ike(self) -> Words:
        """The words for the IKE SA. In IKEv2 it has the child's group: with it Libreswan 4 replaces a first child."""
        if self.kind == IKE:
            return self.cipher, self.digest, self.group
        cipher, digest, group = ONE_IKE[self.version]
        return cipher, digest, self.group if self.group and self.version == 2 else group

    @property
    def esp(self) -> Words:
        """The words for the child SA."""
        own = (self.cipher, self.digest, self.group)
        return own if self.kind == ESP else ONE_ESP


@dataclass(frozen=True)
class Case:
    """A combination with everything else that is to be known to try it."""

    combination: Combination
    outside: int
    """Version of IP on the way to the gateway."""
    inside: int
    """Version of IP in the tunnel."""
    form: str
    """Of the subnets: any, one, or a list of two."""
    esn: bool
    """Whether both ends insist on extended sequence numbers."""
    beside: Combination | None = None
    """One for the IKE SA that is tried at once with one for the child SA."""

    @property
    def tried(self) -> tuple[Combination, ...]:
        """The combinations that it tries."""
        return (self.combination, *([self.beside] if self.beside else []))

    @property
    def ike(self) -> Words:
        """The words for the IKE SA."""
        return (self.beside or self.combination).ike

    @property
    def esp(self) -> Words:
        """The words for the child SA."""
        return self.combination.esp

    def profile(self) -> dict[str, Any]:
        """The profile as a node document has it; a gateway is configured by it as well."""
        ike, esp = self.ike, self.esp
        profile: dict[str, Any] = {
            "ike-v2": "insist" if self.combination.version == 2 else "never",
            "ike-encryption": [ike[0]],
            "ike-digest": [ike[1]],
            "ike-modp": [ike[2]],
            "phase2-encryption": [esp[0]],
        }
        if esp[1]:
            profile["phase2-digest"] = [esp[1]]
        if esp[2]:
            profile |= {"perfect-forward-secrecy": True, "phase2-modp": [esp[2]]}
        if self.esn:
            profile["custom-option"] = [{"name": "esn", "value": "yes"}]
        return profile


@dataclass(frozen=True)
class Hole:
    """What is not tried, and why."""

    what: str
    reason: str


STRONGSWAN_CANNOT: Mapping[tuple[int, str, str], str] = {
    (
        1,
        ESP,
        "aes_cmac",
    ): "strongSwan refuses AES-CMAC in IKEv1; with a Libreswan as gateway it works",
}
"""What was found by trying; all of it is tried with a Libreswan as gateway, which shows when it has changed."""


@dataclass(frozen=True)
class Support:
    """What the programs say they have.

    ``libreswan`` tells of combinations why Libreswan refuses them, or nothing; ``gateway`` has the names that
    ``swanctl --list-algs`` tells; ``kernel`` the words of ciphers and digests that the kernel makes SAs with;
    ``model`` the words of the product, by field; ``refused`` why it takes some of its ciphers for no child SA.
    """

    libreswan: Callable[[Sequence[Combination]], Sequence[str]]
    gateway: frozenset[str]
    kernel: frozenset[str]
    model: Mapping[str, Sequence[str]]
    refused: Mapping[str, str] = field(default_factory=dict)
    gateway_name: str = "strongSwan"
    gateway_cannot: Mapping[tuple[int, str, str], str] = field(default_factory=dict)
    """Why it cannot use what it has: by version of IKE, place and word."""


def computed(support: Support) -> tuple[list[Combination], list[Hole]]:
    """The combinations that all have, and the holes: what one of them lacks, and what only the model lacks."""
    candidates = list(_candidates(support.model))
    refused = dict(zip(candidates, support.libreswan(candidates), strict=True))
    found, reasons = [], {}
    for one in candidates:
        reasons[one] = refused[one] or _lacking(one, support)
        if not reasons[one]:
            found.append(one)
    return found, list(_holes(reasons))


def _candidates(model: Mapping[str, Sequence[str]]) -> Iterator[Combination]:
    for version, kind in product(VERSIONS, (IKE, ESP)):
        ciphers = _each(model[f"{kind}-encryption"])
        digests = _each(model[f"{kind}-digest"])
        groups = [*([""] if kind == ESP else []), *_each(model["group"])]
        for cipher, digest, group in product(ciphers, digests, groups):
            if kind == ESP and CIPHERS[cipher].aead and digest != digests[0]:
                continue
            own = "" if kind == ESP and CIPHERS[cipher].aead else digest
            yield Combination(kind, version, cipher, own, group)


def _each(words: Iterable[str]) -> list[str]:
    """Each algorithm by one word."""
    plain = (SYNONYMS.get(word, word) for word in words if word != NO_ALGORITHM)
    return list(dict.fromkeys(plain))


def _lacking(one: Combination, support: Support) -> str:
    """Why another than Libreswan cannot do it; empty where all can."""
    if one.kind == ESP and one.cipher in support.refused:
        return support.refused[one.cipher]
    for word in (one.cipher, one.digest):
        if reason := support.gateway_cannot.get((one.version, one.kind, word)):
            return reason
    cipher, digest = CIPHERS[one.cipher], DIGESTS.get(one.digest)
    names = [cipher.told.partition("-")[0]]
    if digest and not (one.kind == IKE and cipher.aead):
        names.append(digest.told)
    if digest and one.kind == IKE:
        names.append(digest.prf)
    if one.group:
        names.append(GROUPS[one.group])
    for name in names:
        if name not in support.gateway:
            return f"{support.gateway_name} does not list {name}"
    if one.kind == ESP:
        for word in filter(None, (one.cipher, one.digest)):
            if word not in support.kernel:
                return f"the kernel makes no SA with {word}"
    return ""


def _holes(reasons: Mapping[Combination, str]) -> Iterator[Hole]:
    """One for each word that is in no combination of a version and kind; what is left after that, one by one."""
    for version, kind in product(VERSIONS, (IKE, ESP)):
        mine = {c: why for c, why in reasons.items() if (c.version, c.kind) == (version, kind)}
        alone: set[str] = set()
        for attribute in _ATTRIBUTES:
            for word in dict.fromkeys(getattr(one, attribute) for one in mine):
                of_word = [why for one, why in mine.items() if getattr(one, attribute) == word]
                if word and all(of_word):
                    alone.add(word)
                    [(why, _)] = Counter(of_word).most_common(1)
                    yield Hole(f"IKEv{version} {kind} {word}", why)
        for one, why in mine.items():
            if why and not alone & {one.cipher, one.digest, one.group}:
                yield Hole(one.name, why)


def settings(combination: Combination) -> list[dict[str, Any]]:
    """What may go with a combination. Libreswan 4 has lists of networks in IPv4 alone; IKEv1 is tried without ESN."""
    return [
        {"outside": outside, "inside": inside, "form": form, "esn": esn}
        for outside, inside, form, esn in product(
            (4, 6), (4, 6), (ANY, SINGLE, LIST), (False, True)
        )
        if not (form == LIST and 6 in (outside, inside)) and not (esn and combination.version == 1)
    ]


def cases(combinations: Sequence[Combination], seed: int) -> list[Case]:
    """The combinations with address families, form of subnets and ESN spread over them in pairs."""
    rows = [
        {f"IKEv{one.version} {one.kind} {name}": getattr(one, name) for name in _ATTRIBUTES}
        for one in combinations
    ]
    chosen = pairwise.spread(rows, [settings(one) for one in combinations], seed)
    return [Case(one, **setting) for one, setting in zip(combinations, chosen, strict=True)]


def together(cases: Sequence[Case], alone: Container[str] = ()) -> list[Case]:
    """The same, with two in one where they differ in nothing else: one for the child SA, and one for the IKE SA.

    Those whose names are in ``alone`` stay so.
    """
    placed = {case.combination: case for case in cases}
    free = [case for case in cases if case.combination.name not in alone]
    mates: dict[tuple[object, ...], list[Combination]] = defaultdict(list)
    for case in free:
        if case.combination.kind == IKE:
            for group in ("", case.combination.group):
                mates[_place(case, group)].append(case.combination)
    # those without a group fit any IKE SA, and take what the others leave
    for case in sorted(free, key=lambda case: not case.combination.group):
        one = case.combination
        if one.kind == ESP:
            fitting = mates[_place(case, one.group if one.version == 2 else "")]
            if mate := next((mate for mate in fitting if mate in placed), None):
                del placed[mate]
                placed[one] = replace(case, beside=mate)
    return list(placed.values())


def _place(case: Case, group: str) -> tuple[object, ...]:
    return case.combination.version, group, case.outside, case.inside, case.form, case.esn


def sample(combinations: Sequence[Combination], seed: int) -> list[Combination]:
    """Few of them, that have each algorithm in each version and place that has it."""
    contents = [
        {(one.version, one.kind, name, getattr(one, name)) for name in _ATTRIBUTES}
        for one in combinations
    ]
    return [combinations[number] for number in pairwise.cover(contents, seed)]
