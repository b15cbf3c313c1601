"""``ipsec-client apply FILE``: this node's agent gets its document, from a file of ``document`` or ``pillar``.

For nodes that no conductor of ours speaks to.
"""

from __future__ import annotations

import argparse
import asyncio
import json

from ipsec_client.app.asking import ask_agent
from ipsec_client.app.findings import read_input
from ipsec_client.base.errors import InputFault
from ipsec_client.wire import document as wire

SILENCE = 60.0
"""Seconds that the agent may take to make the node so."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "file", metavar="FILE", help="the document with its keys; - is standard input"
    )
    parser.add_argument("--node", metavar="N", help="the node; need not be named if it is alone")


def main(args: argparse.Namespace) -> int:
    """Returns when the document is in force; one that is so already changes nothing."""
    try:
        data = json.loads(read_input(args.file))
    except ValueError as error:
        raise InputFault(f"{args.file} holds no node document: {error}") from None
    made = wire.from_json(_of_node(data, args.node))
    body = {"document": wire.to_json(made, secrets=True)}
    asyncio.run(ask_agent("apply", silence=SILENCE, body=body))
    return 0


def _of_node(data: object, name: str | None) -> object:
    """The document itself, or that of one node in a pillar."""
    pillar = data.get("ipsec-client") if isinstance(data, dict) else None
    if not isinstance(pillar, dict):
        return data
    if name is None and len(pillar) == 1:
        return next(iter(pillar.values()))
    if name not in pillar:
        raise InputFault(
            f"there is no document for node {name or '(unnamed)'}",
            cure=f"Name one with --node: {', '.join(sorted(pillar))}",
        )
    return pillar[name]
