"""One user's candidate: edits of the running configuration, each with what it found where it was made. Pure.

What it found tells later whether another's commit came between. The edits are always the fewest that lead from
the running configuration to the candidate, so that there is one for a place at most.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ipsec_client.base.secret import Secret
from ipsec_client.commands.port import Clash, Committed
from ipsec_client.config.edit import (
    Edit,
    Value,
    apply,
    edits_of,
    named_routers,
    shown_value,
)
from ipsec_client.config.paths import Finder, around, kind_at, leaf_of
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import Authority
from ipsec_client.wire.codec import encode
from ipsec_client.wire.request import Json

_ABSENT, _THERE = "absent", "there"
"""Found where the element was not there, and where it was."""

_Spot = tuple[bool, Path, str, str | None]
"""What an edit is about: whether where it stands, the path, the field, and the value for a field of several."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An edit, the ``version`` that ran when it was made, and a fingerprint of what it ``found`` there.

    ``unsaid`` is one that nobody spoke of: a router goes because a whole configuration lacks it.
    """

    edit: Edit
    version: int
    found: str
    unsaid: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate by its difference from the running configuration."""

    kept: tuple[Kept, ...] = ()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits alone."""
        return tuple(kept.edit for kept in self.kept)

    @property
    def named(self) -> frozenset[str]:
        """The routers that somebody spoke of who made it."""
        return named_routers(kept.edit for kept in self.kept if not kept.unsaid)


def candidate(running: Authority, draft: Draft) -> Authority:
    """The running configuration with the draft's edits. Those that cannot be any more are left out: see ``clashes``."""
    return apply(running, draft.edits, lambda _: True)


def edited(running: Authority, version: int, draft: Draft, edits: Sequence[Edit]) -> Draft:
    """The draft with further edits; raises InputFault where one cannot be.

    A key given as ``(removed)`` is the one that is there. Doing again what was done already is no mistake.
    """
    before = candidate(running, draft)
    finder = Finder(before)
    wanted = [
        edit for edit in edits if not (_is_removed(edit) and finder.values(edit.path, edit.leaf))
    ]
    again = set(draft.edits)
    done = apply(before, wanted, again.__contains__)
    return _normal(running, version, draft, done, edits)


def replaced(running: Authority, version: int, wanted: Authority) -> Draft:
    """The draft that makes the candidate what is wanted."""
    draft = _normal(running, version, Draft(), wanted, ())
    return Draft(tuple(replace(kept, unsaid=_is_router_gone(kept.edit)) for kept in draft.kept))


def clashes(running: Authority, draft: Draft, history: Sequence[Committed]) -> tuple[Clash, ...]:
    """Where the draft and commits after its edits were made meet; ``history`` is newest first."""
    latest = history[0].version if history else 0
    finder = Finder(running)
    lost = _lost(finder, draft, latest)
    found = [
        _clash(finder, Kept(Edit("set", path), kept.version, _THERE), history)
        for path, kept in lost.items()
        if not any(other in lost for other in around(path) if other != path)
    ]
    for kept in draft.kept:
        if kept.version == latest or (now := _fingerprint(finder, kept.edit)) == kept.found:
            continue
        if _is_lost(kept.edit, kept.found, now, finder):
            found.append(_clash(finder, kept, history))
    return tuple(found)


def to_json(draft: Draft) -> list[Json]:
    """The draft as JSON values, keys in the clear."""
    return [
        {
            "version": kept.version,
            "found": kept.found,
            "unsaid": kept.unsaid,
            "verb": kept.edit.verb,
            "path": kept.edit.path,
            "leaf": kept.edit.leaf,
            **_value_to_json(kept.edit.value),
        }
        for kept in draft.kept
    ]


def from_json(items: Iterable[Mapping[str, Json]]) -> Draft:
    """The draft that ``to_json`` gave."""
    return Draft(
        tuple(
            Kept(
                Edit(
                    item["verb"],
                    tuple(item["path"]),
                    item["leaf"],
                    Secret(item["key"]) if "key" in item else item.get("value"),
                ),
                item["version"],
                item["found"],
                item["unsaid"],
            )
            for item in items
        )
    )


def _value_to_json(value: Value) -> dict[str, Json]:
    if isinstance(value, Secret):
        return {"key": None if value.removed else value.reveal()}
    return {} if value is None else {"value": value}


