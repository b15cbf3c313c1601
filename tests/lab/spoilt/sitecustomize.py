"""Python takes this in at its start where the folder is on PYTHONPATH: an agent that never lowers a KNI."""

from __future__ import annotations

from ipsec_client.kernel.carrier import Carrier


def leave_it(self: Carrier, name: str) -> None:
    """In place of lowering it."""


Carrier.lower = leave_it  # type: ignore[method-assign]
