"""What can be in the way of a tunnel, in plain words: the fields to look at, whether a restart can help, the cure.

Which words of pluto's tell of which cause is in ``pluto/log.py`` and ``pluto/negotiations.py``; the same table for
people is docs/diagnosis.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ipsec_client.base.secret import Secret
from ipsec_client.dialect.algorithms import esp_proposals, ike_proposals
from ipsec_client.dialect.series import DEFAULT
from ipsec_client.model.definition import effective
from ipsec_client.model.elements import IpsecProfile, Remote

Blocker = Literal[
    "key",
    "proposal",
    "identity",
    "child",
    "subnet",
    "name",
    "unreachable",
    "closed",
    "silent",
    "unheard",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. ``plain`` reads on from "Tunnel rem1: ".

    ``fields`` are names of the PCLI, the likeliest first, by whose they are: the profile's or the remote's.
    ``restart`` says whether negotiating again can help although nobody changes anything here.
    """

    plain: str
    fields: tuple[tuple[Literal["profile", "remote"], str], ...]
    restart: bool
    cure: str


CAUSES: Mapping[str, Cause] = {
    "key": Cause(
        "the gateway does not accept our key, or the identity it is kept for",
        (("profile", "pre-shared-key"), ("profile", "local-id"), ("remote", "remote-id")),
        False,
        "Compare key and both identities with the gateway's; its log tells which it misses. "
        "By IKEv1, UDP 4500 that does not pass looks the same",
    ),
    "proposal": Cause(
        "the gateway accepts none of our algorithms for IKE",
        (
            ("profile", "ike-encryption"),
            ("profile", "ike-digest"),
            ("profile", "ike-modp"),
            ("profile", "ike-v2"),
        ),
        False,
        "Write what the gateway has; it says the same where it has no connection for us, or the other IKE version",
    ),
    "identity": Cause(
        "the gateway is not who it should be, or we are not",
        (("remote", "remote-id"), ("profile", "local-id")),
        False,
        "Write the identity that the gateway has, or give the gateway the one that is written",
    ),
    "child": Cause(
        "the gateway knows us, but accepts none of our algorithms for the child SA",
        (
            ("profile", "phase2-encryption"),
            ("profile", "phase2-digest"),
            ("profile", "perfect-forward-secrecy"),
            ("profile", "phase2-modp"),
            ("profile", "authentication-protocol"),
        ),
        False,
        "Write what the gateway has for ESP; perfect forward secrecy must be the same on both sides",
    ),
    "subnet": Cause(
        "the gateway knows us, but does not accept our subnets",
        (("remote", "subnet"), ("remote", "local-subnet")),
        False,
        "Write the gateway's networks in subnet, ours as the gateway has them in local-subnet",
    ),
    "name": Cause(
        "the gateway's name has no address",
        (("remote", "host"),),
        True,
        "Correct the name, or see that the router's name servers answer: getent hosts NAME",
    ),
    "unreachable": Cause(
        "the network says that the gateway cannot be reached",
        (("remote", "host"),),
        True,
        "Check the address, and the way to it: show service-path, ping, the provider's router",
    ),
    "closed": Cause(
        "the gateway's machine answers, but no IKE daemon does",
        (("remote", "host"),),
        True,
        "Check the address; have IKE started at the gateway",
    ),
    "silent": Cause(
        "the gateway does not answer at all",
        (("remote", "host"),),
        True,
        "Check the address, and that UDP 500 passes both ways; a gateway that ignores us is silent, too",
    ),
    "unheard": Cause(
        "the gateway answers at first, and then not any more",
        (("remote", "host"), ("profile", "encapsulation")),
        True,
        "See that UDP 4500, and fragments on it, pass both ways",
    ),
    "unknown": Cause(
        "the negotiation does not end well, and why is not known",
        (),
        True,
        "Read pluto's log on this node, and the gateway's",
    ),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A remote and where it stands in the configuration."""

    router: str
    node: str
    client: str
    remote: Remote
    profile: IpsecProfile

    def path(self, owner: Literal["profile", "remote"], field: str) -> str:
        """A field's path in the PCLI, from the router on."""
        if owner == "profile":
            return f"router {self.router} ipsec-profile {self.profile.name} {field}"
        within = f"router {self.router} node {self.node} ipsec-client {self.client}"
        return f"{within} remote {self.remote.name} {field}"

    def value(self, owner: Literal["profile", "remote"], field: str) -> str:
        """What is written there, and what holds where nothing is; never a key."""
        element = self.profile if owner == "profile" else self.remote
        name = field.replace("-", "_")
        written = getattr(element, name)
        if written in (None, ()):
            default = getattr(effective(element), name)
            return "unset" if default in (None, ()) else f"unset, which is {_text(default)}"
        return _text(written)


def looks(blocker: Blocker, place: Place) -> tuple[tuple[str, str], ...]:
    """The fields to look at, the likeliest first: path and value of each."""
    fields = CAUSES[blocker].fields
    return tuple((place.path(*field), place.value(*field)) for field in fields)


def offered(blocker: Blocker, place: Place, series: int = DEFAULT) -> str:
    """What we propose to the gateway, where that is what it refused; else nothing."""
    if blocker == "proposal":
        return ike_proposals(place.profile, series)
    if blocker == "child":
        return esp_proposals(place.profile, series)
    return ""


def _text(value: object) -> str:
    if isinstance(value, Secret):
        return "(removed)"
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
