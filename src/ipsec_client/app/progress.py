"""What ``ipsec-client run`` shows while tunnels come up: short lines on standard error."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ipsec_client.app.asking import ask_agent
from ipsec_client.base.errors import Fault

PACE = 0.25
"""Seconds between two looks at the agent's report."""


def tell(line: str) -> None:
    """Shows a line to whoever watches; a terminal that has gone is no reason to fail."""
    with suppress(OSError):
        print(f"ipsec-client: {line}", file=sys.stderr, flush=True)


async def show_first_verdicts() -> None:
    """Tells what becomes of each tunnel until all have had a verdict."""
    said: set[str] = set()
    while True:
        report = await _report()
        for line in lines(report):
            if line not in said:
                said.add(line)
                tell(line)
        if judged(report):
            tell("every tunnel has its first verdict; pcli shows the rest, Ctrl-C ends it all")
            return
        await asyncio.sleep(PACE)


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """What there is to say of a report, a line each."""
    for remote, tunnel in report.get("tunnels", {}).items():
        judgement = tunnel.get("verdict")
        yield f"{remote}: {judgement}, {tunnel.get('reason')}"
    for thing, failure in report.get("failures", {}).items():
        yield f"{thing}: {failure}"


def judged(report: Mapping[str, Any]) -> bool:
    """Whether a document is in force and none of its tunnels waits for a first verdict."""
    tunnels = report.get("tunnels", {}).values()
    return bool(report.get("document")) and all(
        tunnel.get("verdict") != "unknown" for tunnel in tunnels
    )


async def _report() -> Mapping[str, Any]:
    """The agent's report; empty while there is none to be had."""
    try:
        data = await ask_agent("report", silence=5.0)
    except Fault:
        return {}
    return data if isinstance(data, Mapping) else {}
