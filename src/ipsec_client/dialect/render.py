"""A node document as Libreswan's files: ``config setup``, one connection per remote, the secrets.

Pluto starts with ``config setup`` alone; the connections are loaded one by one, each from a file of its own,
so that a bad one keeps only its own remote from starting (one unknown word in pluto's own file ends pluto).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ipsec_client.base.secret import Secret
from ipsec_client.dialect.algorithms import (
    esp_proposals,
    ike_proposals,
    ike_version,
    refusals,
    remote_refusals,
    version_of,
)
from ipsec_client.dialect.catalog import IKEV1
from ipsec_client.dialect.series import DEFAULT, NEW, OLD
from ipsec_client.model.access import outside_version
from ipsec_client.model.definition import effective
from ipsec_client.model.elements import IpsecClient, IpsecProfile, Node, Remote, Router
from ipsec_client.model.slots import Slot, slots
from ipsec_client.model.values import Duration, Prefix

Options = tuple[tuple[str, str], ...]

MARK = 100
"""A connection's mark is this plus its slot."""

SETUP_NAME = "ipsec.conf"


class Intent(Protocol):
    """What is read here of a node document."""

    @property
    def router(self) -> Router:
        """The router with its profiles."""

    @property
    def node(self) -> Node:
        """The node with its generated interfaces."""

    @property
    def client(self) -> IpsecClient | None:
        """The node's client, if it has one that is enabled."""


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file below the client's run folder."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Conn:
    """A connection in the only form that counts: equal options are an equal connection."""

    name: str
    options: Options

    @property
    def ike_version(self) -> int:
        """1 or 2, as ``ikev2`` says."""
        options = dict(self.options)
        return IKEV1 if options.get("keyexchange") == "ikev1" else version_of(options.get("ikev2"))

    @property
    def text(self) -> str:
        """The file it is loaded from."""
        return _section(f"conn {self.name}", self.options)


def conn_name(profile: str, remote: str) -> str:
    """What a remote's connection is called in pluto, in status output and in logs (page)."""
    return f"ipsec-client-tunnel-{profile}-{remote}"


def file_name(conn: Conn) -> str:
    """Where a connection lies below the client's run folder."""
    return f"conns/{conn.name}.conf"


def render(
    document: Intent, addresses: Mapping[str, str], series: int = DEFAULT
) -> list[RenderedFile]:
    """The files of the document's client, but for the secrets; none where there is no client."""
    client = document.client
    if client is None:
        return []
    found = conns(document, slots(document.node, client), addresses, series)
    return [
        RenderedFile(SETUP_NAME, setup(document, series)),
        *(RenderedFile(file_name(conn), conn.text) for conn in found.values()),
    ]


# --- config setup ---------------------------------------------------------------------------------


def setup(document: Intent, series: int = DEFAULT) -> str:
    """What pluto starts with. A change of it restarts pluto and with it every tunnel: so it depends on
    nothing but the egress KNI's addresses in use, and allows already what a remote may need later.
    """
    client = document.client
    if client is None:
        return ""
    egress = slots(document.node, client)[client.name]
    versions = {outside_version(remote) for remote in client.remote} or {4}
    options = (
        # No IKE on the ingress KNIs: what comes from the LAN is to be encrypted, not answered. Pluto takes
        # one address; where there are gateways of both versions of IP the firewall alone holds IKE off.
        *(
            ("listen", str(egress.of_namespace(version)))
            for version in versions
            if len(versions) == 1
        ),
        # Debian's 4.10 drops IKEv1 unless told so. Pluto still answers none but the gateways it has.
        *((("ikev1-policy", "accept"),) if series > OLD else ()),
        # Two gateways may bear one identity; with "yes" the second ends the first one's tunnel.
        ("uniqueids", "no"),
        # Names are looked up outside; pluto is given addresses and must wait for no name server.
        ("dnssec-enable", "no"),
        # "If the kernel has audit support and using it fails, pluto will abort" (ipsec.conf(5)).
        ("audit-log", "no"),
        # Tunnel devices are ours to make, where that can be said: pluto would make them in a namespace of its own
        # choosing, and when it pleases.
        *((("ipsec-interface-managed", "no"),) if series >= NEW else ()),
    )
    return _section("config setup", options)


