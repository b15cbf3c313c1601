"""Numbers among the arguments of a command."""

from __future__ import annotations

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.grammar import Arguments


def number(arguments: Arguments, name: str, default: int, least: int, most: int) -> int:
    """The number given, or the default; raises InputFault for what is none, or not from ``least`` to ``most``."""
    text = arguments.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise InputFault(f"{name} {text} is no number from {least} to {most}")
    return int(text)
