"""``ipsec-client hook HOOK --kni-interface=NAME ...``: the network scripts of a Session Smart Router, by hand.

The scripts themselves start ``ipsec-client-hook``, which does the same and imports nothing of ours.
"""

from __future__ import annotations

import argparse

from ipsec_client import hook


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "hook", choices=hook.HOOKS, help="what has happened to the KNI, or is asked"
    )
    for argument in hook.ARGUMENTS:
        parser.add_argument(argument.rstrip("="), metavar="VALUE", help="as the router gives it")


def main(args: argparse.Namespace) -> int:
    """Asks the agent, and prints what the router is to read."""
    given = vars(args)
    words = (
        f"{argument}{given[name]}"
        for argument in hook.ARGUMENTS
        if given[name := argument.strip("-=").replace("-", "_")] is not None
    )
    return hook.main([args.hook, *words])
