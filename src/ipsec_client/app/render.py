"""``ipsec-client render FILE``: the Libreswan files a node would run, one below the other, without keys.

The whole of it is a configuration that Libreswan reads. A gateway's name stands where the node would put
the address that it finds for it.
"""

from __future__ import annotations

import argparse
import sys

from ipsec_client.app.findings import examine_file
from ipsec_client.config.documents import document, find_node, find_router
from ipsec_client.config.generated import generate
from ipsec_client.dialect.render import render
from ipsec_client.dialect.series import DEFAULT


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("file", metavar="FILE", help="configuration; - is standard input")
    parser.add_argument(
        "--router", metavar="R", help="the router; need not be named if it is alone"
    )
    parser.add_argument("--node", metavar="N", help="the node; need not be named if it is alone")
    parser.add_argument(
        "--libreswan",
        type=int,
        choices=(3, 4, 5),
        default=DEFAULT,
        help=f"series to write for; {DEFAULT} if not named",
    )


def main(args: argparse.Namespace) -> int:
    """Prints the files, or nothing if the configuration has errors or asks for what the series lacks."""
    chosen = args.libreswan
    examined = examine_file(args.file, sys.stderr, chosen)
    if examined.refused:
        return 1
    router = find_router(examined.authority, args.router)
    node = find_node(router, args.node)
    made = document(generate(examined.authority), router.name, node.name)
    hosts = {
        remote.host: remote.host
        for client in made.node.ipsec_client
        for remote in client.remote
        if remote.host
    }
    for file in render(made, hosts, chosen):
        sys.stdout.write(f"# file: {file.name}\n{file.text}")
    return 0
