"""What one monitor destination asks, and from when on its answers are not enough: fields that do not go together."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.model.definition import Path, value_of
from ipsec_client.model.elements import MonitorDestination
from ipsec_client.model.monitors import PORTS
from ipsec_client.model.values import is_address

DEFAULT_TIMEOUT = 800
"""Milliseconds that a test takes while ``timeout`` is unset (health.types.Target)."""

_OF = {
    "path": ("path", "http"),
    "host_header": ("host-header", "http"),
    "expected_status": ("expected-status", "http"),
    "query": ("query", "dns"),
    "query_type": ("query-type", "dns"),
}
"""Fields that one protocol alone knows, by attribute: their names, and the protocol."""


def probes(destination: MonitorDestination, path: Path) -> Iterator[Finding]:
    """What is wrong with one destination by itself."""
    protocol = value_of(destination, "protocol")
    for attribute, (name, only) in _OF.items():
        if protocol != only and getattr(destination, attribute) is not None:
            said = f"means nothing to {protocol}"
            yield error((*path, name), said, f"Set protocol to {only}, or remove it")
    if protocol == "icmp" and destination.port is not None:
        yield error(
            (*path, "port"),
            "means nothing to icmp, which has no ports",
            "Set protocol, or remove it",
        )
    if protocol == "tcp" and destination.port is None:
        yield error((*path, "port"), "is not set, and tcp has no usual one", "Write the service's")
    yield from _questions(destination, protocol, path)
    yield from _limits(destination, path)


def _questions(destination: MonitorDestination, protocol: str, path: Path) -> Iterator[Finding]:
    if protocol == "dns" and destination.query is None:
        said = "is not set, so there is nothing to ask the name server for"
        yield error((*path, "query"), said, "Write a name that it knows")
    elif destination.query is not None and is_address(destination.query):
        said = "is an address, and name servers are asked for names"
        yield error((*path, "query"), said, "Write a name that it knows")
    first, _, last = (destination.expected_status or "").partition("-")
    if last and last < first:
        said = f"{destination.expected_status} holds no status"
        yield error((*path, "expected-status"), said, f"Write {last}-{first}")
    if destination.probed != destination.address and is_address(destination.address):
        said = f"is an address, though {destination.host} is what is probed"
        yield warning(path, said, "Name this destination by a word, such as web")


def _limits(destination: MonitorDestination, path: Path) -> Iterator[Finding]:
    if destination.latency_limit is None:
        return
    limit = destination.latency_limit.milliseconds("ms")
    timeout = destination.timeout
    longest = DEFAULT_TIMEOUT if timeout is None else timeout.milliseconds("s")
    if limit == 0:
        said = "is 0, so that every answer would be too late"
        yield error((*path, "latency-limit"), said, "Write one, such as 150ms")
    elif limit >= longest:
        said = f"can never be passed: no answer is awaited longer than the timeout of {longest}ms"
        yield error((*path, "latency-limit"), said, "Lower it, or raise timeout")


def alike(destinations: tuple[MonitorDestination, ...], path: Path) -> Iterator[Finding]:
    """Destinations that ask the same question of the same host."""
    met: dict[object, str] = {}
    for item in destinations:
        protocol = value_of(item, "protocol")
        port = item.port or PORTS.get(protocol)
        asked = (
            item.probed,
            protocol,
            port,
            item.path,
            item.host_header,
            item.query,
            item.query_type,
        )
        other = met.setdefault(asked, item.address)
        if other != item.address:
            said = f"asks what destination {other} asks, so one of them tells nothing"
            yield error((*path, "destination", item.address), said, "Remove one")