# --- connections ----------------------------------------------------------------------------------


def conns(
    document: Intent,
    slots: Mapping[str, Slot],
    addresses: Mapping[str, str],
    series: int = DEFAULT,
) -> dict[str, Conn]:
    """The connections by remote, in configuration order. ``addresses`` has those of named hosts.

    A remote is left out while its host has no address, and where the series refuses it (``refusals``).
    """
    client = document.client
    if client is None:
        return {}
    profiles = {profile.name: profile for profile in document.router.ipsec_profile}
    found = {}
    for remote in client.remote:
        profile, slot = profiles.get(remote.profile or ""), slots.get(remote.name)
        address = gateway(remote, addresses)
        if not (profile and slot and address):
            continue
        if refusals(profile, series) or remote_refusals(remote, series):
            continue
        left = slots[client.name].of_namespace(6 if ":" in address else 4)
        ends = _Ends(str(left), address, slot, remote)
        found[remote.name] = Conn(
            conn_name(profile.name, remote.name), _options(profile, ends, series)
        )
    return found


def gateway(remote: Remote, addresses: Mapping[str, str]) -> str | None:
    """The gateway's address: the host itself where it is one, else what ``addresses`` has for the name."""
    host = remote.host or ""
    return host if _is_address(host) else addresses.get(host)


@dataclass(frozen=True, slots=True)
class _Ends:
    """The two ends of a tunnel, and the slot that gives it its device."""

    left: str
    right: str
    slot: Slot
    remote: Remote

    def options(self, profile: IpsecProfile, series: int) -> Iterator[tuple[str, str]]:
        yield "left", self.left
        yield "leftid", identity(profile.local_id, self.left)
        yield from _networks("left", self.remote.local_subnet, self.remote.subnet)
        yield "right", self.right
        yield "rightid", identity(self.remote.remote_id, self.right)
        yield from _networks("right", self.remote.subnet, self.remote.local_subnet)
        if series == OLD:
            yield "vti-interface", f"ipsec{self.slot.index}"
            yield "vti-routing", "no"
        else:
            yield "ipsec-interface", str(self.slot.index)
        # Without a mark of its own a second connection with equal selectors is refused on series 4:
        # "route already in use" (libreswan#504, #1778).
        yield "mark", f"{MARK + self.slot.index}/0xffffffff"


def _options(profile: IpsecProfile, ends: _Ends, series: int) -> Options:
    return (
        *(option for option in _FIXED if (series, option[0]) not in _GONE),
        *ends.options(profile, series),
        *_from_profile(profile, series),
        *_custom(profile),
    )


_FIXED: Options = (
    ("authby", "secret"),
    # Loaded is not started: when a tunnel is initiated is for the agent to say.
    ("auto", "ignore"),
    # Routes and devices are the agent's; forking a script would hold up pluto. "%disabled" skips it.
    ("leftupdown", "%disabled"),
    # The egress KNI is a veth: it has nothing to offload to.
    ("nic-offload", "no"),
    # These are the defaults of 4.10, written down because repair relies on them: pluto keeps trying.
    ("keyingtries", "%forever"),
    ("rekey", "yes"),
)
# Left at 4.10's default on purpose (its manual errs): initial-contact=no. Without a local-id all routers bear one
# identity, and INITIAL_CONTACT would make a shared gateway drop the other routers' tunnels.


def _from_profile(profile: IpsecProfile, series: int) -> Iterator[tuple[str, str]]:
    shown = effective(profile)
    for name, option in MAPPED.items():
        value = getattr(shown, name.replace("-", "_"))
        if (series, option.name) in _GONE:
            continue
        if value is not None and (text := option.value(shown, value)):
            yield _said(option.name, text, profile, series)
    yield "ike", ike_proposals(profile, series)
    yield "phase2alg", esp_proposals(profile, series)


def _said(name: str, text: str, profile: IpsecProfile, series: int) -> tuple[str, str]:
    if name == "ikev2" and series >= NEW:
        return "keyexchange", "ikev1" if ike_version(profile) == IKEV1 else "ikev2"
    return name, text


