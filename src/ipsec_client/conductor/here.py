"""Which of the authority's nodes this machine is, and what it is to be. Pure."""

from __future__ import annotations

from ipsec_client.base.errors import InputFault, UsageFault
from ipsec_client.commands.port import Place
from ipsec_client.config.documents import document, find_node, find_router
from ipsec_client.model.elements import Authority, Node, Router
from ipsec_client.wire.document import Document

Named = tuple[str | None, str | None]
"""The router and the node that somebody named; the only one there is need not be."""


def find_here(authority: Authority, named: Named, known: Place | None) -> Place:
    """This machine's node; among several it stays the one that is ``known``. Raises InputFault or UsageFault."""
    try:
        router = find_router(authority, named[0])
        return Place(router.name, find_node(router, named[1]).name)
    except UsageFault:
        if known is not None and _fits(known, named) and _has(authority, known):
            return known
        raise


def still_here(authority: Authority, named: Named, known: Place | None, before: Authority) -> Place:
    """As ``find_here``; a node that the authority has no more stays ``known``, so that it is told to leave.

    It never becomes the one that is left of those in the authority ``before``: that is another machine.
    """
    stays = known if known is not None and _fits(known, named) else None
    try:
        found = find_here(authority, named, known)
    except (InputFault, UsageFault):
        if stays is None:
            raise
        return stays
    return stays if stays is not None and _has(before, found) else found


def document_of(authority: Authority, place: Place, id: str) -> Document:  # noqa: A002
    """The node's document; one without anything in it for a node that the authority has no more."""
    if _has(authority, place):
        return document(authority, place.router, place.node, id)
    bare = Router(name=place.router, node=(Node(name=place.node),))
    return Document(id, Authority(router=(bare,)))


def _fits(known: Place, named: Named) -> bool:
    return named[0] in (None, known.router) and named[1] in (None, known.node)


def _has(authority: Authority, place: Place) -> bool:
    return any(
        Place(router.name, node.name) == place
        for router in authority.router
        if router.name == place.router
        for node in router.node
    )
