"""Changes to a configuration as values: one set, delete or move by path each; applied, and found.

A path leads to an element, in the words of the PCLI with their keys: ``("authority", "router", "r1")``. Values are
text as it is written; a key is a ``Secret``. What cannot be done raises InputFault, with the path and the cure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import REMOVED, Secret
from ipsec_client.config.paths import (
    by_key,
    fault,
    known_values,
    leaf_of,
    read_key,
    read_value,
    steps,
    values_of,
)
from ipsec_client.model.definition import Element, Leaf, Nested, Path, definition, make
from ipsec_client.model.elements import Authority, Config

Verb = Literal["set", "delete", "move"]
Value = str | Secret | None


@dataclass(frozen=True, slots=True)
class Edit:
    """One change.

    set without a leaf: the element is there, and all above it. set with a leaf: the field has the value; a field of
    several has it too. delete with a leaf: the field is unset, or loses that one value; without: the element goes,
    with all below it. move: the element stands after its sibling whose key ``value`` is, or first for None.
    """

    verb: Verb
    path: Path
    leaf: str = ""
    value: Value = None

    def __str__(self) -> str:
        value = REMOVED if isinstance(self.value, Secret) else self.value
        return " ".join(filter(None, (self.verb, *self.path, self.leaf, value)))


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, for people. Without a ``leaf`` it is the element's; a key is shown as ``(removed)``.

    An element that only stands elsewhere among its siblings is ``changed``, ``after`` tells where.
    """

    verb: Literal["added", "removed", "changed"]
    path: Path
    leaf: str = ""
    before: str | None = None
    after: str | None = None


def apply(
    authority: Authority,
    edits: Iterable[Edit],
    needless: Callable[[Edit], bool] = lambda _: False,
) -> Authority:
    """The authority with the edits made, in their order; parts that none of them names are the same objects.

    One that cannot be is passed over if it is ``needless``.
    """
    root = _Draft(Config(authority=authority))
    for edit in edits:
        try:
            root.make(edit)
        except InputFault:
            if not needless(edit):
                raise
    done = root.frozen()
    assert isinstance(done, Config)
    return done.authority or Authority()


def edits_of(before: Authority, after: Authority) -> tuple[Edit, ...]:
    """The edits that make one authority the other, fewest first by router; equal ones need none."""
    return tuple(edit for edit, _ in _between(before, after, ("authority",)))


def difference(before: Authority, after: Authority) -> tuple[Change, ...]:
    """What is different, field by field, in the order of the configuration."""
    return tuple(
        change
        for edit, was in _between(before, after, ("authority",))
        for change in _changes(edit, was)
    )


def named_routers(edits: Iterable[Edit]) -> frozenset[str]:
    """The routers that the edits speak of; an edit of the authority itself speaks of none."""
    return frozenset(edit.path[2] for edit in edits if edit.path[1:2] == ("router",))


class _Draft:
    """An element that is being changed; entries below it become drafts when an edit goes there."""

    __slots__ = ("below", "kind", "values", "was")

    def __init__(self, element: Element) -> None:
        self.was: Element | None = element
        self.kind = type(element)
        self.values = dict(vars(element))
        self.below: dict[str, dict[Path, Element | _Draft]] = {}

    def make(self, edit: Edit) -> None:
        """Makes the edit somewhere below."""
        way = list(steps(edit.path))
        if not way:
            raise fault((), "nothing is named", "Name an element or a field")
        draft = self
        for nested, key in way if edit.leaf else way[:-1]:
            draft = draft.enter(nested, key, edit)
        if edit.leaf:
            draft.edit_field(edit)
        elif edit.verb == "set":
            draft.enter(*way[-1], edit)
        else:
            draft.edit_entry(*way[-1], edit)

    def frozen(self) -> Element:
        """The element as it is now; the very same one if nothing was changed."""
        for name, entries in self.below.items():
            items = tuple(
                item.frozen() if isinstance(item, _Draft) else item for item in entries.values()
            )
            nested = next(item for item in definition(self.kind).nested if item.attribute == name)
            self.values[name] = items if nested.many else next(iter(items), None)
        if self.was is not None and all(
            _same(value, self.values[name]) for name, value in vars(self.was).items()
        ):
            return self.was
        return make(self.kind, self.values)

    def _entries(self, nested: Nested) -> dict[Path, Element | _Draft]:
        entries = self.below.get(nested.attribute)
        if entries is None:
            entries = self.below[nested.attribute] = dict(by_key(nested, self.values))
        return entries

    def enter(self, nested: Nested, key: Path, edit: Edit) -> _Draft:
        entries = self._entries(nested)
        entry = entries.get(key)
        if entry is None:
            if edit.verb != "set":
                raise fault(edit.path, "is not configured")
            keys = definition(nested.element).keys
            values = read_key(keys, key, edit.path)
            entry = _Draft(
                make(
                    nested.element,
                    {leaf.attribute: value for leaf, value in zip(keys, values, strict=True)},
                )
            )
            entry.was = None
        elif isinstance(entry, Element):
            entry = _Draft(entry)
        entries[key] = entry
        return entry

    def edit_field(self, edit: Edit) -> None:
        leaf = leaf_of(self.kind, edit.leaf, edit.path)
        where = (*edit.path, leaf.name)
        held = self.values[leaf.attribute]
        if edit.verb == "move":
            raise fault(where, "is a field, and only an element can be moved")
        if edit.value is not None:
            value = read_value(leaf, edit.value, where)
        elif edit.verb == "set":
            raise fault(where, "has no value", known_values(leaf))
        if leaf.key:
            if edit.verb == "set" and value == held:
                return
            raise fault(
                where, "tells it from others and stays", "Delete it, and set one of another name"
            )
        if edit.verb == "set":
            if leaf.many:
                value = held if value in held else (*held, value)
            self.values[leaf.attribute] = value
        elif held is None or held == ():
            raise fault(where, "is not set")
        elif edit.value is None:
            self.values[leaf.attribute] = () if leaf.many else None
        elif value not in (held if leaf.many else (held,)):
            raise fault(where, "does not have that value")
        else:
            kept = tuple(item for item in held if item != value) if leaf.many else None
            self.values[leaf.attribute] = kept

    def edit_entry(self, nested: Nested, key: Path, edit: Edit) -> None:
        entries = self._entries(nested)
        if key not in entries:
            raise fault(edit.path, "is not configured")
        other = None if edit.value is None else tuple(str(edit.value).split(" "))
        if edit.verb == "move" and other is not None and (other == key or other not in entries):
            raise fault(edit.path, f"there is no {' '.join(other)} to stand after")
        entry = entries.pop(key)
        if edit.verb == "delete":
            return
        items = list(entries.items())
        at = 0 if other is None else list(entries).index(other) + 1
        items.insert(at, (key, entry))
        self.below[nested.attribute] = dict(items)


