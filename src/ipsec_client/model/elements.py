"""The elements of a configuration: the plugin's own, and those of the router around them that it needs.

Defaults, names and meanings are those of the page; each default given here is a documented one.
A field without a default is left to Libreswan, or to the rule its help tells, while it is unset.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, child, children, key, leaf, leaves
from ipsec_client.model.interfaces import (
    DeviceInterface,
    InterfaceAddress,
    Neighborhood,
    NetworkInterface,
)
from ipsec_client.model.monitors import MonitorDestination, TunnelMonitor
from ipsec_client.model.profile import (
    DIGESTS,
    ENCRYPTIONS,
    GROUPS,
    CustomOption,
    IpsecProfile,
)
from ipsec_client.model.services import (
    NOTE,
    AccessPolicy,
    AppliesTo,
    NextHop,
    PortRange,
    Service,
    ServicePolicy,
    ServiceRoute,
    Tenant,
    TenantMember,
    Transport,
    Vector,
)

__all__ = [
    "DIGESTS",
    "ENCRYPTIONS",
    "GROUPS",
    "INTERNAL_TENANT",
    "NOTE",
    "AccessPolicy",
    "AppliesTo",
    "Authority",
    "Config",
    "CustomOption",
    "DeviceInterface",
    "InterfaceAddress",
    "IpsecClient",
    "IpsecProfile",
    "MonitorDestination",
    "Neighborhood",
    "NetworkInterface",
    "NextHop",
    "Node",
    "PortRange",
    "Remote",
    "Router",
    "Service",
    "ServicePolicy",
    "ServiceRoute",
    "Tenant",
    "TenantMember",
    "Transport",
    "TunnelMonitor",
    "Vector",
]

INTERNAL_TENANT = "_internal_"
"""The tenant of ingress KNIs whose remote names none (page, generated configuration)."""


@dataclass(frozen=True, kw_only=True)
class Remote(Element):
    """One gateway: one tunnel, one ingress KNI of the same name."""

    name: str = key(
        v.DEVICE_NAME,
        "The name of the remote and of its ingress KNI",
        effect="The name of the ingress KNI, and part of the connection's name",
    )
    host: str | None = leaf(
        v.HOST,
        "Address or name of the gateway",
        effect="right= of the connection, as an address",
        required=True,
    )
    profile: str | None = leaf(
        v.NAME,
        "The ipsec-profile to use",
        effect="Which profile's options and key the connection has",
        required=True,
    )
    vector_name: str | None = leaf(
        v.NAME,
        "Path preference label of the ingress KNI",
        effect="The ingress KNI's neighborhood and vector, which order next hops by it",
    )
    tenant: str | None = leaf(
        v.TENANT,
        "Tenant of packets that arrive by the tunnel; unset: _internal_",
        effect="The firewall admits what comes out of the tunnel to the services that let this tenant in",
    )
    subnet: tuple[v.Prefix, ...] = leaves(
        v.PREFIX,
        "Networks behind the gateway; unset: any",
        effect="rightsubnet= or rightsubnets= of the connection, and the routes into the tunnel",
    )
    local_subnet: tuple[v.Prefix, ...] = leaves(
        v.PREFIX,
        "Our networks; unset: any",
        effect="leftsubnet= or leftsubnets= of the connection",
        since="1.0.4",
    )
    remote_id: str | None = leaf(
        v.IDENTITY,
        "The gateway's IKE identity; unset: its address",
        effect="rightid= of the connection, and whom its key is kept for",
    )
    enforced_mss: int | str | None = leaf(
        v.number_or(64, 8960, "automatic", "disabled"),
        "TCP MSS on the ingress KNI, in bytes; unset: automatic",
        effect="The MSS that the namespace's firewall writes into TCP handshakes through the tunnel",
        since="3.1.0",
    )
    tunnel_monitor: TunnelMonitor | None = child(TunnelMonitor)


@dataclass(frozen=True, kw_only=True)
class IpsecClient(Element):
    """The remotes of a node, at most four; a namespace, one pluto and an egress KNI, all of this name."""

    name: str = key(
        v.DEVICE_NAME,
        "The name of the client, its namespace and its egress KNI",
        effect="The names of the namespace, of the egress KNI and of the service unit",
    )
    enabled: bool | None = leaf(
        v.BOOLEAN,
        "Whether the client runs",
        effect="Whether namespace, KNIs and pluto are there at all",
        default=True,
    )
    tenant: str | None = leaf(
        v.TENANT,
        "Tenant of the encrypted packets",
        effect="The firewall admits encrypted packets to the services that let this tenant in",
        required=True,
    )
    remote: tuple[Remote, ...] = children(Remote)
    tunnel_monitor_nat_network: v.Prefix | None = leaf(
        v.PREFIX,
        "Network that probes come from",
        effect="The source address that the namespace's firewall gives to probes",
        default=v.Prefix("10.128.128.0/28"),
        since="3.2.0",
    )
    plugin_network: v.Prefix | None = leaf(
        v.PREFIX,
        "Network the KNIs' addresses are taken from",
        effect="The addresses of both ends of each KNI, left= and listen=",
        default=v.Prefix("169.254.129.0/27"),
    )
    hold_down: v.Duration | None = leaf(
        v.DURATION,
        "Time for which a tunnel that went down twice of late is not used again; each further time doubles it",
        effect="How long the ingress KNI of a tunnel that flaps stays down",
        default=v.Duration(10, "s"),
        unit="s",
    )
    failback: str | None = leaf(
        v.choice("immediate", "delayed", "manual"),
        "When traffic goes back to a preferred tunnel that is up again",
        effect="How long the ingress KNIs that come before the tunnel in use stay down",
        default="immediate",
    )
    failback_delay: v.Duration | None = leaf(
        v.DURATION,
        "Time for which the preferred tunnel must be up, with failback delayed",
        effect="How long the ingress KNIs that come before the tunnel in use stay down",
        default=v.Duration(5, "m"),
        unit="s",
    )


@dataclass(frozen=True, kw_only=True)
class Node(Element):
    """One machine."""

    name: str = key(v.NAME, "The name of the node", effect="Which machine is meant")
    device_interface: tuple[DeviceInterface, ...] = children(DeviceInterface)
    ipsec_client: tuple[IpsecClient, ...] = children(IpsecClient)


@dataclass(frozen=True, kw_only=True)
class Router(Element):
    """One site, of one or two nodes."""

    name: str = key(v.NAME, "The name of the router", effect="Which machines are meant")
    group: tuple[str, ...] = leaves(
        v.NAME, "Groups it is in", effect="Which services are in force here, by their applies-to"
    )
    ipsec_profile: tuple[IpsecProfile, ...] = children(IpsecProfile)
    node: tuple[Node, ...] = children(Node)
    service_route: tuple[ServiceRoute, ...] = children(ServiceRoute)


@dataclass(frozen=True, kw_only=True)
class Authority(Element):
    """The whole managed domain."""

    name: str | None = leaf(v.NAME, "The name of the authority", effect=NOTE)
    tenant: tuple[Tenant, ...] = children(Tenant)
    service: tuple[Service, ...] = children(Service)
    service_policy: tuple[ServicePolicy, ...] = children(ServicePolicy)
    router: tuple[Router, ...] = children(Router)


@dataclass(frozen=True, kw_only=True)
class Config(Element):
    """The root that PCLI text begins with."""

    authority: Authority | None = child(Authority)
