"""Configuration files as the verbs take them: read, examined, and their findings shown. ``-`` is standard input."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TextIO

from ipsec_client.base.errors import UsageFault
from ipsec_client.base.files import read_text
from ipsec_client.config.examine import Examined, examine
from ipsec_client.model.elements import Authority

STANDARD_INPUT = "-"


def examine_file(name: str, show: TextIO, series: int | None = None) -> Examined:
    """The file's authority and findings, the findings shown; raises UsageFault for an unreadable file."""
    gc.disable()
    examined = examine(read_input(name), series)
    gc.freeze()  # a fleet's model is held to the end: looking through it for cycles takes long
    gc.enable()
    shown = "<stdin>" if name == STANDARD_INPUT else name
    show.writelines(f"{shown}:{finding.line}: {finding}\n" for finding in examined.findings)
    return examined


def load(name: str) -> Authority | None:
    """The file's authority, its findings told on standard error; None if an error is among them."""
    examined = examine_file(name, sys.stderr)
    return None if examined.refused else examined.authority


def read_input(name: str) -> str:
    """The file's text; raises UsageFault for one that cannot be read."""
    if name != STANDARD_INPUT:
        return read_text(Path(name))
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise UsageFault(f"<stdin> is not UTF-8 text (byte {error.start})") from None
