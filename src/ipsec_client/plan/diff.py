"""From what is to what is wanted: one step per object, in an order that never lets a packet out in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

from ipsec_client.plan.objects import Connection, Object, Pluto, Route, Rule

Verb = Literal["create", "change", "restart", "keep", "remove"]

IDLE_OPTIONS = frozenset({"metric", "mtu"})
"""Options that pluto hands to its updown program and to nothing else. Ours is switched off, device and routes are
made by the agent: to load the connection again would end its SAs for nothing.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do to one object. For ``change``, ``restart`` and ``keep`` ``was`` is the object found."""

    verb: Verb
    object: Object
    why: str
    was: Object | None = None

    def line(self) -> str:
        """The step as ``ipsec-client plan`` prints it."""
        return f"{self.verb} {self.object.kind} {self.object.name}: {self.why}"


def diff(found: Iterable[Object], wanted: Iterable[Object]) -> list[Step]:
    """The steps from ``found`` to ``wanted``: creations and changes by phase, then removals backwards.

    In a phase rules come after what they lead to, and changed routes last. What moves down the rules, or the
    routes of a table, moves from the last to the first, else from the first to the last: so each has its new
    place before its old one is another's, and none passes another that stays before or behind it.
    """
    before = {item.identity: item for item in found}
    after = {item.identity: item for item in wanted}
    steps = [_towards(item, before.get(item.identity)) for item in after.values()]
    sinking = _sinking(steps)

    def turn(step: Step) -> tuple[int, int, int]:
        item = step.object
        if isinstance(item, Rule):
            return item.phase, 1, -item.priority if _list(item) in sinking else item.priority
        if isinstance(item, Route) and step.verb == "change":
            return item.phase, 2, -item.metric if _list(item) in sinking else item.metric
        return item.phase, 0, 0

    steps.sort(key=turn)
    gone = [item for identity, item in before.items() if identity not in after]
    gone.sort(key=lambda item: -item.phase)
    return steps + [Step("remove", item, "not wanted any more") for item in gone]


def _sinking(steps: list[Step]) -> set[object]:
    """The lists in which something moves down."""
    routes = [step.object for step in steps if isinstance(step.object, Route)]
    places = {(_list(item), item.dev, item.via): item.metric for item in routes}
    found: set[object] = set()
    for step in steps:
        match step:
            case Step("change", Rule(priority=place) as item, was=Rule(priority=old)):
                down = place > old
            case Step("change", Route() as item, was=Route(dev=dev, via=via, metric=old)):
                down = places.get((_list(item), dev, via), old) > old
            case _:
                continue
        if down:
            found.add(_list(item))
    return found


def _list(item: Rule | Route) -> object:
    """The list that it has a place in: the rules of a namespace, or the routes of a table to the same destination."""
    if isinstance(item, Rule):
        return item.netns
    return item.netns, item.family, item.table, item.to


def _towards(wanted: Object, was: Object | None) -> Step:
    if was is None:
        return Step("create", wanted, "not there yet")
    changed = [
        item.name.replace("_", "-")
        for item in fields(wanted)
        if item.compare and getattr(wanted, item.name) != getattr(was, item.name)
    ]
    if not changed:
        return Step("keep", wanted, "as wanted", was)
    if isinstance(wanted, Connection) and isinstance(was, Connection):
        changed = _changed_options(wanted, was)
        verb: Verb = "change" if IDLE_OPTIONS.issuperset(changed) else "restart"
        return Step(verb, wanted, _change(changed), was)
    if isinstance(wanted, Pluto):
        return Step("restart", wanted, "its setup changes", was)
    return Step("change", wanted, _change(changed), was)


def _changed_options(wanted: Connection, was: Connection) -> list[str]:
    new, old = dict(wanted.options), dict(was.options)
    names = sorted(name for name in new.keys() | old.keys() if new.get(name) != old.get(name))
    return names if wanted.name == was.name else ["name", *names]


def _change(names: list[str]) -> str:
    return f"{', '.join(names) or 'order'} {'change' if len(names) > 1 else 'changes'}"
