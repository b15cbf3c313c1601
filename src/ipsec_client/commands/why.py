"""``why``: what health decided for the tunnels, and on what evidence; the newest last, where the eye is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.errors import InputFault
from ipsec_client.base.table import printable, table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import NODE, ROUTER, Argument, Arguments
from ipsec_client.commands.layout import columns, instant, span
from ipsec_client.commands.view import DecisionView, DiagnosisView, NodeView, TunnelView

ROWS = 30
"""How many of the latest decisions are shown unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """How one node's tunnels are judged, and the latest decisions, oldest first."""

    tunnels: tuple[TunnelView, ...]
    decisions: tuple[DecisionView, ...]


def answer(view: NodeView, arguments: Arguments) -> Reasons:
    """Of one remote, or of all; raises InputFault for one that is not there."""
    remote = arguments.get("remote")
    tunnels = tuple(tunnel for tunnel in view.tunnels if remote in (None, tunnel.remote))
    if remote is not None and not tunnels:
        names = ", ".join(tunnel.remote for tunnel in view.tunnels) or "none"
        raise InputFault(f"{view.node} has no remote {remote}", cure=f"Its remotes: {names}")
    decisions = tuple(
        decision for decision in view.decisions if remote is None or decision.remote in (remote, "")
    )
    return Reasons(tunnels, decisions[-ROWS:])


def layout(answers: Sequence[Answer[Reasons]], arguments: Arguments, screen: Screen) -> str:
    """The present judgement of each remote, then the decisions."""
    return "\n".join(_node(answer, screen) for answer in answers) + "\n"


def _node(answer: Answer[Reasons], screen: Screen) -> str:
    judged = [
        (tunnel.remote, tunnel.verdict, span(tunnel.age), tunnel.carrying, tunnel.reason)
        for tunnel in answer.result.tunnels
    ]
    decided = [
        (instant(decision.time), decision.remote or "--", decision.what, decision.why)
        for decision in answer.result.decisions
    ]
    now = table(("Remote", "Verdict", "For", "KNI", "Reason"), judged, width=screen.width)
    found = "".join(
        f"\n{_diagnosis(tunnel.remote, tunnel.diagnosis, screen)}"
        for tunnel in answer.result.tunnels
        if tunnel.diagnosis
    )
    then = table(("Time", "Remote", "Decision", "Because"), decided, width=screen.width)
    return f"Target: {answer.place}\n\n{now}{found}\n{then}"


def _diagnosis(remote: str, found: DiagnosisView, screen: Screen) -> str:
    """What is in the way of a tunnel, who says so, where to look, and what becomes of it by itself."""
    look = [f"{path}: {value}" for path, value in found.look]
    rows = [("Told", told(found)), *zip(("Look at", *[""] * len(look)), look, strict=False)]
    if found.offered:
        rows.append(("We offer", found.offered))
    rows += [("Repair", repair(found)), ("Cure", found.cure)]
    probably = "probably " if found.probable else ""
    shown = [(name, printable(text)) for name, text in rows]
    return columns(f"{remote}: {probably}{found.plain}", shown, screen.width)


def told(found: DiagnosisView) -> str:
    """What was said, and how much that is worth."""
    worth = "unsigned: anyone on the way could have caused it" if found.probable else ""
    return ", ".join(filter(None, (found.said, worth))) or "nothing"


def repair(found: DiagnosisView) -> str:
    """Whether negotiating again can help, and whether it is done."""
    if found.refused:
        return "none; it is given to Libreswan again every 10 s"
    if found.waits:
        return "waits for a change; pluto alone tries again, at most 5 minutes apart"
    if found.restart:
        return "goes on; a restart may help once the cause is gone"
    return "goes on, since this is not certain; if it is so, a restart cannot help"


COMMAND = NodeQuery(
    words=("why",),
    help="What health decided for the tunnels, and on what evidence",
    arguments=(Argument("remote", "The remote", known="remote"), ROUTER, NODE),
    result=Reasons,
    answer=answer,
    layout=layout,
)
