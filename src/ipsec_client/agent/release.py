"""Which Libreswan this node has: known at once from the ledger, looked at behind it, and again when it changes."""

from __future__ import annotations

import asyncio

from ipsec_client.agent.ledger import Ledger
from ipsec_client.base.errors import HostFault
from ipsec_client.dialect import series
from ipsec_client.pluto import version

KEY = "libreswan"


class Release:
    """The release as the ledger has it, until it is found to be another."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._mark: version.Mark | None = None

    @property
    def version(self) -> str:
        """As ``4.10``; empty where none is installed."""
        known: str = self._ledger.get(KEY) or ""
        return known

    @property
    def series(self) -> int:
        """Its series; where none is installed that of Debian 12's, which doctor tells to install."""
        return series.of(self.version)

    async def learn(self) -> bool:
        """Looks at what is installed, if that is another than last time; whether it is another release."""
        mark = version.mark()
        if mark == self._mark:
            return False
        try:
            found = await asyncio.to_thread(version.version)
        except (HostFault, OSError):
            found = None
        if mark and found is None:  # its libraries are just being replaced, say: it is asked again
            return False
        self._mark, before = mark, self.version
        self._ledger.put(KEY, found or "")
        return self.version != before
