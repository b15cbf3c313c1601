"""The page of all fields, docs/fields.md: ``python -m ipsec_client.config.fields`` prints it."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.schema.kinds import DESCRIPTIONS, is_number, used
from ipsec_client.config.schema.words import meaning
from ipsec_client.model.definition import Element, Leaf, definition
from ipsec_client.model.elements import Authority

_HEAD = """\
# Fields

Every field of a configuration, made from the definitions by `python -m ipsec_client.config.fields`. How a
configuration is written and checked is in [configuration.md](configuration.md), its JSON form and its schemas
are in [yang.md](yang.md).

- *key*: it tells the entries of a list apart. *required*: `check` refuses a configuration without it. *several*: it
  may be written several times, and counts in that order. *secret*: it is never shown.
- A default counts while the field is unset. Without one the help says what does, or Libreswan's own default.
- since: the release of the plugin that brought the field; empty for the first ones.

## Types

| type | what it may be | longest |
|---|---|---|
"""

_NO_EFFECT = "Nothing acts on it: `check` warns"
_MANY = 7
"""More choices than these stand at the end of the page only."""


def page() -> str:
    """The whole page."""
    types = "".join(_type_row(name, kind.longest) for name, kind in used(Authority).items())
    return "\n".join([_HEAD + types, *tables(), "## Choices\n", *_choices()])


def _type_row(name: str, longest: int | None) -> str:
    return f"| {name} | {DESCRIPTIONS[name]} | {'' if longest is None else longest} |\n"


def tables(
    kind: type[Element] = Authority, name: str = "authority", above: str = ""
) -> Iterator[str]:
    """A heading and a table in Markdown for the element and each below it, in the order they print in."""
    path = f"{above} > {name}" if above else name
    known = definition(kind)
    yield f"## {path}\n\n{(kind.__doc__ or '').strip().replace('``', '`')}\n"
    if known.leaves:
        head = "| field | type | default | since | what it is | what it changes on the node |\n"
        yield f"{head}|---|---|---|---|---|---|\n" + "".join(map(_row, known.leaves))
    for nested in known.nested:
        yield from tables(nested.element, nested.name, path)


def _row(leaf: Leaf) -> str:
    default = "" if leaf.default is None else f"`{leaf.type.write(leaf.default)}`"
    effect = leaf.effect or _NO_EFFECT
    cells = (f"`{leaf.name}`", _type(leaf), default, leaf.since, leaf.help, effect)
    return f"| {' | '.join(cells)} |\n"


def _type(leaf: Leaf) -> str:
    kind = leaf.type
    parts = []
    if kind.name in DESCRIPTIONS:
        parts.append(kind.name)
    if is_number(kind):
        parts.append(f"{kind.least} to {kind.most}")
    if len(kind.choices) > _MANY:
        parts.append("[one of several](#choices)")
    elif kind.choices:
        parts.append(" ".join(f"`{choice}`" for choice in kind.choices))
    if leaf.unit:
        parts.append(f"alone in {leaf.unit}" if kind.name == "duration" else f"in {leaf.unit}")
    parts += ["*key*"] if leaf.key else ["*required*"] if leaf.required else []
    parts += ["*several*"] if leaf.many else []
    parts += ["*secret*"] if kind.secret else []
    return ", ".join(parts)


def _choices() -> Iterator[str]:
    """What each word means, once for all fields in which it means that."""
    fields: dict[str, list[str]] = {}
    for name, leaf in _fields(Authority, "authority"):
        told = [(word, meaning(leaf.name, word)) for word in leaf.type.choices]
        words = "".join(f"- `{word}`: {said}\n" for word, said in told)
        if words:
            fields.setdefault(words, []).append(f"`{name} > {leaf.name}`")
    for words, names in fields.items():
        yield f"{', '.join(names)}\n\n{words}"


def _fields(kind: type[Element], name: str) -> Iterator[tuple[str, Leaf]]:
    known = definition(kind)
    yield from ((name, leaf) for leaf in known.leaves)
    for nested in known.nested:
        yield from _fields(nested.element, nested.name)


if __name__ == "__main__":
    print(page(), end="")
