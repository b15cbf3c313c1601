"""Tenants, services and the routes to them: what of the router's configuration decides who may go where, and how."""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, children, key, leaf, leaves

NOTE = "None on the node: it is there to be read, or to be named elsewhere"
"""The effect of fields that are meant to have none of their own."""


@dataclass(frozen=True, kw_only=True)
class TenantMember(Element):
    """Networks in a neighborhood whose packets are meant to belong to the tenant."""

    neighborhood: str = key(v.NAME, "The neighborhood", effect=NOTE)
    address: tuple[v.Prefix, ...] = leaves(v.PREFIX, "The networks")


@dataclass(frozen=True, kw_only=True)
class Tenant(Element):
    """Whom packets belong to; ``a.b`` is a part of ``b``."""

    name: str = key(
        v.TENANT,
        "The name of the tenant",
        effect=NOTE,
    )
    description: str | None = leaf(v.TEXT, "For people", effect=NOTE)
    security: str | None = leaf(v.NAME, "Security between routers of the same make")
    generated: bool | None = leaf(v.BOOLEAN, "Whether software made it", effect=NOTE)
    member: tuple[TenantMember, ...] = children(TenantMember)


@dataclass(frozen=True, kw_only=True)
class AccessPolicy(Element):
    """Whether a tenant may use the service."""

    source: str = key(
        v.SOURCE,
        "The tenant",
        effect="The firewall passes or drops what comes in by this tenant's interfaces",
    )
    permission: str | None = leaf(
        v.choice("allow", "deny"),
        "Whether it may",
        effect="The firewall's verdict for the tenant: deny wins beside allow",
        default="allow",
    )


@dataclass(frozen=True, kw_only=True)
class PortRange(Element):
    """A range of destination ports."""

    start_port: int = key(
        v.number(0, 65535),
        "First port",
        effect="First port that the service's firewall rules and routing rules match",
    )
    end_port: int | None = leaf(
        v.number(0, 65535),
        "Last port; unset: the first",
        effect="Last port that the service's firewall rules and routing rules match",
    )


@dataclass(frozen=True, kw_only=True)
class Transport(Element):
    """A protocol of a service."""

    protocol: str = key(
        v.choice("tcp", "udp", "icmp", "gre", "esp"),
        "The protocol",
        effect="The service's firewall rules and routing rules match this protocol only",
    )
    port_range: tuple[PortRange, ...] = children(PortRange)


@dataclass(frozen=True, kw_only=True)
class AppliesTo(Element):
    """The routers that a service is for; without any it is for all."""

    type: str = key(
        v.choice("router", "router-group"),
        "Whether routers or groups of them are named",
        effect="Which of the two names below decide",
    )
    router_name: tuple[str, ...] = leaves(
        v.NAME, "Routers", effect="The service is in force on these routers only"
    )
    group_name: tuple[str, ...] = leaves(
        v.NAME,
        "Groups of routers",
        effect="The service is in force on routers of these groups only",
    )


@dataclass(frozen=True, kw_only=True)
class Vector(Element):
    """How much a path with this label is preferred."""

    name: str = key(v.NAME, "The label", effect="Which next hops the priority is for")
    priority: int | str | None = leaf(
        v.number_or(1, 999_999, "ordered", "never"),
        "Cost, lower is preferred; ordered: 1, 10, 100, ... by place in the list; never: not used",
        effect="The order of the next hops' routes in the service's table",
        default="ordered",
    )


@dataclass(frozen=True, kw_only=True)
class ServicePolicy(Element):
    """In which order the paths of a service are used."""

    name: str = key(
        v.NAME, "The name of the policy", effect="Services that name it order their next hops by it"
    )
    description: str | None = leaf(v.TEXT, "For people", effect=NOTE)
    lb_strategy: str | None = leaf(
        v.choice("hunt", "proportional"),
        "The best path for all sessions, or a share for each path",
        default="hunt",
    )
    best_effort: bool | None = leaf(
        v.BOOLEAN, "Whether a path that misses its limits may be used", default=True
    )
    path_quality_filter: bool | None = leaf(
        v.BOOLEAN, "Whether paths must keep the limits below", default=False
    )
    max_loss: int | None = leaf(v.number(0, 100), "Most loss of a path, in percent")
    max_latency: int | None = leaf(v.number(0, 4_294_967_295), "Most latency of a path, in ms")
    max_jitter: int | None = leaf(v.number(0, 4_294_967_295), "Most jitter of a path, in ms")
    session_resiliency: str | None = leaf(
        v.choice("none", "failover", "revertible-failover", "packet-duplication"),
        "What becomes of sessions whose path fails",
        default="none",
    )
    transport_state_enforcement: str | None = leaf(
        v.choice("reset", "allow", "block"),
        "What becomes of TCP sessions that began elsewhere",
        default="reset",
    )
    vector: tuple[Vector, ...] = children(Vector)


