"""``replace`` for frozen dataclasses that are copied with every probe: that of the standard library, ten times as fast.

It looks at no field and runs no ``__init__``; so it is for dataclasses that have no slots and compute nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["replace"]

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value, /, **changes):
        """The value with the changes, as ``dataclasses.replace``."""
        copy = object.__new__(type(value))
        object.__setattr__(copy, "__dict__", value.__dict__ | changes)
        return copy
