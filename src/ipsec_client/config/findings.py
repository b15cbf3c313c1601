"""What is wrong with a configuration, as values: the reader and the rules make them, others show them.

A finding never holds a key, nor text that might be one: see ``shown``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ipsec_client.model.definition import Path, dotted

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """``what`` is wrong at ``path`` and its ``cure``; an error refuses the configuration, a warning does not.

    ``line`` counts from 1; 0 is not known (yet).
    """

    severity: str
    path: Path
    what: str
    cure: str = ""
    line: int = 0

    def __str__(self) -> str:
        told = f"{self.what}. {self.cure}" if self.cure else self.what
        return f"{self.severity}: {dotted(self.path) or 'config'}: {told}"


def error(path: Path, what: str, cure: str = "", line: int = 0) -> Finding:
    """A finding that refuses the configuration."""
    return Finding(ERROR, path, what, cure, line)


def warning(path: Path, what: str, cure: str = "", line: int = 0) -> Finding:
    """A finding that the configuration can be used with."""
    return Finding(WARNING, path, what, cure, line)


def refused(findings: Iterable[Finding]) -> bool:
    """Whether an error is among them."""
    return any(finding.severity == ERROR for finding in findings)


def placed(findings: Iterable[Finding], lines: Mapping[Path, int]) -> list[Finding]:
    """The findings in the order of their lines; one without takes that of its path, or the nearest above."""

    def line(path: Path) -> int:
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path, 1)

    return sorted(
        (item if item.line else replace(item, line=line(item.path)) for item in findings),
        key=lambda item: item.line,
    )


def shown(text: str) -> str:
    """The text in quotes with a blank after it, where it is one short printable word; else nothing."""
    return f"'{text}' " if re.fullmatch(r"[!-~]{1,64}", text) else ""
