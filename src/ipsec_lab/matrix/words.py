"""What each word of a profile is called by those it is compared with: swanctl, charon, and the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Cipher(NamedTuple):
    """``told`` is how ``swanctl --list-sas`` names it, with its key's bits; ``key`` is what the kernel is given, in
    bits: with the salt of an AEAD cipher (RFC 4106, 4309, 7634).
    """

    told: str
    kernel: str
    key: int
    aead: bool = False


class Digest(NamedTuple):
    """``icv`` is the length of the check value in bits; ``key`` that of the key."""

    told: str
    prf: str
    kernel: str
    icv: int
    key: int


CIPHERS: Mapping[str, Cipher] = {
    "null": Cipher("NULL", "ecb(cipher_null)", 0),
    "aes128": Cipher("AES_CBC-128", "cbc(aes)", 128),
    "aes192": Cipher("AES_CBC-192", "cbc(aes)", 192),
    "aes256": Cipher("AES_CBC-256", "cbc(aes)", 256),
    "3des": Cipher("3DES_CBC", "cbc(des3_ede)", 192),
    "aes_gcm128": Cipher("AES_GCM_16-128", "rfc4106(gcm(aes))", 160, aead=True),
    "aes_gcm192": Cipher("AES_GCM_16-192", "rfc4106(gcm(aes))", 224, aead=True),
    "aes_gcm256": Cipher("AES_GCM_16-256", "rfc4106(gcm(aes))", 288, aead=True),
    "aes_ccm128": Cipher("AES_CCM_16-128", "rfc4309(ccm(aes))", 152, aead=True),
    "aes_ccm256": Cipher("AES_CCM_16-256", "rfc4309(ccm(aes))", 280, aead=True),
    "chacha20_poly1305": Cipher(
        "CHACHA20_POLY1305", "rfc7539esp(chacha20,poly1305)", 288, aead=True
    ),
    "camellia128": Cipher("CAMELLIA_CBC-128", "cbc(camellia)", 128),
    "camellia256": Cipher("CAMELLIA_CBC-256", "cbc(camellia)", 256),
}

DIGESTS: Mapping[str, Digest] = {
    "md5": Digest("HMAC_MD5_96", "PRF_HMAC_MD5", "hmac(md5)", 96, 128),
    "sha1": Digest("HMAC_SHA1_96", "PRF_HMAC_SHA1", "hmac(sha1)", 96, 160),
    "sha2_256": Digest("HMAC_SHA2_256_128", "PRF_HMAC_SHA2_256", "hmac(sha256)", 128, 256),
    "sha2_384": Digest("HMAC_SHA2_384_192", "PRF_HMAC_SHA2_384", "hmac(sha384)", 192, 384),
    "sha2_512": Digest("HMAC_SHA2_512_256", "PRF_HMAC_SHA2_512", "hmac(sha512)", 256, 512),
    "aes_xcbc": Digest("AES_XCBC_96", "PRF_AES128_XCBC", "xcbc(aes)", 96, 128),
    "aes_cmac": Digest("AES_CMAC_96", "PRF_AES128_CMAC", "cmac(aes)", 96, 128),
}

GROUPS: Mapping[str, str] = {
    **{f"modp{bits}": f"MODP_{bits}" for bits in (1024, 1536, 2048, 3072, 4096, 6144, 8192)},
    "dh-19": "ECP_256",
    "dh-20": "ECP_384",
    "dh-21": "ECP_521",
    "dh-22": "MODP_1024_160",
    "dh-23": "MODP_2048_224",
    "dh-24": "MODP_2048_256",
    "dh-31": "CURVE_25519",
}

SYNONYMS: Mapping[str, str] = {
    "aes-256-gcm": "aes_gcm256",
    "sha2": "sha2_256",
    "sha512": "sha2_512",
}
"""Words of the model that say the same as another."""

NO_ALGORITHM = "no-auth"
"""The model's word for no digest, beside a cipher that needs none."""


def ike_told(cipher: str, digest: str, group: str) -> str:
    """An IKE SA as ``swanctl --list-sas`` tells it; with an AEAD cipher the digest is the PRF alone."""
    one, other = CIPHERS[cipher], DIGESTS[digest]
    integrity = () if one.aead else (other.told,)
    return "/".join((one.told, *integrity, other.prf, GROUPS[group]))


def esp_told(cipher: str, digest: str, group: str, *, esn: bool) -> str:
    """A child SA as it tells it; ``group`` is empty where no exchange of its own was made for it."""
    parts = [CIPHERS[cipher].told]
    parts += [DIGESTS[digest].told] if digest else []
    parts += [GROUPS[group]] if group else []
    return "/".join((*parts, *(("ESN",) if esn else ())))


def kernel_told(cipher: str, digest: str) -> str:
    """The kernel's names of what protects a packet, with the bits of the key and of the check value."""
    one = CIPHERS[cipher]
    if one.aead:
        return f"{one.kernel} {one.key}"
    other = DIGESTS[digest]
    return f"{one.kernel} {one.key}, {other.kernel} {other.key}/{other.icv}"


def unknown(words: Iterable[str]) -> list[str]:
    """The words of the model that nothing here knows: whoever adds one there adds its names here."""
    known = {*CIPHERS, *DIGESTS, *GROUPS, *SYNONYMS, NO_ALGORITHM}
    return sorted(set(words) - known)
