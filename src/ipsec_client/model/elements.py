"""The elements of a configuration: the plugin's own, and those of the router around them that it needs.

Defaults, names and meanings are those of the page; each default given here is a documented one.
A field without a default is left to Libreswan, or to the rule its help tells, while it is unset.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.base.secret import Secret
from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, child, children, key, leaf, leaves

ENCRYPTIONS = (
    "aes128",
    "aes192",
    "aes256",
    "3des",
    "aes_gcm128",
    "aes_gcm192",
    "aes_gcm256",
    "aes-256-gcm",
    "aes_ccm128",
    "aes_ccm256",
    "chacha20_poly1305",
    "camellia128",
    "camellia256",
)
DIGESTS = (
    "md5",
    "sha1",
    "sha2",
    "sha2_256",
    "sha2_384",
    "sha2_512",
    "sha512",
    "aes_xcbc",
    "aes_cmac",
    "no-auth",
)
GROUPS = (
    "modp1024",
    "modp1536",
    "modp2048",
    "modp3072",
    "modp4096",
    "modp6144",
    "modp8192",
    "dh-19",
    "dh-20",
    "dh-21",
    "dh-22",
    "dh-23",
    "dh-24",
    "dh-31",
)
PROVIDERS = (
    "zscaler",
    "prisma-access",
    "aws",
    "azure",
    "google-cloud",
    "oracle-cloud",
    "cloudflare",
)
"""Whose published limits are known; what they are is in ``config/providers``."""
INTERNAL_TENANT = "_internal_"
"""The tenant of ingress KNIs whose remote names none (page, generated configuration)."""


@dataclass(frozen=True, kw_only=True)
class CustomOption(Element):
    """A Libreswan option that no field stands for."""

    name: str = key(v.OPTION, "The name of the Libreswan option")
    value: str | None = leaf(v.TEXT, "The value of the option", required=True)


@dataclass(frozen=True, kw_only=True)
class IpsecProfile(Element):
    """Reusable IKE and ESP settings and the pre-shared key."""

    name: str = key(v.NAME, "The name of the profile")
    ike_encryption: str | None = leaf(
        v.choice(*ENCRYPTIONS), "Cipher of the IKE SA; unset: strong ones are proposed"
    )
    ike_digest: str | None = leaf(v.choice(*DIGESTS), "Integrity and PRF of the IKE SA")
    ike_modp: str | None = leaf(v.choice(*GROUPS), "Diffie-Hellman group of the IKE SA")
    ike_v2: str | None = leaf(
        v.choice("insist", "yes", "propose", "permit", "no", "never"),
        "IKE version: insist, yes and propose use IKEv2; permit, no and never IKEv1",
        default="insist",
    )
    authentication_protocol: str | None = leaf(
        v.choice("esp", "ah"), "Protocol of the child SA", default="esp"
    )
    phase2_encryption: str | None = leaf(
        v.choice("null", *ENCRYPTIONS),
        "Cipher of the child SA; unset: strong ones are proposed; null encrypts nothing",
    )
    phase2_digest: str | None = leaf(v.choice(*DIGESTS), "Integrity of the child SA")
    phase2_modp: str | None = leaf(
        v.choice(*GROUPS), "Diffie-Hellman group of the child SA, with PFS"
    )
    ike_lifetime: v.Duration | None = leaf(
        v.DURATION, "Life of the IKE SA, at most 24h", default=v.Duration(1, "h"), unit="s"
    )
    connection_lifetime: v.Duration | None = leaf(
        v.DURATION, "Life of the child SA, at most 24h", default=v.Duration(8, "h"), unit="s"
    )
    ike_retransmit_interval: v.Duration | None = leaf(
        v.DURATION, "First wait for an answer to an IKE message", unit="ms"
    )
    compress: bool | None = leaf(v.BOOLEAN, "Propose IPComp", default=False)
    perfect_forward_secrecy: bool | None = leaf(
        v.BOOLEAN, "A new key exchange for each child SA", default=False
    )
    dpddelay: v.Duration | None = leaf(
        v.DURATION, "Idle time before the gateway is asked for a sign of life", unit="s"
    )
    dpdtimeout: v.Duration | None = leaf(
        v.DURATION, "IKEv1: time without a sign of life until the gateway is dead", unit="s"
    )
    dpdaction: str | None = leaf(
        v.choice("clear", "hold", "restart"),
        "What Libreswan does when the gateway is dead",
        default="restart",
    )
    local_id: str | None = leaf(
        v.IDENTITY, "Our IKE identity; unset: the namespace's address of the egress KNI"
    )
    metric: int | None = leaf(v.number(1, 4_294_967_295), "Metric of the tunnel's routes")
    mtu: int | None = leaf(
        v.number(576, 9000),
        "MTU of the tunnel in bytes; unset: from path and cipher",
        since="1.0.4",
    )
    encapsulation: str | None = leaf(
        v.choice("auto", "yes", "no"),
        "ESP in UDP: when a NAT is found, always, or never",
        since="3.3.0",
    )
    remote_peer_type: str | None = leaf(v.choice("cisco", "ietf"), "Kind of gateway", since="3.3.0")
    provider: str | None = leaf(
        v.choice(*PROVIDERS), "Who runs the gateway: check compares with what that provider publishes"
    )
    pre_shared_key: Secret | None = leaf(v.SECRET, "The key both ends hold", required=True)
    custom_option: tuple[CustomOption, ...] = children(CustomOption)


@dataclass(frozen=True, kw_only=True)
class MonitorDestination(Element):
    """A host behind the gateway that must answer pings sent through the tunnel."""

    address: str = key(v.HOST, "Address or name to ping; it must be reachable through the tunnel")
    timeout: v.Duration | None = leaf(
        v.DURATION, "Time for the destination to answer in; unset: 800ms", unit="s"
    )
    max_retries: int | None = leaf(
        v.number(1, 100), "Attempts within timeout, all missed: unhealthy; unset: 4"
    )
    interval: v.Duration | None = leaf(
        v.DURATION, "Time from one test to the next; unset: 200ms", unit="s"
    )


@dataclass(frozen=True, kw_only=True)
class TunnelMonitor(Element):
    """Pings through the tunnel; a tunnel whose destinations stop answering is left and restarted."""

    enabled: bool | None = leaf(v.BOOLEAN, "Whether the remote is monitored", default=True)
    destinations_required: int | None = leaf(
        v.number(1, 16), "How many destinations must answer; unset: all"
    )
    destination: tuple[MonitorDestination, ...] = children(MonitorDestination)


@dataclass(frozen=True, kw_only=True)
class Remote(Element):
    """One gateway: one tunnel, one ingress KNI of the same name."""

    name: str = key(v.DEVICE_NAME, "The name of the remote and of its ingress KNI")
    host: str | None = leaf(v.HOST, "Address or name of the gateway", required=True)
    profile: str | None = leaf(v.NAME, "The ipsec-profile to use", required=True)
    vector_name: str | None = leaf(v.NAME, "Path preference label of the ingress KNI")
    tenant: str | None = leaf(
        v.TENANT, "Tenant of packets that arrive by the tunnel; unset: _internal_"
    )
    subnet: tuple[v.Prefix, ...] = leaves(v.PREFIX, "Networks behind the gateway; unset: any")
    local_subnet: tuple[v.Prefix, ...] = leaves(v.PREFIX, "Our networks; unset: any", since="1.0.4")
    remote_id: str | None = leaf(v.IDENTITY, "The gateway's IKE identity; unset: its address")
    enforced_mss: int | str | None = leaf(
        v.number_or(64, 8960, "automatic", "disabled"),
        "TCP MSS on the ingress KNI, in bytes",
        since="3.1.0",
    )
    tunnel_monitor: TunnelMonitor | None = child(TunnelMonitor)


@dataclass(frozen=True, kw_only=True)
class IpsecClient(Element):
    """The remotes of a node, at most four; a namespace, one pluto and an egress KNI, all of this name."""

    name: str = key(v.DEVICE_NAME, "The name of the client, its namespace and its egress KNI")
    enabled: bool | None = leaf(v.BOOLEAN, "Whether the client runs", default=True)
    tenant: str | None = leaf(v.TENANT, "Tenant of the encrypted packets", required=True)
    remote: tuple[Remote, ...] = children(Remote)
    tunnel_monitor_nat_network: v.Prefix | None = leaf(
        v.PREFIX,
        "Network that probes come from",
        default=v.Prefix("10.128.128.0/28"),
        since="3.2.0",
    )
    plugin_network: v.Prefix | None = leaf(
        v.PREFIX, "Network the KNIs' addresses are taken from", default=v.Prefix("169.254.129.0/27")
    )


@dataclass(frozen=True, kw_only=True)
class InterfaceAddress(Element):
    """An address of a network interface."""

    ip_address: v.Address = key(v.ADDRESS, "The router's address", name="ip-address")
    prefix_length: int | None = leaf(v.number(0, 128), "Length of the prefix", required=True)
    gateway: v.Address | None = leaf(v.ADDRESS, "Next hop; on a KNI, the namespace's address")


@dataclass(frozen=True, kw_only=True)
class NetworkInterface(Element):
    """What is routed on a device."""

    name: str = key(v.NAME, "The name of the interface")
    type: str | None = leaf(
        v.choice("external", "fabric", "shared"), "Kind of network", default="external"
    )
    tenant: str | None = leaf(v.TENANT, "Tenant of the packets that arrive here")
    enforced_mss: int | str | None = leaf(
        v.number_or(64, 8960, "automatic", "disabled"), "TCP MSS in bytes", default="disabled"
    )
    address: tuple[InterfaceAddress, ...] = children(InterfaceAddress)


@dataclass(frozen=True, kw_only=True)
class DeviceInterface(Element):
    """A Linux interface of the node."""

    name: str = key(v.DEVICE_NAME, "The name of the device")
    description: str | None = leaf(v.TEXT, "For people")
    type: str | None = leaf(
        v.choice("ethernet", "host", "bridged", "pppoe", "lte", "t1", "bond", "vhost"),
        "Kind of device",
        default="ethernet",
    )
    target_interface: str | None = leaf(
        v.TARGET, "The Linux interface, where it is named otherwise"
    )
    network_namespace: str | None = leaf(v.NAMESPACE, "The namespace of the device's other end")
    network_interface: tuple[NetworkInterface, ...] = children(NetworkInterface)


@dataclass(frozen=True, kw_only=True)
class Node(Element):
    """One machine."""

    name: str = key(v.NAME, "The name of the node")
    device_interface: tuple[DeviceInterface, ...] = children(DeviceInterface)
    ipsec_client: tuple[IpsecClient, ...] = children(IpsecClient)


@dataclass(frozen=True, kw_only=True)
class NextHop(Element):
    """An interface of a node that a service's packets may leave by."""

    node_name: str = key(v.NAME, "The node")
    interface: str = key(v.NAME, "The network interface")
    gateway_ip: v.Address | None = leaf(v.ADDRESS, "Next hop; unset: the interface's gateway")


