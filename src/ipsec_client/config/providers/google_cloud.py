"""Google Cloud VPN: HA VPN and Classic VPN."""

from __future__ import annotations

from ipsec_client.config.providers.provider import (
    Between,
    Goes,
    OneOf,
    Provider,
    Source,
)

_CIPHERS = Source(
    "Supported IKE ciphers",
    "docs.cloud.google.com/network-connectivity/docs/vpn/concepts/supported-ike-ciphers",
    "2026-04-10",
)
_MTU = Source(
    "MTU considerations",
    "docs.cloud.google.com/network-connectivity/docs/vpn/concepts/mtu-considerations",
    "read 2026-11-25",
)
_ADVANCED = Source(
    "Advanced configurations",
    "docs.cloud.google.com/network-connectivity/docs/vpn/concepts/advanced",
    "read 2026-11-25",
)
_BANDWIDTH = Source(
    "HA VPN topologies to increase bandwidth",
    "docs.cloud.google.com/network-connectivity/docs/vpn/concepts/topologies-increase-bandwidth",
    "read 2026-11-25",
)
_GROUPS = (
    *("modp2048", "modp1536", "modp3072", "modp4096", "modp8192", "modp1024"),
    *("dh-19", "dh-20", "dh-21", "dh-22", "dh-23", "dh-24", "dh-31"),
)
_GCM = ("aes_gcm256", "aes_gcm192", "aes_gcm128")
_CBC = ("aes256", "aes192", "aes128")

PROVIDER = Provider(
    name="google-cloud",
    title="Google Cloud VPN",
    sources=(_CIPHERS, _MTU, _ADVANCED, _BANDWIDTH),
    local_id="192.0.2.1",
    fields=(
        ("ike-encryption", "aes_gcm256"),
        ("ike-digest", "sha2_512"),
        ("ike-modp", "dh-20"),
        ("ike-v2", "insist"),
        ("phase2-encryption", "aes_gcm256"),
        ("phase2-modp", "dh-20"),
        ("ike-lifetime", "10h"),
        ("connection-lifetime", "3h"),
        ("perfect-forward-secrecy", "true"),
        ("dpddelay", "20"),
        ("dpdaction", "restart"),
        ("mtu", "1406"),
    ),
    limits=(
        OneOf(_CIPHERS, "ike-encryption", (*_GCM, *_CBC, "3des")),
        OneOf(
            _CIPHERS,
            "ike-digest",
            ("sha2_512", "sha2_384", "sha2_256", "sha1", "md5", "aes_xcbc", "aes_cmac"),
        ),
        OneOf(_CIPHERS, "ike-modp", _GROUPS),
        OneOf(_CIPHERS, "phase2-encryption", (*_GCM, *_CBC)),
        OneOf(_CIPHERS, "phase2-digest", ("sha2_256", "sha2_512", "sha1")),
        OneOf(_CIPHERS, "perfect-forward-secrecy", ("true",)),
        OneOf(_CIPHERS, "phase2-modp", _GROUPS),
        Goes(_CIPHERS, "ike-v2", ("permit", "no", "never"), "ike-encryption", ("aes128",)),
        Between(_CIPHERS, "ike-lifetime", "", "36600s"),
        Between(_CIPHERS, "connection-lifetime", "", "10800s"),
        Between(_MTU, "mtu", "", "1406"),
    ),
    notes=(
        (
            "Propose one cipher for each role, as this profile does: with a list Google's choice may change "
            "from one rekey to the next, and the MTU with it."
        ),
        (
            "Only one-to-one address translation is supported, not several gateways behind one address: give "
            "the egress a public address of its own, and write that as local-id."
        ),
        (
            "The payload MTU is 1406 bytes with AES-GCM, 1390 with AES-CBC and SHA-256 or SHA-1, 1374 with "
            "AES-CBC and SHA-512."
        ),
        "Google's IKE SA lives 36 000 seconds (36 600 with IKEv1), its child SA 10 800.",
        "Each tunnel carries 250 000 packets a second, both directions together: 1 to 3 Gbit/s.",
        "HA VPN has two interfaces: two remotes, of one profile, give the better availability.",
        "With IKEv2 all networks of a tunnel are in one child SA; 0.0.0.0/0 on both ends is the simplest.",
    ),
)
