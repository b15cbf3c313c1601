"""Libreswan's options of a connection: which a ``custom-option`` may set, and why it may not set the others.

The names are all those that a series knows in a ``conn``; tests/oracle asks the parsers of 4 and 5 for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

UNKNOWN = "no such Libreswan option"

_WORD = "word"
_NUMBER = "whole number"
_TIME = "time such as 500ms, 30s or 5m"
_PERCENT = "percentage such as 50%"

_PATTERNS = {
    _WORD: re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII),
    _NUMBER: re.compile(r"\d{1,10}", re.ASCII),
    _TIME: re.compile(r"\d{1,9}(ms|s|m|h|d|)", re.ASCII),
    _PERCENT: re.compile(r"\d{1,4}%", re.ASCII),
}

_ALLOWED = {
    "aggressive": _WORD,
    "cisco-unity": _WORD,
    "decap-dscp": _WORD,
    "encap-dscp": _WORD,
    "esn": _WORD,
    "fake-strongswan": _WORD,
    "fragmentation": _WORD,
    "ignore-peer-dns": _WORD,
    "ikepad": _WORD,
    "initial-contact": _WORD,
    "intermediate": _WORD,
    "ipsec-max-bytes": _NUMBER,
    "ipsec-max-packets": _NUMBER,
    "iptfs": _WORD,
    "iptfs-drop-time": _TIME,
    "iptfs-fragmentation": _WORD,
    "iptfs-init-delay": _TIME,
    "iptfs-max-queue-size": _NUMBER,
    "iptfs-packet-size": _NUMBER,
    "iptfs-reorder-window": _NUMBER,
    "mobike": _WORD,
    "ms-dh-downgrade": _WORD,
    "narrowing": _WORD,
    "nat-ikev1-method": _WORD,
    "nat-keepalive": _WORD,
    "nopmtudisc": _WORD,
    "pfs-rekey-workaround": _WORD,
    "priority": _NUMBER,
    "reauth": _WORD,
    "rekeyfuzz": _PERCENT,
    "rekeymargin": _TIME,
    "replay-window": _NUMBER,
    "retransmit-timeout": _TIME,
    "send-no-esp-tfc": _WORD,
    "send-vendorid": _WORD,
    "session-resumption": _WORD,
    "sha2-truncbug": _WORD,
    "tfc": _NUMBER,
}
"""The options a custom-option may set, with the form of their values.

