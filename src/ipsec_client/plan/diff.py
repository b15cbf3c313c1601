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

    Within a phase what moves comes last, so that no packet meets another's place meanwhile (``_turn``).
    """
    before = {item.identity: item for item in found}
    after = {item.identity: item for item in wanted}
    steps = [_towards(item, before.get(item.identity)) for item in after.values()]
    steps.sort(key=_turn)
    gone = [item for identity, item in before.items() if identity not in after]
    gone.sort(key=lambda item: -item.phase)
    return steps + [Step("remove", item, "not wanted any more") for item in gone]


def _turn(step: Step) -> tuple[int, int, int]:
    """When a step is taken. Rules that move down the list go from the last one on, those that move up from the first,
    so that none overtakes another; a route is replaced when the one that was in its place has its new one.
    """
    match step:
        case Step("change", Rule(priority=priority), _, Rule(priority=before)):
            return step.object.phase, 1, -priority if priority > before else priority
        case Step("change", Route()):
            return step.object.phase, 2, 0
    return step.object.phase, 0, 0


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
