"""The series of Libreswan we know, and which of them are rendered. What differs between them is keyed by number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ipsec_client.base.errors import UsageFault


@dataclass(frozen=True, slots=True)
class Series:
    """One major version of Libreswan, and the ``releases`` of it that we have in mind."""

    number: int
    releases: str
    rendered: bool


SERIES = {
    3: Series(3, "3.23 to 3.29", rendered=False),
    4: Series(4, "4.10", rendered=True),
    5: Series(5, "5.2", rendered=False),
}
DEFAULT = 4
"""The series that is meant where none is named: Debian 12's."""


def series(number: int) -> Series:
    """The series of that number; raises UsageFault where it is not rendered."""
    if not supported(number):
        rendered = ", ".join(str(each.number) for each in SERIES.values() if each.rendered)
        raise UsageFault(
            f"Libreswan {number} is not supported", cure=f"Supported series: {rendered}"
        )
    return SERIES[number]


def supported(number: int) -> bool:
    """Whether connections can be rendered for that series."""
    return number in SERIES and SERIES[number].rendered


def of_version(text: str) -> int | None:
    """The series in what ``ipsec --version`` or pluto's log says (``Libreswan 4.10``); None if it names none."""
    found = re.search(r"Libreswan (?:Version )?v?(\d+)\.\d+", text)
    return int(found[1]) if found else None
