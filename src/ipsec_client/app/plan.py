"""``ipsec-client plan``: what a commit would do on a node, one line per object, before it does it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import asdict

from ipsec_client.app.findings import load
from ipsec_client.config.documents import document, find_node, find_router
from ipsec_client.config.generated import generate
from ipsec_client.model.elements import Authority
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.plan.diff import Step, diff
from ipsec_client.plan.impact import impact, layout, stand_ins


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
    parser.add_argument(
        "--impact",
        action="store_true",
        help="a row per tunnel instead: what becomes of it, on all routers that differ unless one is named",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def main(args: argparse.Namespace) -> int:
    """Prints the steps, or what becomes of the tunnels; nothing if a configuration has errors."""
    authority = load(args.file)
    running = load(args.against) if args.against else None
    if authority is None or (args.against and running is None):
        return 1
    return (_print_impact if args.impact else _print_steps)(args, authority, running)


def _print_impact(args: argparse.Namespace, authority: Authority, running: Authority | None) -> int:
    routers = None if args.router is None else [find_router(authority, args.router).name]
    before = generate(running) if running else None
    found = impact(before, generate(authority, before), routers)
    if args.json:
        print(json.dumps([asdict(row) for row in found.rows], indent=2))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        sys.stdout.write(layout(found, width))
    return 0


def _print_steps(args: argparse.Namespace, authority: Authority, running: Authority | None) -> int:
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
    found = document(authority, router, node)
    return build(found, facts or Facts(), stand_ins(found.client) if found.client else {})


def _row(step: Step) -> dict[str, str]:
    return {
        "verb": step.verb,
        "kind": step.object.kind,
        "name": step.object.name,
        "why": step.why,
    }