@dataclass(frozen=True, kw_only=True)
class Service(Element):
    """Destinations that packets are allowed to and routed to."""

    name: str = key(
        v.NAME,
        "The name of the service",
        effect="A routing table of its own, which the service's routes fill",
    )
    description: str | None = leaf(v.TEXT, "For people", effect=NOTE)
    scope: str | None = leaf(v.choice("private", "public"), "Who learns of it", default="private")
    address: tuple[v.Prefix, ...] = leaves(
        v.PREFIX,
        "Destination addresses",
        effect="Routing rules lead packets to these addresses into the service's table, the firewall admits them",
    )
    application_name: str | None = leaf(v.TEXT, "The application whose destinations are meant")
    application_type: str | None = leaf(v.NAME, "Kind of application")
    security: str | None = leaf(v.NAME, "Security between routers of the same make")
    share_service_routes: bool | None = leaf(
        v.BOOLEAN, "Whether other routers may use this one's routes", default=True
    )
    source_nat: str | None = leaf(v.NAME, "Source NAT of the service's sessions")
    service_policy: str | None = leaf(
        v.NAME,
        "The service-policy that orders its next hops",
        effect="The order of the routes in the service's table is that of the policy's vectors",
    )
    generated: bool | None = leaf(v.BOOLEAN, "Whether software made it", effect=NOTE)
    transport: tuple[Transport, ...] = children(Transport)
    access_policy: tuple[AccessPolicy, ...] = children(AccessPolicy)
    applies_to: tuple[AppliesTo, ...] = children(AppliesTo)


@dataclass(frozen=True, kw_only=True)
class NextHop(Element):
    """An interface of a node that a service's packets may leave by."""

    node_name: str = key(v.NAME, "The node", effect="Which node has the route")
    interface: str = key(
        v.NAME, "The network interface", effect="The device of the route in the service's table"
    )
    gateway_ip: v.Address | None = leaf(
        v.ADDRESS,
        "Next hop; unset: the interface's gateway",
        effect="The gateway of the route in the service's table",
    )
    vector: str | None = leaf(
        v.NAME,
        "Label of this path; unset: the service-route's, or those of the interface's neighborhoods",
        effect="The place of the route in the service's table, where the service has a service-policy",
    )
    source_nat_pool: str | None = leaf(v.NAME, "Source NAT of this path")
    target_address: v.Address | None = leaf(
        v.ADDRESS, "Destination that packets are sent to instead"
    )


@dataclass(frozen=True, kw_only=True)
class ServiceRoute(Element):
    """How a service is reached from this router."""

    name: str = key(
        v.NAME,
        "The name of the service-route; routes count in the order they are written",
        effect=NOTE,
    )
    service_name: str | None = leaf(
        v.NAME, "The service", effect="Whose table the routes are in", required=True
    )
    vector: tuple[str, ...] = leaves(
        v.NAME,
        "Labels of its paths",
        effect="The place of its routes in the service's table, where the service has a service-policy",
    )
    peer: str | None = leaf(v.NAME, "Another router that the service is reached by")
    nat_target: str | None = leaf(v.HOST, "Destination that packets are sent to instead")
    host: str | None = leaf(v.HOST, "Host that offers the service")
    service_route_policy: str | None = leaf(v.NAME, "Limits of this route")
    generated: bool | None = leaf(v.BOOLEAN, "Whether software made it", effect=NOTE)
    next_hop: tuple[NextHop, ...] = children(NextHop)
