"""The node document: all that one node needs of the committed configuration, the only intent sent to it.

It carries the authority cut down to one node, with its generated interfaces, as model objects.

Conductor and node may be one release apart. A new field needs nothing here: a node that lacks it refuses it by
name. What a node could read and yet not do as it is meant is a feature, and the document names it. Only what
changes the reading of what was there before is a new format; the one before stays readable for a release.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from ipsec_client.base.errors import InputFault
from ipsec_client.model.access import applies, inside_version, outside_version
from ipsec_client.model.definition import definition
from ipsec_client.model.elements import (
    Authority,
    IpsecClient,
    NextHop,
    Node,
    Remote,
    Router,
    ServiceRoute,
)
from ipsec_client.model.slots import is_generated
from ipsec_client.wire.codec import decode, encode, without_keys

FORMAT = 1
"""The format written."""

READABLE = (1,)
"""The formats read: this one and the one before, once there is one."""

FIELDS = frozenset({"format", "id", "host", "requires", "digest", "authority", "confirm"})


@dataclass(frozen=True, slots=True)
class Confirm:
    """The document undoes itself: unless one without this follows within ``seconds`` of its arrival, ``previous``
    is in force again; None: what was in force on the node before.
    """

    seconds: float
    previous: Document | None


@dataclass(frozen=True, slots=True)
class Document:
    """What one node is to be. ``id`` names the commit; ``authority`` holds one router with one node."""

    id: str
    authority: Authority
    confirm: Confirm | None = None

    @property
    def router(self) -> Router:
        """The router it is for."""
        return self.authority.router[0]

    @property
    def node(self) -> Node:
        """The node it is for."""
        return self.router.node[0]

    @property
    def client(self) -> IpsecClient | None:
        """The node's client, if it has one that is enabled."""
        return next(
            (client for client in self.node.ipsec_client if client.enabled is not False), None
        )

    @property
    def requires(self) -> tuple[str, ...]:
        """The features a node must have to honour it."""
        return tuple(feature for feature, needed in FEATURES.items() if needed(self))

    @property
    def remotes(self) -> tuple[Remote, ...]:
        """All remotes of the node, of clients that are switched off, too."""
        return tuple(remote for client in self.node.ipsec_client for remote in client.remote)

    @property
    def digest(self) -> str:
        """SHA-256 over its content without keys: a hash over a short key would betray it."""
        return _digest(encode(self.authority))


def _six(document: Document) -> bool:
    return any(6 in (outside_version(item), inside_version(item)) for item in document.remotes)


def _clamped(document: Document) -> bool:
    return any(
        interface.enforced_mss not in (None, "disabled")
        for device in document.node.device_interface
        if not is_generated(device)
        for interface in device.network_interface
    )


def _several(document: Document) -> bool:
    return any(
        len(getattr(profile, leaf.attribute)) > 1
        for profile in document.router.ipsec_profile
        for leaf in definition(type(profile)).leaves
        if leaf.many
    )


FEATURES: Mapping[str, Callable[[Document], bool]] = {
    "confirm": lambda document: document.confirm is not None,
    "interface-mss": _clamped,
    "ipv6": _six,
    "several-algorithms": _several,
    "tunnel-monitor": lambda document: any(item.tunnel_monitor for item in document.remotes),
    "vectors": lambda document: any(item.vector_name for item in document.remotes),
}
"""What a document may require of a node, and whether it does; one that requires more is refused whole."""


def cut(authority: Authority, router: Router, node: Node) -> Authority:
    """The authority with what concerns this node of this router, and nothing of the others."""
    used = {remote.profile for client in node.ipsec_client for remote in client.remote}
    services = tuple(service for service in authority.service if applies(service, router))
    policies = {service.service_policy for service in services}
    return replace(
        authority,
        service=services,
        service_policy=tuple(item for item in authority.service_policy if item.name in policies),
        router=(
            replace(
                router,
                # Who runs a gateway is for check alone; an older node would not know the field.
                ipsec_profile=tuple(
                    replace(item, provider=None) if item.provider else item
                    for item in router.ipsec_profile
                    if item.name in used
                ),
                node=(node,),
                service_route=tuple(
                    replace(route, next_hop=_next_hops(route, router, node))
                    for route in router.service_route
                ),
            ),
        ),
    )


