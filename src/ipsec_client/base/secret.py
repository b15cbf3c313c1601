"""The only type that may hold a key. It cannot print, pickle or format itself."""

from __future__ import annotations

import hmac
from typing import NoReturn

REMOVED = "(removed)"
"""What is shown in place of a key, and what stands for "the stored key" when read (page, PCLI)."""


class Secret:
    """A pre-shared key. ``reveal()`` is the one way to its text; grep for it to audit every use.

    ``Secret(None)`` is a key that was removed from what we read: it equals no key, and holds none.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        self._text = text

    @property
    def removed(self) -> bool:
        """True where the text read was ``(removed)``: the key itself is not here."""
        return self._text is None

    def reveal(self) -> str:
        """The key in the clear, for a file of mode 0600 or a socket of our own, and nothing else."""
        if self._text is None:
            raise LookupError("the key was removed from this text")
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if self._text is None or other._text is None:
            return self._text is other._text
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(Secret)  # equal keys share a bucket; nothing about the text shows

    def __repr__(self) -> str:
        return REMOVED

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")
