"""``ipsec-client document FILE``: the node document, as JSON."""

from __future__ import annotations

import argparse
import sys

from ipsec_client.app.findings import load
from ipsec_client.config.documents import document, find_node, find_router
from ipsec_client.config.generated import generate
from ipsec_client.wire.document import dump


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("file", metavar="FILE", help="configuration; - is standard input")
    parser.add_argument(
        "--router", metavar="R", help="the router; need not be named if it is alone"
    )
    parser.add_argument("--node", metavar="N", help="the node; need not be named if it is alone")
    parser.add_argument("--with-secrets", action="store_true", help="print keys in the clear")


def main(args: argparse.Namespace) -> int:
    """Prints the document, or nothing if the configuration has errors."""
    authority = load(args.file)
    if authority is None:
        return 1
    router = find_router(authority, args.router)
    node = find_node(router, args.node)
    made = document(generate(authority), router.name, node.name)
    sys.stdout.write(dump(made, secrets=args.with_secrets))
    return 0
