"""What an export holds: the configuration as text without keys, or with them and encrypted by a passphrase.

Encrypted: the head, 16 octets of salt, 12 of nonce, then AES-256-GCM over the text, its key by scrypt (RFC 7914).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ipsec_client.base.errors import Fault, HostFault, InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.config.findings import refused
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority, Config

if (
    TYPE_CHECKING
):  # imported where it is used: few conductors ever encrypt, and its import takes long
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_HEAD = b"ipsec-client export 1\n"
_SALT, _NONCE = 16, 12  # octets
_COST = {"length": 32, "n": 2**15, "r": 8, "p": 1}  # 32 MiB and a tenth of a second for each guess
_SHORTEST = 8


def check_name(name: str) -> None:
    """Raises InputFault for a name that cannot be an export's."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}", name, re.ASCII):
        raise InputFault(
            "this cannot be the name of an export",
            cure="Use up to 63 letters, digits, dots, hyphens and underscores",
        )


def sealed(authority: Authority, passphrase: Secret | None) -> bytes:
    """The content of an export. Raises InputFault for a passphrase that is too short."""
    if passphrase is None:
        return write(Config(authority=authority)).encode()
    if len(passphrase.reveal()) < _SHORTEST:
        raise InputFault(f"the passphrase is shorter than {_SHORTEST} characters")
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    text = write(Config(authority=authority), secrets=True).encode()
    return _HEAD + salt + nonce + _cipher(passphrase, salt).encrypt(nonce, text, _HEAD)


def opened(content: bytes, passphrase: Secret | None) -> Authority:
    """The configuration in an export; raises InputFault for a wrong passphrase or a changed content."""
    if content.startswith(_HEAD):
        content = _decrypted(content.removeprefix(_HEAD), passphrase)
    reading = read(content.decode())
    if reading.config.authority is None or refused(reading.findings):
        raise Fault(
            "the export cannot be read by this release", cure="Install the release that wrote it"
        )
    return reading.config.authority


def _decrypted(content: bytes, passphrase: Secret | None) -> bytes:
    if passphrase is None:
        raise InputFault("the export is encrypted", cure="Give its passphrase")
    cipher = _cipher(passphrase, content[:_SALT])
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415

    try:
        nonce = content[_SALT : _SALT + _NONCE]
        return bytes(cipher.decrypt(nonce, content[_SALT + _NONCE :], _HEAD))
    except InvalidTag:
        raise InputFault("the passphrase is not the one of this export", cure="Try again") from None


def _cipher(passphrase: Secret, salt: bytes) -> AESGCM:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415
    except ImportError:
        raise HostFault(
            "exports are encrypted by the Python package cryptography, which is not here",
            cure="Install it, or export without a passphrase",
        ) from None
    octets = passphrase.reveal().encode(errors="surrogateescape")  # as they were typed
    return AESGCM(Scrypt(salt=salt, **_COST).derive(octets))