def _normal(
    running: Authority, version: int, draft: Draft, done: Authority, edits: Sequence[Edit]
) -> Draft:
    """The draft that leads to what is ``done``; what the ``edits`` did not touch keeps what it found."""
    touched = {_spot(edit) for edit in edits}
    gone = {(edit.path, edit.leaf) for edit in edits if edit.verb == "delete" and not edit.value}
    before = {_spot(kept.edit): kept for kept in draft.kept}
    finder = Finder(running)
    lost = _lost(finder, draft, version)
    unseen = {
        kept.edit.path: kept
        for kept in draft.kept
        if kept.edit.verb == "delete" and not kept.edit.leaf and kept.version != version
        if kept.found != _fingerprint(finder, kept.edit)
    }

    def kept(edit: Edit) -> Kept:
        if (edit.verb, edit.leaf) == ("set", "") and edit.path in lost:
            is_wanted = any(each.path[: len(edit.path)] == edit.path for each in edits)
            found = (version, _ABSENT) if is_wanted else (lost[edit.path].version, _THERE)
            return Kept(edit, *found)
        spot = _spot(edit)
        was = before.get(spot)
        path = edit.path
        if (
            was is None and unseen
        ):  # a part of what was to be deleted whole, and that another changed
            was = next((unseen[each] for each in around(path) if each in unseen), None)
        anew = spot in touched or (path, edit.leaf) in gone
        if was is None or anew or any((path[:end], "") in gone for end in range(len(path) + 1)):
            return Kept(edit, version, _fingerprint(finder, edit))
        if (
            was.found == _ABSENT
            and edit.leaf
            and (now := finder.values(path, edit.leaf)) is not None
        ):
            # What it is a field of has come to be meanwhile, and is relied on from now on.
            if now and not _is_of_several(edit):
                return replace(was, edit=edit, found=_THERE)
            return Kept(edit, version, _fingerprint(finder, edit))
        return replace(was, edit=edit)

    return Draft(tuple(kept(edit) for edit in edits_of(running, done)))


def _spot(edit: Edit) -> _Spot:
    value = edit.value if _is_of_several(edit) and isinstance(edit.value, str) else None
    return edit.verb == "move", edit.path, edit.leaf, value


def _is_of_several(edit: Edit) -> bool:
    return bool(edit.leaf) and leaf_of(kind_at(edit.path), edit.leaf, edit.path).many


def _is_router_gone(edit: Edit) -> bool:
    return edit.verb == "delete" and edit.path[1:2] == ("router",) and len(edit.path) == 3


def _is_removed(edit: Edit) -> bool:
    return edit.verb == "set" and isinstance(edit.value, Secret) and edit.value.removed


def _fingerprint(finder: Finder, edit: Edit) -> str:
    """What stands at the place of an edit, as far as it matters to the edit."""
    if not edit.leaf:
        element = finder.element(edit.path)
        if element is None or edit.verb != "delete":
            return _ABSENT if element is None else _THERE
        return _digest(encode(element, secrets=True))
    values = finder.values(edit.path, edit.leaf)
    if values is None:
        return _ABSENT
    if _is_of_several(edit):
        return "has" if edit.value in values else "lacks"
    return _digest([_value_to_json(value) for value in values])


def _digest(content: Json) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _is_lost(edit: Edit, found: str, now: str, finder: Finder) -> bool:
    """Whether making the edit where other than it ``found`` stands ``now`` undoes what somebody did."""
    if not edit.leaf:
        return edit.verb == "delete" and now != _ABSENT  # what was added to or moved is still there
    if _is_of_several(edit):
        return edit.verb == "set" and now == _ABSENT
    values = finder.values(edit.path, edit.leaf) or ()
    if edit.verb == "delete":
        return bool(values)
    return values != (edit.value,) and not (found == _ABSENT and not values)


def _lost(finder: Finder, draft: Draft, version: int) -> dict[Path, Kept]:
    """The elements gone by ``version`` that would come back around what the draft adds, each with such an edit."""
    added = [kept for kept in draft.kept if kept.edit.verb == "set" and not kept.edit.leaf]
    made = {kept.edit.path for kept in added if kept.found == _ABSENT}
    lost: dict[Path, Kept] = {}
    for kept in (kept for kept in added if kept.version != version):
        for path in around(kept.edit.path):
            if path not in made:
                if finder.element(path) is None:
                    lost.setdefault(path, kept)
                else:
                    made.add(path)
    return lost


def _clash(finder: Finder, kept: Kept, history: Sequence[Committed]) -> Clash:
    edit = kept.edit
    if edit.leaf:
        values = finder.values(edit.path, edit.leaf) or ()
        theirs = ", ".join(str(shown_value(value)) for value in values) or None
    else:
        theirs = None if finder.element(edit.path) is None else "changed"
    mine = None if edit.verb == "delete" else shown_value(edit.value) if edit.leaf else "changed"
    since = [commit for commit in history if commit.version > kept.version]
    router = edit.path[2] if edit.path[1:2] == ("router",) else ""
    by = next((commit for commit in since if router in commit.routers), since[0])
    return Clash(edit.path, edit.leaf, mine, theirs, by.user, by.version)
