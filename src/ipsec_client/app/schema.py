"""``ipsec-client schema --json | --yang``: what a configuration may hold, for other programs."""

from __future__ import annotations

import argparse
import json
import sys

from ipsec_client.config.schema.json_schema import schema
from ipsec_client.config.schema.yang import module


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--json", action="store_true", help="as JSON Schema, draft 2020-12")
    asked.add_argument("--yang", action="store_true", help="as a YANG 1.1 module")


def main(args: argparse.Namespace) -> int:
    """Prints the schema."""
    sys.stdout.write(module() if args.yang else json.dumps(schema(), indent=2) + "\n")
    return 0
