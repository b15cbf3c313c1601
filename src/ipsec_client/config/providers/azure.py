"""Azure VPN Gateway, route-based, with a custom IPsec/IKE policy on the connection."""

from __future__ import annotations

from ipsec_client.config.providers.provider import (
    Between,
    Mss,
    OneOf,
    Provider,
    Source,
)

_POLICY = Source(
    "Configure custom IPsec/IKE connection policies",
    "learn.microsoft.com/azure/vpn-gateway/ipsec-ike-policy-howto",
    "2024-01-26",
)
_DEVICES = Source(
    "About VPN devices and IPsec/IKE parameters",
    "learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-vpn-devices",
    "read 2026-11-25",
)
_SKUS = Source(
    "About gateway SKUs",
    "learn.microsoft.com/azure/vpn-gateway/about-gateway-skus",
    "2025-06-23",
)
_GROUPS = ("dh-24", "dh-20", "dh-19", "modp2048", "modp1024")

PROVIDER = Provider(
    name="azure",
    title="Azure VPN Gateway",
    sources=(_POLICY, _DEVICES, _SKUS),
    local_id="192.0.2.1",
    fields=(
        ("ike-encryption", "aes_gcm256"),
        ("ike-digest", "sha2_384"),
        ("ike-modp", "dh-20"),
        ("ike-v2", "insist"),
        ("phase2-encryption", "aes_gcm256"),
        ("phase2-modp", "dh-20"),
        ("ike-lifetime", "8h"),
        ("connection-lifetime", "27000"),
        ("perfect-forward-secrecy", "true"),
        ("dpddelay", "15"),
        ("dpdaction", "restart"),
        ("mtu", "1400"),
    ),
    limits=(
        OneOf(
            _POLICY, "ike-encryption", ("aes_gcm256", "aes_gcm128", "aes256", "aes192", "aes128")
        ),
        OneOf(_POLICY, "ike-digest", ("sha2_384", "sha2_256", "sha1", "md5")),
        OneOf(_POLICY, "ike-modp", _GROUPS),
        OneOf(
            _POLICY,
            "phase2-encryption",
            (
                *("aes_gcm256", "aes_gcm192", "aes_gcm128"),
                *("aes256", "aes192", "aes128", "3des", "null"),
            ),
        ),
        OneOf(_POLICY, "phase2-digest", ("sha2_256", "sha1", "md5")),
        OneOf(_POLICY, "phase2-modp", _GROUPS),
        Between(_POLICY, "connection-lifetime", "300s", ""),
        Between(_DEVICES, "mtu", "", "1400"),
        Mss(_DEVICES, 1350),
    ),
    notes=(
        (
            "Azure's default policy knows only group 2, which Libreswan 4 lacks: give the connection a "
            "custom policy with exactly this profile's values (GCMAES256, SHA384, ECP384; GCMAES256, "
            "GCMAES256, ECP384). A policy holds one combination, and no other is accepted."
        ),
        "A custom policy cannot be set on the Basic SKU.",
        "Azure's IKE SA lives 28 800 seconds, its child SA 27 000 unless set; lifetimes need not match.",
        "Azure's DPD timeout is 45 seconds unless set (9 to 3 600; 30 to 45 is advised).",
        "Clamp the MSS: enforced-mss 1350 on the remotes, or mtu 1400 as here.",
        "Make the gateway active-active: it then has two addresses, one for each of two remotes.",
        "Throughput goes by SKU, 650 Mbit/s for all tunnels of a VpnGw1 together, and is not guaranteed.",
        "As local-id the public address is usual, as it stands in the local network gateway.",
    ),
)
