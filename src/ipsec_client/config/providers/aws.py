"""AWS Site-to-Site VPN, on a virtual private gateway or a transit gateway."""

from __future__ import annotations

from ipsec_client.config.providers.provider import (
    Between,
    ChildSas,
    Key,
    Mss,
    OneOf,
    Provider,
    Reserved,
    Source,
)

_OPTIONS = Source(
    "Tunnel options for your AWS Site-to-Site VPN connection",
    "docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html",
    "read 2026-11-25",
)
_API = Source(
    "ModifyVpnTunnelOptionsSpecification",
    "docs.aws.amazon.com/AWSEC2/latest/APIReference",
    "read 2026-11-25",
)
_DEVICE = Source(
    "Your customer gateway device",
    "docs.aws.amazon.com/vpn/latest/s2svpn/your-cgw.html",
    "read 2026-11-25",
)
_PRACTICE = Source(
    "Best practices for an AWS Site-to-Site VPN customer gateway device",
    "docs.aws.amazon.com/vpn/latest/s2svpn",
    "read 2026-11-25",
)
_PHASE1_GROUPS = (
    *("modp1024", "modp2048", "modp3072", "modp4096", "modp6144", "modp8192"),
    *("dh-19", "dh-20", "dh-21", "dh-22", "dh-23", "dh-24"),
)
_CIPHERS = ("aes128", "aes256", "aes_gcm128", "aes_gcm256")
_DIGESTS = ("sha1", "sha2_256", "sha2_384", "sha2_512")

PROVIDER = Provider(
    name="aws",
    title="AWS Site-to-Site VPN",
    sources=(_OPTIONS, _API, _DEVICE, _PRACTICE),
    local_id="192.0.2.1",
    fields=(
        ("ike-encryption", "aes_gcm256"),
        ("ike-digest", "sha2_384"),
        ("ike-modp", "dh-20"),
        ("ike-v2", "insist"),
        ("phase2-encryption", "aes_gcm256"),
        ("phase2-modp", "dh-20"),
        ("ike-lifetime", "8h"),
        ("connection-lifetime", "1h"),
        ("perfect-forward-secrecy", "true"),
        ("dpddelay", "10"),
        ("dpdaction", "restart"),
    ),
    limits=(
        OneOf(_OPTIONS, "ike-encryption", _CIPHERS),
        OneOf(_OPTIONS, "ike-digest", _DIGESTS),
        OneOf(_OPTIONS, "ike-modp", _PHASE1_GROUPS),
        OneOf(_OPTIONS, "phase2-encryption", _CIPHERS),
        OneOf(_OPTIONS, "phase2-digest", _DIGESTS),
        OneOf(_OPTIONS, "phase2-modp", ("modp1536", *_PHASE1_GROUPS)),
        OneOf(_DEVICE, "perfect-forward-secrecy", ("true",)),
        Between(_OPTIONS, "ike-lifetime", "900s", "28800s"),
        Between(_OPTIONS, "connection-lifetime", "900s", "3600s"),
        Between(_PRACTICE, "mtu", "", "1446"),
        Mss(_PRACTICE, 1406),
        ChildSas(_DEVICE, 1),
        Key(
            _API,
            r"(?!0)[A-Za-z0-9._]{8,64}",
            "8 to 64 letters, digits, periods and underscores, the first no 0",
        ),
        Reserved(
            _API,
            (
                *("169.254.0.0/30", "169.254.1.0/30", "169.254.2.0/30"),
                *("169.254.3.0/30", "169.254.4.0/30", "169.254.5.0/30"),
                "169.254.169.252/30",
            ),
        ),
    ),
    notes=(
        (
            "A connection has two tunnels, each with an address and a key of its own, and AWS takes either "
            "down for maintenance: two remotes, and a profile for each where the keys differ."
        ),
        (
            "Up to 1.25 Gbit/s a tunnel; up to 5 Gbit/s where large bandwidth tunnels are chosen, on a "
            "transit gateway or Cloud WAN."
        ),
        (
            "Inside addresses are a /30 of 169.254.0.0/16. Choose one outside plugin-network (by default "
            "169.254.129.0/27). They are needed for BGP alone; with static routes nothing here has them."
        ),
        (
            "AWS takes a peer for dead after 40 seconds unless set otherwise, 30 at least, and then clears the "
            "tunnel; it does not begin a negotiation unless told to."
        ),
        "The local-id of AWS's own samples is the public address of the customer gateway.",
        (
            "In ESP in UDP the MTU is 1438 bytes with AES-GCM and 1422 or less with AES-CBC, which is what is "
            "computed here where mtu is unset. Path MTU discovery is not supported."
        ),
    ),
)