def _custom(profile: IpsecProfile) -> Iterator[tuple[str, str]]:
    for option in sorted(profile.custom_option, key=lambda option: option.name.lower()):
        yield option.name.lower(), option.value or ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """How a field becomes an option; ``value`` gives its text from the profile and the field's value."""

    name: str
    value: Callable[[IpsecProfile, object], str]


def _word(_: IpsecProfile, value: object) -> str:
    return str(value)


def _yes_no(_: IpsecProfile, value: object) -> str:
    return "yes" if value else "no"


def _seconds(_: IpsecProfile, value: object) -> str:
    assert isinstance(value, Duration)
    return f"{-(-value.milliseconds('s') // 1000)}s"


def _milliseconds(_: IpsecProfile, value: object) -> str:
    assert isinstance(value, Duration)
    return str(value.milliseconds("ms"))


def _cisco_only(_: IpsecProfile, value: object) -> str:
    """4.10 documents ``ietf`` as the default and refuses the word."""
    return "cisco" if value == "cisco" else ""


MAPPED: Mapping[str, Mapped] = {
    "ike-v2": Mapped("ikev2", _word),
    "authentication-protocol": Mapped("phase2", _word),
    "ike-lifetime": Mapped("ikelifetime", _seconds),
    "connection-lifetime": Mapped("salifetime", _seconds),
    "ike-retransmit-interval": Mapped("retransmit-interval", _milliseconds),
    "compress": Mapped("compress", _yes_no),
    "perfect-forward-secrecy": Mapped("pfs", _yes_no),
    "dpddelay": Mapped("dpddelay", _seconds),
    "dpdtimeout": Mapped("dpdtimeout", _seconds),
    "dpdaction": Mapped("dpdaction", _word),
    "metric": Mapped("metric", _word),
    "mtu": Mapped("mtu", _word),
    "encapsulation": Mapped("encapsulation", _word),
    "remote-peer-type": Mapped("remote-peer-type", _cisco_only),
}
"""The fields of a profile that become an option each, in the order they are written in."""


_GONE = frozenset({(NEW, "dpdaction"), (NEW, "keyingtries")})
"""Options by the series that does what they say anyway, and complains of them."""


def _networks(
    side: str, written: tuple[Prefix, ...], opposite: tuple[Prefix, ...]
) -> Iterator[tuple[str, str]]:
    """One network or a list (PLUGIN-1092); unset is any network, of the IP version of the other end's."""
    networks = list(dict.fromkeys(str(prefix.network) for prefix in written))
    if not networks:
        six = bool(opposite) and opposite[0].network.version == 6
        networks = ["::/0" if six else "0.0.0.0/0"]
    if len(networks) == 1:
        yield f"{side}subnet", networks[0]
    else:
        yield f"{side}subnets", '"' + ",".join(networks) + '"'


def identity(written: str | None, address: str) -> str:
    """An IKE identity as Libreswan wants it, by default the address.

    A bare name would be looked up and its address sent, so it is written as ``@name``.
    """
    if written is None:
        return address
    return written if "@" in written or _is_address(written) else f"@{written}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


# --- secrets --------------------------------------------------------------------------------------


def secrets(document: Intent, addresses: Mapping[str, str]) -> Secret:
    """The content of ipsec.secrets: a line per remote, its key indexed by both identities.

    A remote whose key was removed from the document or whose host has no address has no line.
    """
    client = document.client
    if client is None:
        return Secret("")
    profiles = {profile.name: profile for profile in document.router.ipsec_profile}
    egress = slots(document.node, client)[client.name]
    lines = []
    for remote in client.remote:
        profile, address = profiles.get(remote.profile or ""), gateway(remote, addresses)
        key = profile.pre_shared_key if profile else None
        if profile and address and key and not key.removed:
            left = egress.of_namespace(6 if ":" in address else 4)
            ours = identity(profile.local_id, str(left))
            if address.endswith(":"):  # pluto would take that colon for the one before PSK
                address = ipaddress.ip_address(address).exploded
            theirs = identity(remote.remote_id, address)
            lines.append(f'{ours} {theirs} : PSK "{key.reveal()}"\n')
    return Secret("".join(lines))


def _section(head: str, options: Options) -> str:
    return f"{head}\n" + "".join(f"\t{name}={value}\n" for name, value in options)
