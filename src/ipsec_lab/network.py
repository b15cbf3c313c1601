"""Makes the machines of a site and wires them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from ipsec_lab import topology
from ipsec_lab.document import Site
from ipsec_lab.gateways.base import KERNEL
from ipsec_lab.host import Host


def build(
    site: Site, makers: Mapping[str, Callable[[], Host]], stack: ExitStack
) -> dict[str, Host]:
    """The machines by name, wired; ``stack`` closes them. ``makers`` makes those that are not plain ones."""
    hosts: dict[str, Host] = {}
    for name in topology.hosts(site):
        host = makers[name]() if name in makers else Host.new(name)
        stack.callback(host.close)
        hosts[name] = host
    passing_on = [topology.PROVIDER, *(remote.name for remote in site.remotes)]
    for name in passing_on:
        hosts[name].sysctl(KERNEL)
    for name, lines in topology.wiring(
        site, {name: host.path for name, host in hosts.items()}
    ).items():
        hosts[name].ip(*lines)
    # The gateways may lie in the network that the router believes to be on its own link.
    proxies = (
        f"ipv4/conf/{topology.TO_ROUTER}/proxy_arp",
        f"ipv6/conf/{topology.TO_ROUTER}/proxy_ndp",
    )
    hosts[topology.PROVIDER].sysctl([(proxy, 1) for proxy in proxies])
    return hosts