@dataclass(frozen=True, kw_only=True)
class ServiceRoute(Element):
    """How a service is reached from this router."""

    name: str = key(v.NAME, "The name of the service-route")
    service_name: str | None = leaf(v.NAME, "The service", required=True)
    next_hop: tuple[NextHop, ...] = children(NextHop)


@dataclass(frozen=True, kw_only=True)
class Router(Element):
    """One site, of one or two nodes."""

    name: str = key(v.NAME, "The name of the router")
    ipsec_profile: tuple[IpsecProfile, ...] = children(IpsecProfile)
    node: tuple[Node, ...] = children(Node)
    service_route: tuple[ServiceRoute, ...] = children(ServiceRoute)


@dataclass(frozen=True, kw_only=True)
class Tenant(Element):
    """Whom packets belong to; ``a.b`` is a part of ``b``."""

    name: str = key(v.TENANT, "The name of the tenant")
    description: str | None = leaf(v.TEXT, "For people")


@dataclass(frozen=True, kw_only=True)
class AccessPolicy(Element):
    """Whether a tenant may use the service."""

    source: str = key(v.SOURCE, "The tenant")
    permission: str | None = leaf(v.choice("allow", "deny"), "Whether it may", default="allow")


@dataclass(frozen=True, kw_only=True)
class PortRange(Element):
    """A range of destination ports."""

    start_port: int = key(v.number(0, 65535), "First port")
    end_port: int | None = leaf(v.number(0, 65535), "Last port; unset: the first")


