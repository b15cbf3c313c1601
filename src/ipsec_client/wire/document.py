"""The node document: all that one node needs of the committed configuration, the only intent sent to it.

It carries the authority cut down to one node, with its generated interfaces, as model objects.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ipsec_client.base.errors import InputFault
from ipsec_client.model.elements import Authority, IpsecClient, Node, Router
from ipsec_client.wire.codec import decode, encode

FORMAT = 1
"""The format written. A node reads this one and the one before."""

READABLE = (1,)
FEATURES = frozenset({"tunnel-monitor"})
"""What a document may require of a node; one that requires more is refused whole (design, section 10)."""


@dataclass(frozen=True, slots=True)
class Document:
    """What one node is to be. ``id`` names the commit; ``authority`` holds one router with one node."""

    id: str
    authority: Authority

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
        monitored = any(
            remote.tunnel_monitor for client in self.node.ipsec_client for remote in client.remote
        )
        return ("tunnel-monitor",) if monitored else ()

    @property
    def digest(self) -> str:
        """SHA-256 over its content without keys: a hash over a short key would betray it."""
        text = json.dumps(encode(self.authority), sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def dump(document: Document, *, secrets: bool = False) -> str:
    """The document as text: JSON, sorted keys, two spaces of indent; keys ``(removed)`` unless ``secrets``."""
    return (
        json.dumps(to_json(document, secrets=secrets), sort_keys=True, indent=2, ensure_ascii=False)
        + "\n"
    )


def to_json(document: Document, *, secrets: bool = False) -> dict[str, Any]:
    """The document as JSON values."""
    return {
        "format": FORMAT,
        "id": document.id,
        "host": {"router": document.router.name, "node": document.node.name},
        "requires": list(document.requires),
        "digest": document.digest,
        "authority": encode(document.authority, secrets=secrets),
    }


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
        raise InputFault(
            "the node document is damaged: requires is not a list", cure="Send it again"
        )
    lacking = sorted(set(map(str, required)) - FEATURES)
    if lacking:
        raise InputFault(
            f"the node document requires {', '.join(lacking)}", cure="Upgrade this node's software"
        )
    document = Document(
        str(data.get("id", "")), decode(Authority, data.get("authority", {}), "authority")
    )
    if len(document.authority.router) != 1 or len(document.router.node) != 1:
        raise InputFault("the node document is not for exactly one node")
    if data.get("digest", document.digest) != document.digest:
        raise InputFault(
            "the node document's digest does not fit its content", cure="Send it again"
        )
    return document
