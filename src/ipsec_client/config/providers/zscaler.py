"""Zscaler Internet Access: IPsec tunnels from a site to two Public Service Edges."""

from __future__ import annotations

from ipsec_client.config.providers.provider import (
    Between,
    ChildSas,
    Goes,
    Identity,
    Monitored,
    Mss,
    OneOf,
    Option,
    Provider,
    Source,
)

_PARAMETERS = Source(
    "Understanding IPSec VPNs",
    "help.zscaler.com/unified/understanding-ipsec-vpns",
    "read 2026-11-25",
)
_TUNNELS = Source(
    "Configuring an IPSec VPN Tunnel",
    "help.zscaler.com/unified/configuring-ipsec-vpn-tunnel",
    "read 2026-11-25",
)
_GROUPS = ("modp1024", "modp1536", "modp2048", "dh-19", "dh-20", "dh-21")
_DIGESTS = ("sha2_512", "sha2_384", "sha2_256", "sha1")

PROVIDER = Provider(
    name="zscaler",
    title="Zscaler Internet Access",
    sources=(_PARAMETERS, _TUNNELS),
    local_id="site1@example.com",
    fields=(
        ("ike-encryption", "aes256"),
        ("ike-digest", "sha2_256"),
        ("ike-modp", "modp2048"),
        ("ike-v2", "insist"),
        ("phase2-encryption", "aes_gcm256"),
        ("ike-lifetime", "24h"),
        ("connection-lifetime", "8h"),
        ("perfect-forward-secrecy", "false"),
        ("dpddelay", "20"),
        ("dpdaction", "restart"),
        ("mtu", "1400"),
    ),
    options=(("esn", "no"),),
    limits=(
        OneOf(_PARAMETERS, "ike-v2", ("insist", "yes", "propose")),
        OneOf(_PARAMETERS, "ike-encryption", ("aes256", "aes192", "aes128", "3des")),
        OneOf(_PARAMETERS, "ike-digest", _DIGESTS),
        OneOf(_PARAMETERS, "ike-modp", _GROUPS),
        Goes(_PARAMETERS, "ike-digest", ("sha2_512", "sha2_384"), "ike-modp", ("modp2048",)),
        Goes(_PARAMETERS, "ike-encryption", ("3des",), "ike-modp", ("modp1024",)),
        Goes(_PARAMETERS, "ike-encryption", ("3des",), "ike-digest", ("sha1", "sha2_256")),
        OneOf(
            _PARAMETERS,
            "phase2-encryption",
            ("aes_gcm256", "aes_gcm192", "aes_gcm128", "null", "aes256", "aes192", "aes128"),
        ),
        OneOf(_PARAMETERS, "phase2-digest", ("md5", *_DIGESTS)),
        OneOf(_PARAMETERS, "phase2-modp", _GROUPS),
        Between(_PARAMETERS, "ike-lifetime", "", "24h"),
        Between(_PARAMETERS, "connection-lifetime", "", "8h"),
        Between(_PARAMETERS, "mtu", "", "1400"),
        Mss(_PARAMETERS, 1360),
        ChildSas(_PARAMETERS, 8),
        Option(
            _PARAMETERS, "esn", "no", "proposals with extended sequence numbers are not supported"
        ),
        Monitored(
            _PARAMETERS,
            "http",
            "in maintenance its VPN end answers and forwards nothing",
            "path /vpntest, for the host gateway.<your cloud>.net",
        ),
        Identity(
            _PARAMETERS,
            r".*[A-Za-z].*|(?!10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)[0-9.]+",
            "the FQDN or user FQDN of the VPN credential, or a static public address",
        ),
    ),
    notes=(
        (
            "Add a VPN credential with the local-id and the key, and a location that uses it. A private "
            "address as identity fails; so a local-id is needed here, where the egress is always translated."
        ),
        (
            "AES in phase 2 needs a subscription of its own. Without it only phase2-encryption null is "
            "taken, which encrypts nothing."
        ),
        "Two tunnels to two data centers are advised: two remotes, of one profile.",
        "At most 400 Mbit/s for each public source address.",
        "PFS is advised against. Zscaler's own DPD asks every 20 seconds, five times.",
        "IKEv1 is closed to new tenants, and takes group 2 only, which Libreswan 4 lacks.",
        (
            "In maintenance a data center's VPN end may stay up without forwarding, so DPD and pings of it are no "
            "monitor: a destination of tunnel-monitor asks http://gateway.<your cloud>.net/vpntest, which a profile "
            "cannot carry."
        ),
    ),
)
