"""The YANG 1.1 module of the configuration: ``python -m ipsec_client.config.schema.yang`` prints the shipped file."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.schema.constraints import LIMITS, MUSTS, PATTERNS, REFERENCES
from ipsec_client.config.schema.form import MODULE
from ipsec_client.config.schema.kinds import (
    DESCRIPTIONS,
    HOST_NAME,
    NUMERIC,
    PREFIXES,
    UNPRINTABLE,
    is_number,
    portable,
    told,
    used,
)
from ipsec_client.config.schema.statement import Statement
from ipsec_client.config.schema.words import meaning
from ipsec_client.model.definition import Element, Leaf, Nested, definition
from ipsec_client.model.elements import Config
from ipsec_client.model.values import AnyType

REVISION = "2026-11-25"
"""The day of the last change of what the module admits."""

_NAMES = {"string": "printable"}
"""Types that cannot bear their own name in YANG."""

_BUILT_IN = {"boolean": "boolean", "ip-address": "inet:ip-address-no-zone"}


def module() -> str:
    """The module's text."""
    return str(Statement("module", MODULE, (*_head(), *_typedefs(), *_members(Config))))


def _head() -> Iterator[Statement]:
    yield Statement("yang-version", "1.1")
    yield Statement("namespace", f"urn:{MODULE}:config")
    yield Statement("prefix", "ipsec")
    reference = Statement("reference", "RFC 6991: Common YANG Data Types")
    yield Statement("import", "ietf-inet-types", (Statement("prefix", "inet"), reference))
    yield Statement("organization", f"The {MODULE} project")
    yield Statement("contact", f"The maintainers of {MODULE}, where its source is kept")
    yield Statement(
        "description",
        "The configuration of IPsec clients, and what of the router around them they need. "
        "Generated from the definitions of its fields. Rules that YANG cannot say are "
        "checked by 'ipsec-client check' alone.",
    )
    changes = Statement("description", "The configuration of this release.")
    reference = Statement("reference", "The documentation of ipsec-client, docs/fields.md")
    yield Statement("revision", REVISION, (changes, reference))


def _typedefs() -> Iterator[Statement]:
    """A typedef for each named type that YANG has no own name for, in the order they are used in."""
    for name, kind in used(Config).items():
        if name not in _BUILT_IN:
            said = Statement("description", f"{DESCRIPTIONS[name]}.")
            yield Statement("typedef", _NAMES.get(name, name), (_named_type(kind), said))


def _named_type(kind: AnyType) -> Statement:
    address = Statement("type", _BUILT_IN["ip-address"])
    match kind.name:
        case "ip-prefix":
            texts = (Statement("type", "string", (_pattern(prefix),)) for prefix in PREFIXES)
            return Statement("type", "union", tuple(texts))
        case "host":
            names = (_pattern(HOST_NAME), _pattern(NUMERIC, match=False))
            length = Statement("length", f"1..{kind.longest}")
            name = Statement("type", "string", (length, *names))
            return Statement("type", "union", (address, name))
        case "string":
            return Statement("type", "string", (_pattern(f"( |[^{UNPRINTABLE}])*"),))
        case "password":
            return Statement("type", "string", (_pattern(f'( |[^{UNPRINTABLE}"])+'),))
    bounds = (Statement("length", f"1..{kind.longest}"),) if kind.longest else ()
    return Statement("type", "string", (*bounds, _pattern(portable(kind.pattern))))


def _pattern(pattern: str, *, match: bool = True) -> Statement:
    return Statement("pattern", pattern, () if match else (Statement("modifier", "invert-match"),))


def _type(leaf: Leaf, element: type[Element]) -> Statement:
    """The type of a field."""
    kind, place = leaf.type, (element, leaf.name)
    if place in REFERENCES:
        return Statement("type", "leafref", (Statement("path", REFERENCES[place]),))
    if kind.name in DESCRIPTIONS:
        name = _BUILT_IN.get(kind.name) or _NAMES.get(kind.name, kind.name)
        further = tuple(_pattern(p.pattern, match=p.match) for p in PATTERNS.get(place, ()))
        return Statement("type", name, further)
    chosen = tuple(_enum(leaf.name, word) for word in kind.choices)
    words = Statement("type", "enumeration", chosen)
    if not is_number(kind):
        return words
    return Statement("type", "union", (_integer(kind), words)) if chosen else _integer(kind)


def _enum(field: str, word: str) -> Statement:
    said = meaning(field, word)
    return Statement("enum", word, (Statement("description", f"{said}."),) if said else ())


def _integer(kind: AnyType) -> Statement:
    """The smallest unsigned type that holds the numbers."""
    assert kind.most is not None
    bits = next(bits for bits in (8, 16, 32, 64) if kind.most < 1 << bits)
    return Statement("type", f"uint{bits}", (Statement("range", f"{kind.least}..{kind.most}"),))


def _members(element: type[Element]) -> Iterator[Statement]:
    for member in definition(element).members:
        yield _nested(member, element) if isinstance(member, Nested) else _leaf(member, element)


def _musts(element: type[Element], member: str = "") -> Iterator[Statement]:
    for must in MUSTS.get((element, member), ()):
        message = Statement("error-message", f"{must.message}.")
        yield Statement("must", must.test, (message,))


def _leaf(leaf: Leaf, element: type[Element]) -> Statement:
    below = [_type(leaf, element)]
    if leaf.unit and is_number(leaf.type):
        below.append(Statement("units", leaf.unit))
    below += _musts(element, leaf.name)
    if leaf.default is not None:
        below.append(Statement("default", leaf.type.write(leaf.default)))
    if leaf.required and not leaf.key:
        below.append(Statement("mandatory", "true"))
    if leaf.many:
        below.append(Statement("ordered-by", "user"))
    below.append(Statement("description", told(leaf)))
    return Statement("leaf-list" if leaf.many else "leaf", leaf.name, tuple(below))


def _nested(nested: Nested, element: type[Element]) -> Statement:
    below = list(_musts(nested.element))
    said = Statement("description", sentence(nested.element))
    if not nested.many:
        presence = Statement("presence", f"There is one {nested.name}.")
        return Statement(
            "container", nested.name, (*below, presence, said, *_members(nested.element))
        )
    keys = " ".join(leaf.name for leaf in definition(nested.element).keys)
    below.append(Statement("key", keys))
    most = LIMITS.get((element, nested.name))
    if most is not None:
        below.append(Statement("max-elements", str(most)))
    below += [Statement("ordered-by", "user"), said, *_members(nested.element)]
    return Statement("list", nested.name, tuple(below))


def sentence(element: type[Element]) -> str:
    """What a kind of element is, as its definition says it."""
    return " ".join((element.__doc__ or "").replace("``", "").split())


if __name__ == "__main__":
    print(module(), end="")
