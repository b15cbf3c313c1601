"""Profiles: how a tunnel's keys are exchanged and its packets protected.

Defaults, names and meanings are those of the page; each default given here is a documented one.
A field without a default is left to Libreswan, or to the rule its help tells, while it is unset.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.base.secret import Secret
from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, Leaf, children, definition, key, leaf, leaves

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


@dataclass(frozen=True, kw_only=True)
class CustomOption(Element):
    """A Libreswan option that no field stands for."""

    name: str = key(
        v.OPTION,
        "The name of the Libreswan option",
        effect="The connection has the option of this name",
    )
    value: str | None = leaf(
        v.TEXT, "The value of the option", effect="The value of that option", required=True
    )


@dataclass(frozen=True, kw_only=True)
class IpsecProfile(Element):
    """Reusable IKE and ESP settings and the pre-shared key."""

    name: str = key(
        v.NAME, "The name of the profile", effect="Part of the names of connections that use it"
    )
    ike_encryption: tuple[str, ...] = leaves(
        v.choice(*ENCRYPTIONS),
        "Ciphers of the IKE SA, best first; unset: strong ones are proposed",
        effect="The ciphers in ike= of the connection",
    )
    ike_digest: tuple[str, ...] = leaves(
        v.choice(*DIGESTS),
        "Integrity and PRF of the IKE SA, best first; unset: strong ones are proposed",
        effect="The digests in ike= of the connection",
    )
    ike_modp: tuple[str, ...] = leaves(
        v.choice(*GROUPS),
        "Diffie-Hellman groups of the IKE SA, best first; unset: strong ones are proposed",
        effect="The groups in ike= of the connection",
    )
    ike_v2: str | None = leaf(
        v.choice("insist", "yes", "propose", "permit", "no", "never"),
        "IKE version: insist, yes and propose use IKEv2; permit, no and never IKEv1",
        effect="ikev2= of the connection, and which strong algorithms are proposed",
        default="insist",
    )
    authentication_protocol: str | None = leaf(
        v.choice("esp", "ah"),
        "Protocol of the child SA",
        effect="phase2= of the connection",
        default="esp",
    )
    phase2_encryption: tuple[str, ...] = leaves(
        v.choice("null", *ENCRYPTIONS),
        "Ciphers of the child SA, best first; unset: strong ones are proposed; null encrypts nothing",
        effect="The ciphers in phase2alg= of the connection, and the room they leave in a packet",
    )
    phase2_digest: tuple[str, ...] = leaves(
        v.choice(*DIGESTS),
        "Integrity of the child SA, best first; unset: strong ones are proposed",
        effect="The digests in phase2alg= of the connection, and the room they leave in a packet",
    )
    phase2_modp: tuple[str, ...] = leaves(
        v.choice(*GROUPS),
        "Diffie-Hellman groups of the child SA, best first, with PFS; unset: the IKE SA's",
        effect="The groups in phase2alg= of the connection, with perfect-forward-secrecy",
    )
    ike_lifetime: v.Duration | None = leaf(
        v.DURATION,
        "Life of the IKE SA, at most 24h",
        effect="ikelifetime= of the connection",
        default=v.Duration(1, "h"),
        unit="s",
    )
    connection_lifetime: v.Duration | None = leaf(
        v.DURATION,
        "Life of the child SA, at most 24h",
        effect="salifetime= of the connection",
        default=v.Duration(8, "h"),
        unit="s",
    )
    ike_retransmit_interval: v.Duration | None = leaf(
        v.DURATION,
        "First wait for an answer to an IKE message",
        effect="retransmit-interval= of the connection",
        unit="ms",
    )
    compress: bool | None = leaf(
        v.BOOLEAN, "Propose IPComp", effect="compress= of the connection", default=False
    )
    perfect_forward_secrecy: bool | None = leaf(
        v.BOOLEAN,
        "A new key exchange for each child SA",
        effect="pfs= of the connection, and whether phase2-modp counts",
        default=False,
    )
    dpddelay: v.Duration | None = leaf(
        v.DURATION,
        "Idle time before the gateway is asked for a sign of life",
        effect="dpddelay= of the connection",
        unit="s",
    )
    dpdtimeout: v.Duration | None = leaf(
        v.DURATION,
        "IKEv1: time without a sign of life until the gateway is dead",
        effect="dpdtimeout= of the connection",
        unit="s",
    )
    dpdaction: str | None = leaf(
        v.choice("clear", "hold", "restart"),
        "What Libreswan does when the gateway is dead",
        effect="dpdaction= of the connection",
        default="restart",
    )
    local_id: str | None = leaf(
        v.IDENTITY,
        "Our IKE identity; unset: the namespace's address of the egress KNI",
        effect="leftid= of the connection, and whom its key is kept for",
    )
    metric: int | None = leaf(
        v.number(1, 4_294_967_294),  # one less than that of the unreachable route behind them
        "Metric of the tunnel's routes",
        effect="The metric of the routes into the tunnel device, and metric= of the connection",
    )
    mtu: int | None = leaf(
        v.number(576, 9000),
        "MTU of the tunnel in bytes; unset: from path and cipher",
        effect="The MTU of the tunnel device, and mtu= of the connection",
        since="1.0.4",
    )
    encapsulation: str | None = leaf(
        v.choice("auto", "yes", "no"),
        "ESP in UDP: when a NAT is found, always, or never",
        effect="encapsulation= of the connection, and the room that is left in a packet",
        since="3.3.0",
    )
    remote_peer_type: str | None = leaf(
        v.choice("cisco", "ietf"),
        "Kind of gateway",
        effect="remote-peer-type= of the connection; ietf is what Libreswan does anyway",
        since="3.3.0",
    )
    provider: str | None = leaf(
        v.choice(*PROVIDERS),
        "Who runs the gateway",
        effect="None on the node: check compares the profile with what this provider publishes",
    )
    pre_shared_key: Secret | None = leaf(
        v.SECRET,
        "The key both ends hold",
        effect="The key that pluto is given for the tunnel's two identities",
        required=True,
    )
    custom_option: tuple[CustomOption, ...] = children(CustomOption)


def leaf_of(field: str) -> Leaf:
    """The definition of a field of a profile, by its name in the PCLI."""
    member = definition(IpsecProfile).by_name[field]
    assert isinstance(member, Leaf)
    return member
