"""The one family of errors that reaches a person. Each says what failed, where, why, and the cure.

Fault                       anything this project raises on purpose
├── InputFault              what was written is at fault: exit status 1
├── UsageFault              the command line or an unreadable file is: exit status 2
└── HostFault               the machine is: a missing program, right or kernel part: exit status 1
"""

from __future__ import annotations


class Fault(Exception):
    """A failure told to a person. ``what`` happened, the ``cure`` to try, and the ``status`` to exit with."""

    status = 1

    def __init__(self, what: str, *, cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what}. {self.cure}" if self.cure else self.what


class InputFault(Fault):
    """The configuration, document or request is at fault; nothing was changed."""


class UsageFault(Fault):
    """The command was used wrongly or a file could not be read; nothing was changed."""

    status = 2


class HostFault(Fault):
    """This machine lacks something: a program, a privilege, a part of its kernel."""
