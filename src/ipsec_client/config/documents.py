"""The node document out of an authority: what concerns one node of one router, and nothing of the others."""

from __future__ import annotations

from typing import TypeVar

from ipsec_client.base.errors import InputFault, UsageFault
from ipsec_client.model.elements import Authority, Node, Router
from ipsec_client.wire.document import Document, cut

T = TypeVar("T", Router, Node)


def document(authority: Authority, router: str, node: str, id: str = "") -> Document:  # noqa: A002
    """The document of one node, generated interfaces and keys included if ``authority`` has them.

    Without the ``id`` of a commit it is named after its content. Raises InputFault for an unknown node.
    """
    found = find_router(authority, router)
    part = cut(authority, found, find_node(found, node))
    if not id:
        id = Document("", part).digest.removeprefix("sha256:")[:12]  # noqa: A001
    return Document(id, part)


def find_router(authority: Authority, name: str | None) -> Router:
    """The router of that name; without a name the only one. Raises InputFault, or UsageFault to name one."""
    return _find(authority.router, name, "router", "the configuration")


def find_node(router: Router, name: str | None) -> Node:
    """The router's node of that name; without a name the only one. Raises as ``find_router`` does."""
    return _find(router.node, name, "node", f"router {router.name}")


def _find(several: tuple[T, ...], name: str | None, kind: str, where: str) -> T:
    names = ", ".join(item.name for item in several)
    if not several:
        raise InputFault(f"{where} has no {kind}")
    if name is None and len(several) > 1:
        raise UsageFault(f"{where} has several {kind}s", cure=f"Name one of {names} by --{kind}")
    for item in several:
        if name in (None, item.name):
            return item
    raise InputFault(f"{where} has no {kind} {name}", cure=f"It has {names}")
