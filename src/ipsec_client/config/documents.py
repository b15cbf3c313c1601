"""The node document out of an authority: what concerns one node of one router, and nothing of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ipsec_client.base.errors import InputFault, UsageFault
from ipsec_client.model.access import applies
from ipsec_client.model.elements import Authority, NextHop, Node, Router, ServiceRoute
from ipsec_client.wire.document import Document

T = TypeVar("T", Router, Node)


def document(authority: Authority, router: str, node: str, id: str = "") -> Document:  # noqa: A002
    """The document of one node, generated interfaces and keys included if ``authority`` has them.

    Without the ``id`` of a commit it is named after its content. Raises InputFault for an unknown node.
    """
    found = find_router(authority, router)
    cut = _cut(authority, found, find_node(found, node))
    if not id:
        id = Document("", cut).digest.removeprefix("sha256:")[:12]  # noqa: A001
    return Document(id, cut)


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


def _cut(authority: Authority, router: Router, node: Node) -> Authority:
    used = {remote.profile for client in node.ipsec_client for remote in client.remote}
    return replace(
        authority,
        service=tuple(service for service in authority.service if applies(service, router)),
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
