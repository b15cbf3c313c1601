"""The pairs of subnets that a tunnel carries, ours and theirs: each has child SAs of its own."""

from __future__ import annotations

from ipaddress import IPv4Network

from ipsec_client.model.values import Network

Pairs = tuple[tuple[Network, Network], ...]
ANY_TO_ANY: Pairs = ((IPv4Network("0.0.0.0/0"), IPv4Network("0.0.0.0/0")),)
"""The one pair of a remote that names none."""


def covers(others: Pairs, pairs: Pairs) -> bool:
    """Whether all of ``pairs`` lies within the others."""
    return all(
        any(_within(ours, own) and _within(theirs, far) for own, far in others)
        for ours, theirs in pairs
    )


def _within(inner: Network, outer: Network) -> bool:
    return inner.prefixlen >= outer.prefixlen and inner.network_address in outer
