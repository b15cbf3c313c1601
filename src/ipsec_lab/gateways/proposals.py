"""The algorithms a gateway accepts, in the profile's words: what is written there, or a strong list.

Where only part of a set is written, the strong list stands for the rest of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STRONG_CIPHERS = ("aes_gcm256", "aes256")
STRONG_DIGESTS = ("sha2_512", "sha2_384", "sha2_256")
STRONG_GROUPS = ("dh-20", "dh-19", "dh-31", "modp4096", "modp3072", "modp2048")

_IKEV1 = frozenset({"permit", "no", "never"})
_NO_DIGEST = "no-auth"

Profile = Mapping[str, Any]
_Written = str | Sequence[str] | None


@dataclass(frozen=True)
class Proposal:
    """One cipher with the digests and groups that may go with it; any one of each."""

    cipher: str
    digests: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def aead(self) -> bool:
        """Whether the cipher protects integrity itself."""
        return _is_aead(self.cipher)


def ike_version(profile: Profile) -> int:
    """1 or 2; the page's default is IKEv2 alone."""
    return 1 if profile.get("ike-v2", "insist") in _IKEV1 else 2


def ike_proposals(profile: Profile) -> tuple[Proposal, ...]:
    """What is accepted for the IKE SA; with an AEAD cipher the digests are for the PRF."""
    digests, groups = _digests(profile.get("ike-digest")), _groups(profile.get("ike-modp"))
    ciphers = _ciphers(profile.get("ike-encryption"))
    if ike_version(profile) == 1:
        # IKEv1 has no AEAD for its own messages (RFC 5282 is for IKEv2).
        ciphers = tuple(cipher for cipher in ciphers if not _is_aead(cipher))
    return tuple(Proposal(cipher, digests, groups) for cipher in ciphers)


def esp_proposals(profile: Profile) -> tuple[Proposal, ...]:
    """What is accepted for the child SA; a group only with perfect forward secrecy."""
    pfs = profile.get("perfect-forward-secrecy", False)
    digests = _digests(profile.get("phase2-digest"))
    groups = _groups(profile.get("phase2-modp")) if pfs else ()
    return tuple(
        Proposal(cipher, () if _is_aead(cipher) else digests, groups)
        for cipher in _ciphers(profile.get("phase2-encryption"))
    )


def _ciphers(written: _Written) -> tuple[str, ...]:
    return _several(written) or STRONG_CIPHERS


def _digests(written: _Written) -> tuple[str, ...]:
    return tuple(word for word in _several(written) if word != _NO_DIGEST) or STRONG_DIGESTS


def _groups(written: _Written) -> tuple[str, ...]:
    return _several(written) or STRONG_GROUPS


def _several(written: _Written) -> tuple[str, ...]:
    """A node document has one value as a word, several as a list."""
    return (written,) if isinstance(written, str) else tuple(written or ())


def _is_aead(cipher: str) -> bool:
    return any(mode in cipher for mode in ("gcm", "ccm", "poly1305"))
