"""``ipsec-client import FILE...``: the configuration that ipsec.conf or swanctl.conf stands for, as PCLI text.

What could not be carried over is told on standard error, a line each.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from ipsec_client.app.findings import STANDARD_INPUT, read_input
from ipsec_client.base.errors import InputFault
from ipsec_client.base.files import read_text
from ipsec_client.config.adopt import settle
from ipsec_client.config.printer import write
from ipsec_client.dialect.foreign import ipsecconf, keys, swanctl
from ipsec_client.dialect.foreign.assemble import Names, assemble
from ipsec_client.dialect.foreign.tunnel import Foreign, Key, Lost, Tunnel
from ipsec_client.model import values as v
from ipsec_client.model.elements import Config

SWANCTL = "swanctl"

_DEFAULTS = {"router": "router1", "node": "node1", "client": "client1", "tenant": "ipsec"}
_NAMES = {"router": v.NAME, "node": v.NAME, "client": v.DEVICE_NAME, "tenant": v.TENANT}


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="ipsec.conf or swanctl.conf; - is standard input"
    )
    parser.add_argument(
        "--secrets",
        action="append",
        default=[],
        metavar="FILE",
        help="ipsec.secrets; may be repeated",
    )
    parser.add_argument(
        "--from",
        dest="flavour",
        choices=(ipsecconf.LIBRESWAN, ipsecconf.STRONGSWAN, SWANCTL),
        help="whose format it is; told by the file itself if not given",
    )
    for name, default in _DEFAULTS.items():
        told = f"what it is called; {default} if not given"
        parser.add_argument(f"--{name}", default=default, metavar=name[0].upper(), help=told)
    parser.add_argument("--with-secrets", action="store_true", help="print keys in the clear")


def main(args: argparse.Namespace) -> int:
    """Prints the configuration. Raises InputFault where there is nothing to print."""
    names = _names(args)
    tunnels: list[Tunnel] = []
    known: list[Key] = []
    lost: list[Lost] = []
    for file in args.files:
        found = _read(file, args.flavour)
        tunnels += found.tunnels
        known += found.keys
        lost += sorted(found.lost, key=lambda each: each.line)
    for file in args.secrets:
        more, unread = keys.read(read_text(Path(file)), file)
        known += more
        lost += unread
    keys.give(tunnels, known)
    authority, other = assemble(tunnels, names)
    # A part that several connections take in is told once.
    sys.stderr.writelines(f"{each}\n" for each in dict.fromkeys((*lost, *other)))
    authority, out = settle(authority)
    sys.stderr.writelines(f"{line}\n" for line in out)
    sys.stdout.write(write(Config(authority=authority), secrets=args.with_secrets))
    return 0


def _names(args: argparse.Namespace) -> Names:
    given = {field.name: getattr(args, field.name) for field in fields(Names)}
    for name, value in given.items():
        try:
            _NAMES[name].read(value)
        except ValueError as error:
            raise InputFault(f"--{name} {error}") from None
    return Names(**given)


def _read(file: str, flavour: str | None) -> Foreign:
    text = read_input(file)
    shown = "<stdin>" if file == STANDARD_INPUT else file
    if flavour == SWANCTL or (flavour is None and swanctl.is_swanctl(text)):
        return swanctl.read(text, shown)
    return ipsecconf.read(text, shown, flavour)
