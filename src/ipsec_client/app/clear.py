"""``ipsec-client clear``: takes away all that was made on this machine, for whoever removes the package.

What the node is to be stays on disk: the next start of the agent makes it so again.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress

from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.shelf import Shelf, state_folder
from ipsec_client.agent.side_door import link_scripts, script_folder
from ipsec_client.agent.workshop import Workshop
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
        left = asyncio.run(_clear())
        link_scripts((), script_folder())
    if left:
        raise HostFault("; ".join(f"{name}: {why}" for name, why in left.items()))
    return 0


async def _clear() -> dict[str, str]:
    """Takes away all that bears our mark, plutos first; what stayed, and why."""
    shelf = Shelf(state_folder())
    ledger = Ledger(shelf)
    clients = list(ledger.get("namespaces") or [])
    for client in clients:
        with suppress(HostFault):  # without systemd and supervisor none runs
            await asyncio.to_thread(units().stop, client)
    workshop = Workshop(ledger)
    await workshop.kernel(clients, ())
    if not workshop.failures:
        ledger.put("namespaces", None)
    shelf.close()
    return dict(workshop.failures)
