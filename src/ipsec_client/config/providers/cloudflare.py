"""Cloudflare Magic WAN (also sold as Cloudflare WAN): anycast IPsec tunnels."""

from __future__ import annotations

from ipsec_client.config.providers.provider import (
    ChildSas,
    Goes,
    Identity,
    Mss,
    OneOf,
    Option,
    Provider,
    Source,
)

_TUNNELS = Source(
    "GRE and IPsec tunnels",
    "developers.cloudflare.com/magic-wan/reference/gre-ipsec-tunnels",
    "read 2026-11-25",
)
_REPLAY = Source(
    "Anti-replay protection",
    "developers.cloudflare.com/magic-wan/reference/anti-replay-protection",
    "read 2026-11-25",
)
_MSS = Source(
    "MTU and MSS", "developers.cloudflare.com/magic-wan/reference/mtu-mss", "read 2026-11-25"
)
_GROUPS = ("dh-20", "modp2048", "modp1536")

PROVIDER = Provider(
    name="cloudflare",
    title="Cloudflare Magic WAN",
    sources=(_TUNNELS, _REPLAY, _MSS),
    local_id="0123456789abcdef0123456789abcdef.123456789.ipsec.cloudflare.com",
    fields=(
        ("ike-encryption", "aes256"),
        ("ike-digest", "sha2_256"),
        ("ike-modp", "dh-20"),
        ("ike-v2", "insist"),
        ("phase2-encryption", "aes_gcm256"),
        ("phase2-modp", "dh-20"),
        ("ike-lifetime", "24h"),
        ("connection-lifetime", "8h"),
        ("perfect-forward-secrecy", "true"),
        ("dpddelay", "10"),
        ("dpdaction", "restart"),
    ),
    options=(("esn", "no"), ("replay-window", "0")),
    limits=(
        OneOf(_TUNNELS, "ike-v2", ("insist", "yes", "propose")),
        OneOf(_TUNNELS, "ike-encryption", ("aes_gcm256", "aes_gcm128", "aes256")),
        OneOf(_TUNNELS, "ike-digest", ("sha2_256", "sha2_384", "sha2_512")),
        Goes(_TUNNELS, "ike-encryption", ("aes256",), "ike-digest", ("sha2_256",)),
        OneOf(_TUNNELS, "ike-modp", _GROUPS),
        OneOf(
            _TUNNELS,
            "phase2-encryption",
            ("aes_gcm256", "aes_gcm128", "aes256", "aes128", "null"),
        ),
        OneOf(_TUNNELS, "phase2-digest", ("sha2_256", "sha1")),
        OneOf(_TUNNELS, "phase2-modp", _GROUPS),
        OneOf(_TUNNELS, "dpdaction", ("restart",)),
        Mss(_MSS, 1360),
        ChildSas(_TUNNELS, 100),
        Option(_TUNNELS, "esn", "no", "extended sequence numbers must be off"),
        Option(
            _REPLAY,
            "replay-window",
            "0",
            "a tunnel's packets come from many servers, each counting for itself",
        ),
        Identity(
            _TUNNELS,
            r"(ipsec@)?[^.@]+\.[^.@]+(\.custom)?\.ipsec\.cloudflare\.com|[^._]+_[^._]+|[0-9.]+",
            "<tunnel>.<account>.ipsec.cloudflare.com, or the customer endpoint's address",
        ),
    ),
    notes=(
        (
            "Behind address translation, which is always so here, Cloudflare wants IKE to begin on port "
            "4500. This client begins on 500 and moves to 4500; try a tunnel before you rely on one."
        ),
        "Cloudflare never begins a negotiation.",
        (
            "Turn replay protection on at Cloudflare only if you set the custom-option replay-window to "
            "another value; the tunnel then has one server instead of many."
        ),
        "One group only is advised, group 20, as here.",
        (
            "Cloudflare probes through the tunnel: a service must let its pings reach their target. Health is "
            "healthy, degraded or down."
        ),
        (
            "Two tunnels, to both of the anycast addresses of the account: two remotes, each with a profile "
            "of its own, since each tunnel has an identity of its own."
        ),
    ),
)