@dataclass(frozen=True, kw_only=True)
class Transport(Element):
    """A protocol of a service."""

    protocol: str = key(v.choice("tcp", "udp", "icmp", "gre", "esp"), "The protocol")
    port_range: tuple[PortRange, ...] = children(PortRange)


@dataclass(frozen=True, kw_only=True)
class Service(Element):
    """Destinations that packets are allowed to and routed to."""

    name: str = key(v.NAME, "The name of the service")
    description: str | None = leaf(v.TEXT, "For people")
    scope: str | None = leaf(v.choice("private", "public"), "Who learns of it", default="private")
    address: tuple[v.Prefix, ...] = leaves(v.PREFIX, "Destination addresses")
    transport: tuple[Transport, ...] = children(Transport)
    access_policy: tuple[AccessPolicy, ...] = children(AccessPolicy)


@dataclass(frozen=True, kw_only=True)
class Authority(Element):
    """The whole managed domain."""

    name: str | None = leaf(v.NAME, "The name of the authority")
    tenant: tuple[Tenant, ...] = children(Tenant)
    service: tuple[Service, ...] = children(Service)
    router: tuple[Router, ...] = children(Router)


@dataclass(frozen=True, kw_only=True)
class Config(Element):
    """The root that PCLI text begins with."""

    authority: Authority | None = child(Authority)
