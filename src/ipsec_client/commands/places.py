"""Where words lead in the configuration: elements, their fields, and lists whose key is still to come. Pure.

Words may be cut short while they stay unique; names may not, since a new one makes a new element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.grammar import NotFound
from ipsec_client.config.generated import interface_name
from ipsec_client.config.paths import element_at, read_key, steps
from ipsec_client.config.recovery import near
from ipsec_client.model.definition import Element, Leaf, Member, Nested, Path, definition
from ipsec_client.model.elements import Authority, Config, Node, Router


@dataclass(frozen=True, slots=True)
class Place:
    """What words lead to, from ``config`` down: an element of ``kind`` at ``path``.

    With a ``member`` it is what is in that element: a field, with ``rest`` after its name, or a list,
    with as much of a key as was given in ``rest``.
    """

    path: Path
    kind: type[Element]
    member: Member | None = None
    rest: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """As in a prompt: the innermost element with its key, ``router[name=r1]``."""
        names = [leaf.name for leaf in definition(self.kind).keys]
        if not self.path:
            return "config"
        keys = self.path[len(self.path) - len(names) :]
        shown = "".join(f"[{name}={key}]" for name, key in zip(names, keys, strict=True))
        return f"{self.path[len(self.path) - len(names) - 1]}{shown}"


ROOT = Place((), Config)


def lead(words: Sequence[str], start: Place = ROOT) -> Place:
    """Where the words lead from a place; raises NotFound or InputFault for one that leads nowhere.

    Keys are read as the model reads them, so that each has one way to be written.
    """
    path, kind = start.path, start.kind
    left = list(words)
    while left:
        inside = " ".join(path) if path != start.path else ""
        member = find(kind, left.pop(0), inside)
        if isinstance(member, Leaf):
            return Place(path, kind, member, tuple(left))
        keys = definition(member.element).keys if member.many else ()
        given = left[: len(keys)]
        if len(given) < len(keys):
            return Place(path, kind, member, tuple(given))
        del left[: len(keys)]
        path = (*path, member.name)
        values = zip(keys, read_key(keys, given, path), strict=True)
        path = (*path, *(leaf.type.write(value) for leaf, value in values))
        kind = member.element
    return Place(path, kind)


def find(kind: type[Element], word: str, where: str = "") -> Member:
    """The member that a word means; raises NotFound, or InputFault where it may mean several.

    ``where`` is what it is looked for in, if it is no first word of a line.
    """
    fitting = matching(kind, word)
    if len(fitting) == 1:
        return fitting[0]
    names = [member.name for member in fitting]
    if names:
        raise InputFault(f"Command '{word}' is ambiguous: {', '.join(names)}")
    known = tuple(definition(kind).by_name)
    if not where:
        raise unknown(word, known)
    raise InputFault(
        f"{where} has no {word}", cure=near(word, known) or f"It has {', '.join(known)}"
    )


def matching(kind: type[Element], word: str) -> list[Member]:
    """The members a word may mean: the one it names, else those it begins."""
    known = definition(kind).by_name
    if word in known:
        return [known[word]]
    return [member for name, member in known.items() if name.startswith(word)]


def unknown(word: str, known: Sequence[str]) -> NotFound:
    """The error for a word that means nothing here, with the one it may be a slip of."""
    return NotFound(f"Command '{word}' not found (use '?' for help)", cure=near(word, known))


def trail(path: Path) -> list[Place]:
    """The places on the way from the root to the path, both included."""
    found = [ROOT]
    for nested, key in steps(path):
        found.append(Place((*found[-1].path, nested.name, *key), nested.element))
    return found


def above(place: Place) -> Place:
    """The element around an element; the root is around itself."""
    return trail(place.path)[-2:][0]


def standing(authority: Authority, path: Path) -> Place:
    """The place of the path, or of the nearest element above it that still stands."""
    places = trail(path)
    while len(places) > 1 and element_at(authority, places[-1].path) is None:
        places.pop()
    return places[-1]


def entries(authority: Authority, path: Path, member: Nested) -> tuple[Element, ...]:
    """The entries of a list of the element at a path; none where that does not stand."""
    around = element_at(authority, path)
    found: tuple[Element, ...] = getattr(around, member.attribute) if around else ()
    return found


_NAMED: dict[str, Callable[[Authority, Router], Iterable[str]]] = {
    "tenant": lambda authority, _: [item.name for item in authority.tenant],
    "source": lambda authority, _: [item.name for item in authority.tenant],
    "service-name": lambda authority, _: [item.name for item in authority.service],
    "profile": lambda _, router: [item.name for item in router.ipsec_profile],
    "node-name": lambda _, router: [item.name for item in router.node],
    "interface": lambda _, router: [name for node in router.node for name in _interfaces(node)],
}
"""What the fields of these names refer to, by names of the authority or of the router they are in."""


def _interfaces(node: Node) -> Iterator[str]:
    """The network-interfaces of a node, those that a commit generates for its remotes too."""
    for device in node.device_interface:
        yield from (item.name for item in device.network_interface)
    for client in node.ipsec_client:
        yield from (interface_name(remote.name) for remote in client.remote)


def named(authority: Authority, path: Path, leaf: Leaf) -> list[str]:
    """The names that a field's value may refer to, as far as it refers to anything."""
    found = _NAMED.get(leaf.name)
    if found is None:
        return []
    router = element_at(authority, path[:3]) if path[1:2] == ("router",) else None
    return list(
        dict.fromkeys(found(authority, router if isinstance(router, Router) else NO_ROUTER))
    )


NO_ROUTER = Router(name="")
"""What fields outside a router are in."""
