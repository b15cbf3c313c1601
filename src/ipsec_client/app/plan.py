"""``ipsec-client plan``: what a commit would do on a node, one line per object, before it does it."""

from __future__ import annotations

import argparse
import json
import sys

from ipsec_client.app.findings import load
from ipsec_client.config.documents import document, find_node, find_router
from ipsec_client.config.generated import generate
from ipsec_client.model.elements import Authority
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.plan.diff import Step, diff


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("file", metavar="FILE", help="configuration to go to; - is standard input")
    parser.add_argument(
        "--router", metavar="R", help="the router; need not be named if it is alone"
    )
    parser.add_argument("--node", metavar="N", help="the node; need not be named if it is alone")
    parser.add_argument(
        "--against", metavar="RUNNING", help="configuration in force; none if not given"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def main(args: argparse.Namespace) -> int:
    """Prints the steps, or nothing if a configuration has errors."""
    authority = load(args.file)
    running = load(args.against) if args.against else None
    if authority is None or (args.against and running is None):
        return 1
    router = find_router(authority, args.router)
    node = find_node(router, args.node)
    before = _plan(generate(running), router.name, node.name) if running else None
    tables = before.tables if before else {}
    after = _plan(generate(authority, running), router.name, node.name, Facts(tables=tables))
    steps = diff(before.objects if before else (), after.objects)
    if args.json:
        print(json.dumps([_row(step) for step in steps], indent=2))
    else:
        sys.stdout.writelines(f"{step.line()}\n" for step in steps)
    return 0


def _plan(authority: Authority, router: str, node: str, facts: Facts | None = None) -> Plan:
    return build(document(authority, router, node), facts or Facts(), {})


def _row(step: Step) -> dict[str, str]:
    return {
        "verb": step.verb,
        "kind": step.object.kind,
        "name": step.object.name,
        "why": step.why,
    }
