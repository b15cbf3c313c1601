"""``show stats ipsec-client``: what is counted of each remote's tunnel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Argument, Arguments, known
from ipsec_client.commands.particulars import MetricView
from ipsec_client.commands.view import NodeView

HEADER = ("Metric", "Node", "Remote", "Value")


@dataclass(frozen=True, slots=True)
class Statistics:
    """What one node counts of the remotes that were asked for."""

    metrics: tuple[MetricView, ...]


def answer(view: NodeView, arguments: Arguments) -> Statistics:
    """Of all remotes, or of one; raises InputFault for one that is not there."""
    remote = arguments.get("remote")
    known((tunnel.remote for tunnel in view.tunnels), remote, "remote", view.node)
    return Statistics(
        tuple(metric for metric in view.statistics if remote in (None, metric.remote))
    )


def layout(answers: Sequence[Answer[Statistics]], _: Arguments, screen: Screen) -> str:
    """A row for each number, a metric's remotes one below the other."""
    metrics = dict.fromkeys(item.metric for answer in answers for item in answer.result.metrics)
    rows = [
        (metric, screen.name(answer.place), item.remote or "--", item.value)
        for metric in metrics
        for answer in answers
        for item in answer.result.metrics
        if item.metric == metric
    ]
    return f"\n{table(HEADER, rows, width=screen.width)}\n"


COMMAND = NodeQuery(
    words=("show", "stats", "ipsec-client"),
    help="What is counted of each remote: traffic, SAs, flaps, restarts, probes, time in each verdict",
    arguments=(Argument("remote", "The remote", known="remote"), FORCE, ROUTER, NODE),
    part="statistics",
    result=Statistics,
    answer=answer,
    layout=layout,
)
