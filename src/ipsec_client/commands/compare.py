"""``compare config``: what differs between configurations; ``compare impact``: what a commit does to the tunnels."""

from __future__ import annotations

from collections.abc import Iterable

from ipsec_client.base.errors import Fault
from ipsec_client.base.secret import REMOVED
from ipsec_client.commands import problems
from ipsec_client.commands.command import AuthorityCommand
from ipsec_client.commands.exports import opened
from ipsec_client.commands.grammar import Argument, Arguments
from ipsec_client.commands.port import ConfigPort, Refused
from ipsec_client.commands.session import Talk
from ipsec_client.config import compare
from ipsec_client.config.edit import Change, difference
from ipsec_client.config.grammar import quoted
from ipsec_client.model.elements import Authority
from ipsec_client.plan.impact import Impact, layout

_MARKS = {"added": "+", "removed": "-", "changed": "~"}
_DATASTORES = {None, "running", "candidate"}
"""What holds its keys: whether a key differs from one that an export was written without cannot be told."""

_BRIEF = 20
"""More tunnels than these are counted, not listed, before a commit."""


def changes_told(changes: Iterable[Change]) -> str:
    """Changes as text; a line says so where there are none."""
    return compare.layout(changes)


def changes_flat(changes: Iterable[Change]) -> str:
    """Changes as text, each line complete; an element's line stands for itself alone."""
    lines = []
    for change in changes:
        words = ("config", *change.path, *filter(None, (change.leaf,)))
        if not change.leaf:
            lines.append((_MARKS[change.verb], words, change.after))
        else:
            lines += [
                (mark, words, value)
                for mark, value in (("-", change.before), ("+", change.after))
                if value is not None
            ]
    return "".join(
        " ".join((mark, *words, *([] if value is None else [quoted(value)]))) + "\n"
        for mark, words, value in lines
    )


def impact_told(impact: Impact, talk: Talk, *, brief: bool = False) -> str:
    """What becomes of each tunnel; ``brief`` leaves out the untouched, and lists none where they are many."""
    if not brief:
        return layout(impact, talk.width)
    rows = tuple(row for row in impact.rows if row.verb != "untouched")
    counts = ", ".join(f"{number} {verb}" for verb, number in impact.counts().items() if number)
    listed = layout(Impact(rows), talk.width).rpartition("\n")[0] if 0 < len(rows) <= _BRIEF else ""
    table = listed.rpartition("\n")[0]
    return "".join(
        f"{part}\n" for part in (table, f"Tunnels: {counts or 'none is concerned'}") if part
    )


async def _config(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    old = await _named(arguments.get("old") or "running", port, talk)
    new = await _named(arguments.get("new") or "candidate", port, talk)
    changes = difference(old, new)
    if not {arguments.get("old"), arguments.get("new")} <= _DATASTORES:
        changes = tuple(item for item in changes if not item.before == item.after == REMOVED)
    await talk.say(changes_told(changes))


async def _named(name: str, port: ConfigPort, talk: Talk) -> Authority:
    if name == "running":
        return port.running() or Authority()
    if name == "candidate":
        return port.candidate(talk.terminal.user)
    return await opened(name, port, talk)


async def _impact(port: ConfigPort, _: Arguments, talk: Talk) -> None:
    try:
        impact = await port.impact(talk.terminal.user)
    except Refused as fault:
        told = problems.errors(fault.findings, talk.width)
        raise Fault(f"Candidate configuration is invalid:\n{told}".rstrip()) from None
    await talk.say(impact_told(impact, talk))


_KNOWN = "running, candidate, or the name of an exported one"
CONFIG = AuthorityCommand(
    words=("compare", "config"),
    help="What differs: from the running configuration to the candidate, unless others are named",
    arguments=(
        Argument("old", f"From: {_KNOWN}", kind="place", known="datastore"),
        Argument("new", f"To: {_KNOWN}", kind="place", known="datastore"),
    ),
    dated=False,
    act=_config,
)
IMPACT = AuthorityCommand(
    words=("compare", "impact"),
    spellings=(("plan",),),
    help="What a commit of the candidate would do to each tunnel",
    dated=False,
    act=_impact,
)