def _next_hops(route: ServiceRoute, router: Router, node: Node) -> tuple[NextHop, ...]:
    """The next hops by this node; a router's only node is meant whatever the name written (decided so)."""
    hops = {
        hop.interface: replace(hop, node_name=node.name)
        for hop in reversed(route.next_hop)
        if len(router.node) == 1 or hop.node_name == node.name
    }
    return tuple(reversed(hops.values()))


def dump(document: Document, *, secrets: bool = False) -> str:
    """The document as text: JSON, sorted keys, two spaces of indent; keys ``(removed)`` unless ``secrets``."""
    return (
        json.dumps(to_json(document, secrets=secrets), sort_keys=True, indent=2, ensure_ascii=False)
        + "\n"
    )


def to_json(document: Document, *, secrets: bool = False) -> dict[str, Any]:
    """The document as JSON values."""
    written: dict[str, Any] = {
        "format": FORMAT,
        "id": document.id,
        "host": {"router": document.router.name, "node": document.node.name},
        "requires": list(document.requires),
        "digest": document.digest,
        "authority": encode(document.authority, secrets=secrets),
    }
    if confirm := document.confirm:
        previous = to_json(confirm.previous, secrets=secrets) if confirm.previous else None
        written["confirm"] = {"seconds": confirm.seconds, "previous": previous}
    return written


def from_json(data: Any) -> Document:
    """The document in JSON values; raises InputFault when its format, features or content are not ours to honour."""
    if not isinstance(data, dict) or data.get("format") not in READABLE:
        found = data.get("format") if isinstance(data, dict) else None
        raise InputFault(
            f"node document of format {found!r}; this software reads {sorted(READABLE)}",
            cure="Upgrade this node, or let its conductor write an older format",
        )
    required = data.get("requires", [])
    if not isinstance(required, list):
        raise _damaged("requires is not a list")
    if lacking := sorted(set(map(str, required)) - FEATURES.keys()):
        raise InputFault(f"the node document requires {', '.join(lacking)}", cure=_UPGRADE)
    if unknown := sorted(data.keys() - FIELDS):
        raise InputFault(f"{', '.join(unknown)} is not known here", cure=_UPGRADE)
    content = data.get("authority", {})
    document = Document(
        str(data.get("id", "")),
        decode(Authority, content, "authority"),
        _confirm(data["confirm"]) if "confirm" in data else None,
    )
    if len(document.authority.router) != 1 or len(document.router.node) != 1:
        raise InputFault("the node document is not for exactly one node")
    # Over what came, not over what we make of it: another release may write the same in other words.
    if data.get("digest", document.digest) != _digest(without_keys(Authority, content)):
        raise _damaged("its digest does not fit its content")
    return document


_UPGRADE = "Upgrade this node's software"


def _confirm(data: Any) -> Confirm:
    seconds = data.get("seconds") if isinstance(data, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds):
        raise _damaged("confirm has no number of seconds")
    if unknown := sorted(data.keys() - {"seconds", "previous"}):
        raise InputFault(f"confirm {', '.join(unknown)} is not known here", cure=_UPGRADE)
    previous = data.get("previous")
    if isinstance(previous, dict) and "confirm" in previous:
        raise _damaged("confirm previous is to be confirmed itself")
    return Confirm(max(0.0, seconds), None if previous is None else from_json(previous))


def _damaged(what: str) -> InputFault:
    return InputFault(f"the node document is damaged: {what}", cure="Send it again")


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
