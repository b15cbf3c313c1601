"""``doctor``: what the node's machine lacks, and what of others is in the way, each with its cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Arguments
from ipsec_client.commands.particulars import FindingView
from ipsec_client.commands.view import NodeView

HEADER = ("Node", "What", "Good", "Found")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was looked at on one node."""

    findings: tuple[FindingView, ...]


def answer(view: NodeView, _: Arguments) -> Findings:
    """All of it, what is wrong first."""
    return Findings(tuple(sorted(view.findings, key=lambda finding: finding.good)))


def layout(answers: Sequence[Answer[Findings]], _: Arguments, screen: Screen) -> str:
    """A row for each thing looked at, what is wrong with its cure."""
    rows = [
        (
            screen.name(answer.place),
            finding.name,
            "yes" if finding.good else "no",
            f"{finding.found}. {finding.cure}"
            if finding.cure and not finding.good
            else finding.found,
        )
        for answer in answers
        for finding in answer.result.findings
    ]
    wrong = sum(not item.good for answer in answers for item in answer.result.findings)
    return f"\n{table(HEADER, rows, width=screen.width)}\nTo cure: {wrong}\n"


COMMAND = NodeQuery(
    words=("doctor",),
    help="What the node's machine lacks, and what of others is in the way, each with its cure",
    arguments=(FORCE, ROUTER, NODE),
    part="findings",
    result=Findings,
    answer=answer,
    layout=layout,
)
