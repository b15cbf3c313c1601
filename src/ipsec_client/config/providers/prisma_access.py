"""Palo Alto Networks Prisma Access: remote networks."""

from __future__ import annotations

from ipsec_client.config.providers.provider import Identity, OneOf, Provider, Source

_IKE = Source(
    "Define IKE Crypto Profiles",
    "docs.paloaltonetworks.com/network-security/ipsec-vpn",
    "read 2026-11-25",
)
_IPSEC = Source(
    "Define IPSec Crypto Profiles",
    "docs.paloaltonetworks.com/network-security/ipsec-vpn",
    "read 2026-11-25",
)
_ONBOARD = Source(
    "Connect a Remote Network Site to Prisma Access",
    "docs.paloaltonetworks.com/prisma-access/administration/prisma-access-remote-networks",
    "read 2026-11-25",
)
_BANDWIDTH = Source(
    "Create a High-Bandwidth Network for a Remote Site",
    "docs.paloaltonetworks.com/prisma/prisma-access/3-2",
    "read 2026-11-25",
)
_GROUPS = (
    *("modp1024", "modp1536", "modp2048", "modp3072", "modp4096"),
    *("dh-19", "dh-20", "dh-21"),
)
_DIGESTS = ("sha2_512", "sha2_384", "sha2_256", "sha1", "md5")
_CBC = ("aes256", "aes192", "aes128", "3des")

PROVIDER = Provider(
    name="prisma-access",
    title="Prisma Access",
    sources=(_IKE, _IPSEC, _ONBOARD, _BANDWIDTH),
    local_id="site1@example.com",
    fields=(
        ("ike-encryption", "aes256"),
        ("ike-digest", "sha2_512"),
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
        OneOf(_IKE, "ike-encryption", ("aes_gcm256", "aes_gcm128", *_CBC)),
        OneOf(_IKE, "ike-digest", _DIGESTS),
        OneOf(_IKE, "ike-modp", _GROUPS),
        OneOf(
            _IPSEC, "phase2-encryption", ("aes_gcm256", "aes_gcm128", "aes_ccm128", *_CBC, "null")
        ),
        OneOf(_IPSEC, "phase2-digest", (*_DIGESTS, "no-auth")),
        OneOf(_IPSEC, "phase2-modp", _GROUPS),
        Identity(_ONBOARD, r".+", "the IKE identification that was given for the site"),
    ),
    notes=(
        (
            "IKE and IPsec crypto profile at Prisma Access must hold the same values as this profile; its "
            "defaults are 8 hours for IKE and 1 hour for IPsec."
        ),
        "modp3072, modp4096 and dh-21 came with PAN-OS 10.2.",
        "AES-GCM for the IKE SA is not offered in every management plane; AES-CBC is in all.",
        (
            "Enter the site as one with a dynamic address, identified by the local-id; set remote-id on the "
            "remotes where one is configured for Prisma Access."
        ),
        "A primary and a secondary tunnel: two remotes. While both are up the primary one is used.",
        "An IPsec termination node carries at most 1000 Mbit/s.",
    ),
)
