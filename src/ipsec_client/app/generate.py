"""``ipsec-client generate FILE``: the configuration with its generated parts, as PCLI text or JSON."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace

from ipsec_client.app.findings import load
from ipsec_client.config.documents import find_router
from ipsec_client.config.generated import generate, only_generated
from ipsec_client.config.printer import write
from ipsec_client.config.schema.form import to_json
from ipsec_client.model.elements import Config


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("file", metavar="FILE", help="configuration; - is standard input")
    parser.add_argument("--router", metavar="R", help="only this router")
    parser.add_argument(
        "--only-generated", action="store_true", help="nothing but the generated parts"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--with-secrets", action="store_true", help="print keys in the clear")
    form.add_argument("--json", action="store_true", help="as JSON, which never holds keys")


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
    config = Config(authority=authority)
    if args.json:
        sys.stdout.write(json.dumps(to_json(config), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(write(config, secrets=args.with_secrets))
    return 0
