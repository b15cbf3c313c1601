"""What the words mean that a field may be one of. A word that means something else in some field stands with it."""

from __future__ import annotations

from ipsec_client.config.providers import PROVIDERS

_CIPHERS = {
    **{f"aes{bits}": f"AES in CBC mode with a key of {bits} bits" for bits in (128, 192, 256)},
    "3des": "Triple DES in CBC mode",
    **{f"aes_gcm{bits}": f"AES in GCM mode with a key of {bits} bits" for bits in (128, 192, 256)},
    "aes-256-gcm": "The same as aes_gcm256",
    **{f"aes_ccm{bits}": f"AES in CCM mode with a key of {bits} bits" for bits in (128, 256)},
    "chacha20_poly1305": "ChaCha20 with Poly1305",
    **{f"camellia{bits}": f"Camellia in CBC mode with a key of {bits} bits" for bits in (128, 256)},
    "null": "No encryption: packets can be read by everyone",
}
_DIGESTS = {
    "md5": "HMAC-MD5, which is broken",
    "sha1": "HMAC-SHA-1",
    "sha2": "The same as sha2_256",
    **{f"sha2_{bits}": f"HMAC-SHA-2 with {bits} bits" for bits in (256, 384, 512)},
    "sha512": "The same as sha2_512",
    "aes_xcbc": "AES-XCBC",
    "aes_cmac": "AES-CMAC",
    "no-auth": "None beside the cipher, which brings its own",
}
_GROUPS = {
    **{f"modp{bits}": f"Powers modulo a prime of {bits} bits" for bits in (1024, 1536, 2048, 3072)},
    **{f"modp{bits}": f"Powers modulo a prime of {bits} bits" for bits in (4096, 6144, 8192)},
    **{
        f"dh-{group}": f"The NIST curve of {bits} bits"
        for group, bits in ((19, 256), (20, 384), (21, 521))
    },
    "dh-22": "Powers modulo a prime of 1024 bits, in a subgroup of 160",
    "dh-23": "Powers modulo a prime of 2048 bits, in a subgroup of 224",
    "dh-24": "Powers modulo a prime of 2048 bits, in a subgroup of 256",
    "dh-31": "Curve25519",
}
_ROUTER = {
    "private": "Only this authority",
    "public": "Others too",
    "allow": "It may",
    "deny": "It may not",
    "tcp": "TCP",
    "udp": "UDP",
    "icmp": "ICMP",
    "gre": "GRE",
    "external": "A network outside the authority",
    "fabric": "A network between routers of the authority",
    "shared": "Both",
    "ethernet": "An Ethernet port",
    "host": "A KNI: its other end is in Linux",
    "bridged": "A bridge with Linux",
    "pppoe": "PPP over Ethernet",
    "lte": "A mobile network's modem",
    "t1": "A T1 line",
    "bond": "Several ports as one",
    "vhost": "A virtual machine's port",
    "conduit": "A KNI to other software",
    "kni": "A KNI as it was once called",
    "automatic": "What fits the MTU",
    "disabled": "Nothing is done",
    "v4": "By DHCP for IPv4",
    "drop": "They are dropped",
    "router": "Routers are named",
    "router-group": "Groups of routers are named",
    "hunt": "The best path that is there takes all",
    "proportional": "Each path takes a share",
    "ordered": "By its place in the list",
    "none": "They end",
    "failover": "They move to another path",
    "revertible-failover": "They move to another path, and back when the first one is good again",
    "packet-duplication": "Each packet is sent by several paths",
    "reset": "They are reset",
    "block": "They are dropped",
}

MEANINGS: dict[str, str] = {
    **_CIPHERS,
    **_DIGESTS,
    **_GROUPS,
    **_ROUTER,
    "esp": "Encapsulating Security Payload",
    "ah": "Authentication Header",
    "insist": "IKEv2 only",
    "propose": "IKEv2",
    "permit": "IKEv1",
    "never": "IKEv1 only",
    "clear": "The tunnel is taken down",
    "hold": "The tunnel is taken down, and made again when packets want it",
    "restart": "The tunnel is made again at once",
    "auto": "When a NAT is found on the way",
    "cisco": "A Cisco concentrator",
    "ietf": "Any that keeps to the standards",
    "icmp allow": "They are answered",
    "transport-state-enforcement allow": "They go on",
    "priority never": "The path is not used",
    "ike-v2 yes": "IKEv2",
    "ike-v2 no": "IKEv1",
    "encapsulation yes": "Always",
    "encapsulation no": "Never",
    "protocol http": "A page by HTTP",
    "protocol dns": "A name of a name server, by UDP",
    "A": "An IPv4 address",
    "AAAA": "An IPv6 address",
    "immediate": "As soon as it is up",
    "delayed": "When it has been up for a while",
    "manual": "When an operator says so, or the tunnel in use fails",
    **{f"provider {name}": of.title for name, of in PROVIDERS.items()},
}


def meaning(field: str, word: str) -> str:
    """What the word means in the field; empty where it speaks for itself."""
    return MEANINGS.get(f"{field} {word}") or MEANINGS.get(word, "")
