"""What the lab asks of a gateway, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

IF_ID = 1
"""Ties a gateway's tunnel device to its SAs; one tunnel a gateway, so one number does."""
MTU = 1400
"""Of a gateway's tunnel device: 1500 less the most that ESP in UDP adds."""

KERNEL = (
    ("ipv4/ip_forward", 1),
    ("ipv6/conf/all/forwarding", 1),
    ("ipv4/conf/all/rp_filter", 0),
    ("ipv4/conf/default/rp_filter", 0),
)
"""What any machine needs that passes packets on."""


class Gateway(Protocol):
    """One gateway's IKE daemon."""

    software: str
    version: str

    def start(self) -> None:
        """Start it and return when it answers to IKE."""

    def drop(self) -> None:
        """Tell the client that its SAs are deleted, and do nothing to get new ones."""

    def stop(self) -> None:
        """End it."""