Libreswan judges words itself. A number it cannot read it takes for 0 in silence (``replay-window=abc``
turns replay protection off), so those are judged here.
"""

_FIELDS = {
    "ike-encryption, ike-digest and ike-modp": ("ike",),
    "phase2-encryption, phase2-digest and phase2-modp": ("esp", "ah", "phase2alg"),
    "authentication-protocol": ("phase2",),
    "ike-v2": ("ikev2", "keyexchange"),
    "ike-lifetime": ("ikelifetime",),
    "connection-lifetime": ("salifetime", "lifetime", "keylife", "ipsec-lifetime"),
    "dpdtimeout": ("ikev1-dpdtimeout",),
    "ike-retransmit-interval": ("retransmit-interval",),
    "perfect-forward-secrecy": ("pfs",),
    "encapsulation": ("encapsulation", "forceencaps"),
    "remote-peer-type": ("remote-peer-type", "remote_peer_type"),
    "the field of that name": ("compress", "dpddelay", "dpdtimeout", "dpdaction", "metric", "mtu"),
}

_OURS = (
    "authby",
    "auto",
    "clientaddrfamily",
    "connalias",
    "hostaddrfamily",
    "ipsec-interface",
    "keyingtries",
    "mark",
    "mark-in",
    "mark-out",
    "nic-offload",
    "rekey",
    "type",
)

_REASONS = {
    "is an old name of aggressive": ("aggrmode",),
    "runs a program": ("pam-authorize",),
    "takes in other parts of a file": ("also", "alsoflip", "include"),
    "decides what passes without a tunnel; here nothing does": ("failureshunt", "negotiationshunt"),
    "moves the tunnel to a gateway that is not configured": (
        "accept-redirect",
        "accept-redirect-to",
        "redirect-to",
        "send-redirect",
    ),
    "is for certificates; gateways are known by their pre-shared key": (
        "require-id-on-certificate",
        "sendca",
    ),
    "needs a secret besides the pre-shared key": ("ppk", "ppk-ids", "xauthby", "xauthfail"),
    "takes IKE off UDP, and nothing else leaves the namespace": ("enable-tcp", "tcp-remoteport"),
    "reaches what lies outside this connection": (
        "interface-ip",
        "modecfgbanner",
        "modecfgdns",
        "modecfgdomains",
        "modecfgpull",
        "nflog",
        "nm-configured",
        "overlapip",
        "policy-label",
        "reqid",
        "sec-label",
        "vti-interface",
        "vti-routing",
        "vti-shared",
    ),
}

_ENDS = (
    "",
    "addresspool",
    "auth",
    "autheap",
    "ca",
    "cat",
    "cert",
    "ckaid",
    "ecdsakey",
    "id",
    "ikeport",
    "modecfgclient",
    "modecfgserver",
    "nexthop",
    "protoport",
    "pubkey",
    "rsasigkey",
    "sendcert",
    "sourceip",
    "subnet",
    "subnets",
    "updown",
    "username",
    "vti",
    "xauthclient",
    "xauthserver",
    "xauthusername",
)
"""What may follow ``left`` and ``right``; each but the first also stands alone and then means both ends."""

_SETUP = (
    "audit-log",
    "crl-strict",
    "crlcheckinterval",
    "curl-iface",
    "curl-timeout",
    "ddos-ike-threshold",
    "ddos-mode",
    "dnssec-anchors",
    "dnssec-enable",
    "dnssec-rootkey-file",
    "drop-oppo-null",
    "dumpdir",
    "global-redirect",
    "global-redirect-to",
    "ike-socket-bufsize",
    "ike-socket-errqueue",
    "ikev1-policy",
    "ikev1-secctx-attr-type",
    "interfaces",
    "ipsec-interface-managed",
    "ipsecdir",
    "keep-alive",
    "listen",
    "listen-tcp",
    "listen-udp",
    "logappend",
    "logfile",
    "logip",
    "logtime",
    "max-halfopen-ike",
    "myvendorid",
    "nflog-all",
    "nhelpers",
    "nssdir",
    "ocsp-cache-max-age",
    "ocsp-cache-min-age",
    "ocsp-cache-size",
    "ocsp-enable",
    "ocsp-method",
    "ocsp-strict",
    "ocsp-timeout",
    "ocsp-trustname",
    "ocsp-uri",
    "plutodebug",
    "plutostderrlog",
    "protostack",
    "secctx-attr-type",
    "secretsfile",
    "seedbits",
    "shuntlifetime",
    "statsbin",
    "syslog",
    "uniqueids",
    "virtual-private",
    "virtual_private",
    "xfrmlifetime",
)


def _table() -> Iterator[tuple[str, str]]:
    for name in _ALLOWED:
        yield name, ""
    for setter, names in _FIELDS.items():
        for name in names:
            yield name, f"is set by {setter}"
    for name in _OURS:
        yield name, "is ours to set: it ties the connection to its tunnel device"
    for reason, names in _REASONS.items():
        for name in names:
            yield name, reason
    for word in _ENDS:
        reason = "runs a program" if word == "updown" else _AN_END
        for side in ("left", "right", "") if word else ("left", "right"):
            yield side + word, reason
    for name in _SETUP:
        yield name, "is an option of all connections together, not of one"


_AN_END = (
    "describes an end of the tunnel; use host, subnet, local-subnet, remote-id and local-id instead"
)

_SINCE_4 = ("intermediate", "ipsec-max-bytes", "ipsec-max-packets")
_UNTIL_4 = ("alsoflip", "forceencaps")
_SINCE_5 = (
    *(name for name in _ALLOWED if name.startswith("iptfs")),
    *("encap-dscp", "pfs-rekey-workaround", "session-resumption"),
    *("ikev1-dpdtimeout", "interface-ip", "ipsec-interface-managed", "ppk-ids"),
)


def _without(*names: str) -> Mapping[str, str]:
    return {name: reason for name, reason in _table() if name not in names}


OPTIONS: Mapping[int, Mapping[str, str]] = {
    3: _without(*_SINCE_4, *_SINCE_5),
    4: _without(*_SINCE_5),
    5: _without(*_UNTIL_4),
}
"""By series: each option's name with the reason why a custom-option may not set it; empty where it may."""


def refuse(name: str, value: str | None, series: int) -> str | None:
    """Why this custom-option is not for use with that series; None where it may be tried on Libreswan itself.

    Libreswan reads names without regard to case, so that is how they are looked up. That a value is
    missing is for others to tell.
    """
    reason = OPTIONS[series].get(name.lower(), UNKNOWN)
    if reason or value is None:
        return reason or None
    form = _ALLOWED[name.lower()]
    return None if _PATTERNS[form].fullmatch(value) else f"has a value that is no {form}"


_WEAK = {
    ("aggressive", "yes"): "lets anybody who asks try keys at home (RFC 2409, 5.4)",
    ("replay-window", "0"): "lets packets that were recorded pass again (RFC 4303, 3.4.3)",
}


def weak(name: str, value: str) -> str | None:
    """Why an option of that value protects poorly; None where nothing is known against it."""
    return _WEAK.get((name.lower(), value.lower()))
