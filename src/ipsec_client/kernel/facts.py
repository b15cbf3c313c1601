"""What this host has and lacks for an ipsec-client, found by trying it in a namespace that nobody else sees."""

from __future__ import annotations

import ipaddress
import platform
import re
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import in_thread
from ipsec_client.kernel import firewall, namespaces, rtnetlink, sysctl
from ipsec_client.kernel.netlink import (
    NETLINK_ROUTE,
    NETLINK_XFRM,
    NLM_F_CREATE,
    NLM_F_EXCL,
    Netlink,
    attribute,
)
from ipsec_client.kernel.rtnetlink import RTM_NEWLINK, RTM_NEWRULE
from ipsec_client.kernel.xfrm import (
    IPPROTO_ESP,
    XFRM_ADDRESS,
    XFRM_ID,
    XFRM_MSG_NEWSA,
    XFRM_SELECTOR,
    XFRM_USERSA_FAMILY,
    XFRM_USERSA_FAMILY_AT,
    XFRM_USERSA_INFO,
    XFRMA_ALG_AEAD,
)
from ipsec_client.plan.objects import NFT_TABLE, PRIORITIES, Rule

CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_ADMIN": 21}  # linux/capability.h

XFRM_ALGO_AEAD = struct.Struct("=64sII")  # name, bits of key, bits of check value; the key follows
XFRM_MODE_TUNNEL = 1

TRIED_TABLE = f"""table inet {NFT_TABLE} {{
  chain forward {{ type filter hook forward priority filter; ct state established accept; }}
  chain probes {{ type nat hook postrouting priority srcnat; fib saddr type local masquerade; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that matters here: what was ``found`` of it, whether that is ``good``, and the ``cure`` if not."""

    name: str
    good: bool
    found: str
    cure: str = ""


def facts() -> list[Fact]:
    """Everything that ``doctor`` tells of the kernel and its tools. Needs root to find out; changes nothing."""
    return [Fact("kernel", True, platform.release()), *_rights(), *_parts()]


def _rights() -> Iterator[Fact]:
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    held = int(found[1], 16) if found else 0
    missing = [name for name, bit in CAPABILITIES.items() if not held >> bit & 1]
    if missing:
        yield Fact("rights", False, f"no {', '.join(missing)}", "Run as root")
    else:
        yield Fact("rights", True, "sufficient")


def _parts() -> Iterator[Fact]:
    yield _tried("network namespaces", lambda: None, "Use a kernel with CONFIG_NET_NS")
    yield _tried(
        "veth devices",
        lambda: _try_device(rtnetlink.new_device("tried", "veth")),
        "Load or build the module veth (CONFIG_VETH)",
    )
    yield _tried("policy routing", _try_rule, "Use a kernel with CONFIG_IP_MULTIPLE_TABLES")
    yield _tried(
        "XFRM interfaces",
        lambda: _try_device(rtnetlink.xfrm_interface("tried", 1)),
        "Load or build the module xfrm_interface (CONFIG_XFRM_INTERFACE)",
    )
    yield _tried(
        "ESP with AES-GCM",
        _try_esp,
        "Load or build the modules esp4 and gcm (CONFIG_INET_ESP, CONFIG_CRYPTO_GCM)",
    )
    yield _tried(
        "nftables",
        lambda: firewall.expected(TRIED_TABLE),
        "Install nftables; use a kernel with NF_TABLES_INET, NFT_NAT, NFT_MASQ, NFT_FIB_INET",
    )
    forwarding = sysctl.read("", "net/ipv4/ip_forward")
    yield Fact("IPv4 forwarding", True, "on" if forwarding == "1" else "off; the agent turns it on")


def _tried(name: str, attempt: Callable[[], object], cure: str) -> Fact:
    try:
        in_thread(namespaces.apart, attempt)
    except HostFault as fault:
        return Fact(name, False, fault.what, cure)
    except OSError as error:
        return Fact(name, False, error.strerror or str(error), cure)
    return Fact(name, True, "present")


def _try_device(body: bytes) -> None:
    with Netlink(NETLINK_ROUTE) as kernel:
        kernel.request(RTM_NEWLINK, body, NLM_F_CREATE | NLM_F_EXCL)


def _try_rule() -> None:
    with Netlink(NETLINK_ROUTE) as kernel:
        body = rtnetlink.rule(Rule("", PRIORITIES[0], 1))
        kernel.request(RTM_NEWRULE, body, NLM_F_CREATE | NLM_F_EXCL)


def _try_esp() -> None:
    """Adds an SA whose key is zeros, for addresses of documentation (RFC 5737)."""
    info = bytearray(XFRM_USERSA_INFO)
    ends = [ipaddress.ip_address(text).packed for text in ("192.0.2.2", "192.0.2.1")]
    XFRM_ID.pack_into(info, XFRM_SELECTOR, ends[0], socket.htonl(0x100), IPPROTO_ESP)
    XFRM_ADDRESS.pack_into(info, XFRM_SELECTOR + XFRM_ID.size, ends[1])
    XFRM_USERSA_FAMILY.pack_into(info, XFRM_USERSA_FAMILY_AT, socket.AF_INET)
    info[XFRM_USERSA_FAMILY_AT + XFRM_USERSA_FAMILY.size] = XFRM_MODE_TUNNEL
    key = bytes(20)  # AES-128 and the salt of RFC 4106
    cipher = XFRM_ALGO_AEAD.pack(b"rfc4106(gcm(aes))", len(key) * 8, 128) + key
    with Netlink(NETLINK_XFRM) as kernel:
        body = bytes(info) + attribute(XFRMA_ALG_AEAD, cipher)
        kernel.request(XFRM_MSG_NEWSA, body, NLM_F_CREATE | NLM_F_EXCL)
