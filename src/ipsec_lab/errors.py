"""The error that the lab tells a person: what failed, and the cure. Nothing else lives here."""

from __future__ import annotations


class LabError(Exception):
    """A failure of the lab or of the machine it runs on: ``what`` happened, the ``cure`` to try."""

    def __init__(self, what: str, *, cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what}. {self.cure}" if self.cure else self.what
