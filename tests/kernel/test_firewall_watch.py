"""Our firewall is taken away or changed by another hand: it is told at once, and what is not ours is not."""

from __future__ import annotations

import asyncio

from ipsec_client.kernel import firewall
from ipsec_client.kernel.firewall import FirewallWatch
from ipsec_client.plan.objects import Firewall, Namespace

from .support import needs_root, put
from .test_apply import INNER_TABLE

pytestmark = needs_root


def nft(netns: str, command: str) -> None:
    done = firewall._nft(netns, command)
    assert done.status == 0, done.err


def test_a_change_of_our_table_is_told_once_and_others_never(client: str) -> None:
    put(Namespace(client), Firewall(client, INNER_TABLE))

    async def run() -> None:
        told: asyncio.Queue[None] = asyncio.Queue()
        watch = FirewallWatch(client, lambda: told.put_nowait(None))
        nft(client, "add table ip others\nadd chain ip others a")
        nft(client, "delete table ip others")
        nft(client, "add rule inet ipsec_client segments accept")
        await asyncio.wait_for(told.get(), 10)
        nft(client, "delete table inet ipsec_client")
        await asyncio.sleep(0)
        assert told.empty()
        assert watch._calm is not None
        watch._calm.cancel()
        watch._calmed()
        nft(client, "add table inet ipsec_client")
        await asyncio.wait_for(told.get(), 10)
        assert told.empty()
        watch.close()

    asyncio.run(run())
