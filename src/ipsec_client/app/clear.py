"""``ipsec-client clear``: takes away all that was made on this machine, for whoever removes the package.

What the node is to be stays on disk: the next start of the agent makes it so again.
"""

from __future__ import annotations

import argparse
import asyncio

from ipsec_client.agent.node import Agent
from ipsec_client.agent.shelf import Shelf, state_folder
from ipsec_client.base import files, sockets
from ipsec_client.base.errors import HostFault
from ipsec_client.units.here import units


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments: none."""
    del parser


def main(args: argparse.Namespace) -> int:
    """Clears; raises HostFault where the agent runs, or where something stays."""
    del args
    run = sockets.run_folder()
    run.mkdir(mode=0o755, parents=True, exist_ok=True)
    with files.lock(run / "agent.lock", "agent"):
        left = asyncio.run(Agent(Shelf(state_folder()), units).clear())
    if left:
        raise HostFault("; ".join(f"{name}: {why}" for name, why in left.items()))
    return 0
