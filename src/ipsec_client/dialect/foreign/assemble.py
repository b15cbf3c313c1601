"""Tunnels into an authority: a profile for each set of settings, a remote for each tunnel, on one node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ipsec_client.base.secret import Secret
from ipsec_client.dialect.foreign.tunnel import Lost, Tunnel, is_address, named
from ipsec_client.model.elements import (
    Authority,
    CustomOption,
    IpsecClient,
    IpsecProfile,
    Node,
    Remote,
    Router,
    Tenant,
)
from ipsec_client.model.profile import leaf_of
from ipsec_client.model.values import DEVICE_NAME, NAME, Prefix

_OTHERS = re.compile(r"ipsec\d+|all|default|lo")
"""Names of devices that a remote cannot have: see the rules of names."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the new elements are called."""

    router: str
    node: str
    client: str
    tenant: str


def assemble(tunnels: Sequence[Tunnel], names: Names) -> tuple[Authority, list[Lost]]:
    """The authority, and what is other in it than in the tunnels: names, keys that were not found."""
    lost: list[Lost] = []
    profiles: dict[str, IpsecProfile] = {}
    remotes: dict[str, Remote] = {}
    for tunnel in tunnels:
        name = _name(tunnel.name, DEVICE_NAME.longest or 0, {*remotes, names.client}, "rem")
        if name != tunnel.name:
            lost.append(
                Lost(tunnel.file, tunnel.line, named(tunnel.name), f"is remote {name} here")
            )
        if tunnel.key is None:
            why = "has no pre-shared key among the secrets that were given"
            lost.append(Lost(tunnel.file, tunnel.line, named(tunnel.name), why))
        profile = _profile(tunnel, profiles)
        profiles[profile.name] = profile
        remotes[name] = Remote(
            name=name,
            host=tunnel.host,
            profile=profile.name,
            subnet=tuple(map(Prefix, tunnel.subnet)),
            local_subnet=tuple(map(Prefix, tunnel.local_subnet)),
            # Unset it is the gateway's address, and of a named gateway that is not its name.
            remote_id=None
            if tunnel.remote_id == tunnel.host and is_address(tunnel.host)
            else tunnel.remote_id,
        )
    client = IpsecClient(name=names.client, tenant=names.tenant, remote=tuple(remotes.values()))
    router = Router(
        name=names.router,
        ipsec_profile=tuple(profiles.values()),
        node=(Node(name=names.node, ipsec_client=(client,)),),
    )
    return Authority(tenant=(Tenant(name=names.tenant),), router=(router,)), lost


def _profile(tunnel: Tunnel, known: dict[str, IpsecProfile]) -> IpsecProfile:
    """The known profile that says the same, else a new one."""
    values: dict[str, Any] = {}
    for field, texts in tunnel.fields.items():
        leaf = leaf_of(field)
        read = tuple(leaf.type.read(text) for text in texts)
        values[leaf.attribute] = read if leaf.many else read[0]
    values["local_id"] = tunnel.local_id
    values["pre_shared_key"] = tunnel.key or Secret(None)
    values["custom_option"] = tuple(
        CustomOption(name=name, value=text) for name, text in tunnel.options.items()
    )
    for profile in known.values():
        if profile == IpsecProfile(name=profile.name, **values):
            return profile
    return IpsecProfile(name=_name(tunnel.name, NAME.longest or 0, known, "profile"), **values)


def _name(wanted: str, longest: int, taken: Iterable[str], else_: str) -> str:
    """A name like the wanted one that a field can hold and that is not taken."""
    bare = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-") or else_
    if _OTHERS.fullmatch(bare):
        bare = f"{else_}-{bare}"
    used = set(taken)
    name, number = bare[:longest].rstrip("-"), 1
    while name in used:
        number += 1
        end = f"-{number}"
        name = bare[: longest - len(end)].rstrip("-") + end
    return name
