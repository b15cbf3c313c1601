"""``ipsec-client check FILE...``: all findings on standard output; silent when there is nothing to say."""

from __future__ import annotations

import argparse
import sys

from ipsec_client.app.findings import examine_file
from ipsec_client.base.errors import UsageFault


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="configuration; - is standard input"
    )
    parser.add_argument(
        "--libreswan", type=int, choices=(3, 4, 5), help="check against this series too"
    )


def main(args: argparse.Namespace) -> int:
    """Checks each file alone; the worst decides the exit status."""
    status = 0
    for name in args.files:
        try:
            refused = examine_file(name, sys.stdout, args.libreswan).refused
        except UsageFault as fault:
            print(f"ipsec-client check: {fault}", file=sys.stderr)
            status = fault.status
        else:
            status = max(status, int(refused))
    return status
