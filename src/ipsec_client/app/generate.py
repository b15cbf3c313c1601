"""``ipsec-client generate FILE``: the configuration with its generated parts, as PCLI text."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from ipsec_client.app.findings import load
from ipsec_client.config.documents import find_router
from ipsec_client.config.generated import generate, only_generated
from ipsec_client.config.printer import write
from ipsec_client.model.elements import Config


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("file", metavar="FILE", help="configuration; - is standard input")
    parser.add_argument("--router", metavar="R", help="only this router")
    parser.add_argument(
        "--only-generated", action="store_true", help="nothing but the generated parts"
    )
    parser.add_argument("--with-secrets", action="store_true", help="print keys in the clear")


def main(args: argparse.Namespace) -> int:
    """Prints the configuration, or nothing if it has errors."""
    authority = load(args.file)
    if authority is None:
        return 1
    if args.router is not None:
        authority = replace(authority, router=(find_router(authority, args.router),))
    authority = generate(authority)
    if args.only_generated:
        authority = only_generated(authority)
    sys.stdout.write(write(Config(authority=authority), secrets=args.with_secrets))
    return 0
