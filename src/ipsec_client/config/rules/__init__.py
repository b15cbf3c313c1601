"""What a configuration must be beyond its grammar. Each rule tells the path, what is wrong, and the cure."""

from __future__ import annotations

from ipsec_client.config.findings import Finding
from ipsec_client.config.rules.required import required
from ipsec_client.model.elements import Authority


def check(authority: Authority, series: int | None = None) -> list[Finding]:
    """All that is wrong with the authority. ``series`` is the Libreswan it is checked against, if one is named."""
    return list(required(authority, ("authority",)))
