"""``ipsec-client provider [NAME]``: the known providers, or one's profile as PCLI text with its limits and sources."""

from __future__ import annotations

import argparse
import sys

from ipsec_client.base.errors import InputFault
from ipsec_client.config.providers import PROVIDERS
from ipsec_client.config.providers.template import text
from ipsec_client.model import values as v
from ipsec_client.model.values import AnyType


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="one of them; without it all are listed"
    )
    parser.add_argument(
        "--router", metavar="R", default="router1", help="the router; router1 if not given"
    )
    parser.add_argument("--profile", metavar="P", help="the profile's name; NAME if not given")
    parser.add_argument(
        "--local-id", metavar="ID", help="the site's identity; an example if not given"
    )


def main(args: argparse.Namespace) -> int:
    """Prints the list or the text. Raises InputFault for a name that is not known or cannot be one."""
    if args.name is None:
        width = max(map(len, PROVIDERS))
        sys.stdout.writelines(f"{name:<{width}}  {of.title}\n" for name, of in PROVIDERS.items())
        return 0
    provider = PROVIDERS.get(args.name)
    if provider is None:
        raise InputFault(
            f"no provider {args.name} is known", cure=f"Known are {', '.join(PROVIDERS)}"
        )
    profile = args.profile or provider.name
    _require(v.NAME, "--router", args.router)
    _require(v.NAME, "--profile", profile)
    if args.local_id is not None:
        _require(v.IDENTITY, "--local-id", args.local_id)
    sys.stdout.write(text(provider, args.router, profile, args.local_id))
    return 0


def _require(kind: AnyType, option: str, value: str) -> None:
    try:
        kind.read(value)
    except ValueError as error:
        raise InputFault(f"{option} {error}") from None
