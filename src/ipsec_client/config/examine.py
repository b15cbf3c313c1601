"""A text read and judged in one go: its model, and all findings of reader and rules with their lines."""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.config.findings import Finding, placed, refused
from ipsec_client.config.reader import lines, read
from ipsec_client.config.rules import check
from ipsec_client.model.elements import Authority


@dataclass(frozen=True, slots=True)
class Examined:
    """What a text says and what is wrong with it, in the order of its lines."""

    authority: Authority
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether an error is among the findings."""
        return refused(self.findings)


def examine(text: str, series: int | None = None) -> Examined:
    """The text's authority and findings; never raises. ``series`` as for ``rules.check``.

    A rule does not complain where the reader did already.
    """
    reading = read(text)
    authority = reading.config.authority or Authority()
    found = [item for item in check(authority, series) if item.path not in reading.doubtful]
    found = [*reading.findings, *found]
    return Examined(authority, tuple(placed(found, lines(text)) if found else ()))
