"""Vectors: labels of paths that a service-policy puts into an order."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.recovery import near
from ipsec_client.config.rules.scope import Domain, Place
from ipsec_client.model.definition import Path


def policies(domain: Domain) -> Iterator[Finding]:
    """The service-policies that services name."""
    known = {policy.name for policy in domain.authority.service_policy}
    for service in domain.authority.service:
        named = service.service_policy
        if named and named not in known:
            path: Path = (*domain.path, "service", service.name, "service-policy")
            cure = near(named, list(known)) or f"Add service-policy {named}"
            yield error(path, f"there is no service-policy {named}", cure)


def remotes(place: Place) -> Iterator[Finding]:
    """The vectors of a node's remotes."""
    known = place.site.domain.vectors
    for remote in place.remotes:
        if remote.vector_name and remote.vector_name not in known:
            said = "orders nothing: no service-policy has a vector of this name"
            cure = near(remote.vector_name, list(known)) or "Add it to a service-policy"
            yield warning((*place.remote_path(remote), "vector-name"), said, cure)
