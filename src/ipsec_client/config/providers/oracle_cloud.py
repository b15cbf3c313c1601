"""Oracle Cloud Infrastructure Site-to-Site VPN, commercial cloud."""

from __future__ import annotations

from ipsec_client.config.providers.provider import (
    Between,
    Identity,
    Key,
    OneOf,
    Provider,
    Source,
)

_PARAMETERS = Source(
    "Supported IPSec Parameters",
    "docs.oracle.com/iaas/Content/Network/Reference/supportedIPsecparams.htm",
    "2024-08-21",
)
_BEHIND_NAT = Source(
    "CPE Configuration: If the CPE Is Behind a NAT Device",
    "docs.oracle.com/iaas/Content/Network/Tasks/configuringCPE.htm",
    "read 2026-11-25",
)
_PHASE1_GROUPS = ("modp1024", "modp1536", "modp2048", "dh-19", "dh-20")
_CBC = ("aes256", "aes192", "aes128")

PROVIDER = Provider(
    name="oracle-cloud",
    title="Oracle Cloud Site-to-Site VPN",
    sources=(_PARAMETERS, _BEHIND_NAT),
    local_id="192.0.2.1",
    fields=(
        ("ike-encryption", "aes256"),
        ("ike-digest", "sha2_384"),
        ("ike-modp", "dh-20"),
        ("ike-v2", "insist"),
        ("phase2-encryption", "aes_gcm256"),
        ("phase2-modp", "dh-20"),
        ("ike-lifetime", "28800"),
        ("connection-lifetime", "3600"),
        ("perfect-forward-secrecy", "true"),
        ("dpddelay", "10"),
        ("dpdaction", "restart"),
    ),
    limits=(
        OneOf(_PARAMETERS, "ike-encryption", _CBC),
        OneOf(_PARAMETERS, "ike-digest", ("sha2_384", "sha2_256", "sha1")),
        OneOf(_PARAMETERS, "ike-modp", _PHASE1_GROUPS),
        OneOf(_PARAMETERS, "phase2-encryption", ("aes_gcm256", "aes_gcm192", "aes_gcm128", *_CBC)),
        OneOf(_PARAMETERS, "phase2-digest", ("sha2_256", "sha1")),
        OneOf(_PARAMETERS, "phase2-modp", (*_PHASE1_GROUPS, "dh-24")),
        Between(_PARAMETERS, "ike-lifetime", "", "28800s"),
        Between(_PARAMETERS, "connection-lifetime", "", "3600s"),
        Key(_PARAMETERS, r"[A-Za-z0-9 ]+", "letters, digits and blanks"),
        Identity(
            _BEHIND_NAT, r".+", "the CPE IKE identifier of the connection, an address or a name"
        ),
    ),
    notes=(
        (
            "Choose IKEv2 for the tunnel, and set its custom phase one and two to this profile's values: "
            "Oracle's own default for PFS is group 5, which is weak."
        ),
        "Set the connection's CPE IKE identifier to the local-id; it is the CPE's address unless changed.",
        (
            "A connection has several tunnels, and traffic from the cloud may come by any that is up: "
            "two remotes, and no firewall between that minds asymmetric ways."
        ),
        (
            "Oracle's proposals are larger than one packet, so a firewall on the way must let IP fragments "
            "pass where Oracle begins the negotiation."
        ),
        "Oracle's DPD timeout is 20 seconds unless set.",
    ),
)