def _between(before: Element, after: Element, path: Path) -> Iterator[tuple[Edit, Any]]:
    """The edits from one element to the other of its name, each with the value or element it replaces."""
    if before is after:
        return
    for leaf in definition(type(after)).leaves:
        if not leaf.key and getattr(before, leaf.attribute) != getattr(after, leaf.attribute):
            yield from _between_values(before, after, leaf, path)
    for nested in definition(type(after)).nested:
        if getattr(before, nested.attribute) is not getattr(after, nested.attribute):
            yield from _between_entries(before, after, nested, path)


def _between_values(
    before: Element, after: Element, leaf: Leaf, path: Path
) -> Iterator[tuple[Edit, Any]]:
    old, new = list(values_of(leaf, before)), list(values_of(leaf, after))
    if not leaf.many:
        was = next(iter(old), None)
        if new:
            yield Edit("set", path, leaf.name, new[0]), was
        else:
            yield Edit("delete", path, leaf.name), was
        return
    kept = [value for value in old if value in new]
    if new[: len(kept)] != kept:
        kept = []
    for value in old:
        if value not in kept:
            yield Edit("delete", path, leaf.name, value), value
    for value in new[len(kept) :]:
        yield Edit("set", path, leaf.name, value), None


def _between_entries(
    before: Element, after: Element, nested: Nested, path: Path
) -> Iterator[tuple[Edit, Any]]:
    old, new = dict(by_key(nested, vars(before))), dict(by_key(nested, vars(after)))
    at = (*path, nested.name)
    for key, item in old.items():
        if key not in new:
            yield Edit("delete", (*at, *key)), item
    for key, item in new.items():
        was = old.get(key)
        if was is item:
            continue
        if was is None:
            yield Edit("set", (*at, *key)), None
            keys = definition(nested.element).keys
            was = make(
                nested.element, {leaf.attribute: getattr(item, leaf.attribute) for leaf in keys}
            )
        yield from _between(was, item, (*at, *key))
    wanted = list(new)
    stay = _rising(
        [key for key in old if key in new] + [key for key in new if key not in old], wanted
    )
    for number, key in enumerate(wanted):
        if key not in stay:
            follows = " ".join(wanted[number - 1]) if number else None
            yield Edit("move", (*at, *key), value=follows), None


def _rising(order: list[Path], wanted: list[Path]) -> set[Path]:
    """As many of the keys as can keep their places while the others are moved into the order wanted."""
    if order == wanted:
        return set(wanted)
    place = {key: number for number, key in enumerate(order)}
    ends: list[int] = []  # the lowest place that a rising row of each length can end at
    row: list[int] = []
    for key in wanted:
        length = bisect_left(ends, place[key])
        ends[length : length + 1] = [place[key]]
        row.append(length)
    stay: set[Path] = set()
    length = len(ends) - 1
    last = len(order)
    for key, reached in zip(reversed(wanted), reversed(row), strict=True):
        if reached == length and place[key] < last:
            stay.add(key)
            last, length = place[key], length - 1
    return stay


def _changes(edit: Edit, was: Any) -> Iterator[Change]:
    if edit.verb == "move":
        place = "first" if edit.value is None else f"after {edit.value}"
        yield Change("changed", edit.path, after=place)
    elif not edit.leaf:
        if edit.verb == "set":
            yield Change("added", edit.path)
            return
        yield Change("removed", edit.path)
        empty = make(
            type(was),
            {leaf.attribute: getattr(was, leaf.attribute) for leaf in definition(type(was)).keys},
        )
        for below, _ in _between(empty, was, edit.path):
            if below.verb == "set":
                text = shown_value(below.value) if below.leaf else None
                yield Change("removed", below.path, below.leaf, before=text)
    elif edit.verb == "delete":
        yield Change("removed", edit.path, edit.leaf, before=shown_value(was))
    elif was is None:
        yield Change("added", edit.path, edit.leaf, after=shown_value(edit.value))
    else:
        yield Change("changed", edit.path, edit.leaf, shown_value(was), shown_value(edit.value))


def shown_value(value: Value) -> str | None:
    """The value for people: a key is ``(removed)``."""
    return REMOVED if isinstance(value, Secret) else value


def _same(one: Any, other: Any) -> bool:
    """Whether a member was left as it was: the same object, or a list of the same objects."""
    if one is other:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_is, one, other))
    return not isinstance(one, Element) and one == other


def _is(one: Any, other: Any) -> bool:
    return one is other or (not isinstance(one, Element) and bool(one == other))
