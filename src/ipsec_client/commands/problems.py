"""How findings are shown to a person: numbered, wrapped, each with its place as a block of configuration. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from ipsec_client.commands.port import Conflict
from ipsec_client.config.findings import ERROR, WARNING, Finding
from ipsec_client.config.printer import INDENT
from ipsec_client.model.definition import Element, Nested, Path, definition
from ipsec_client.model.elements import Config

_WIDTH = 80


def errors(findings: Iterable[Finding], width: int | None = None) -> str:
    """The errors among the findings, grouped by router (reference, 7.3)."""
    return _numbered([item for item in findings if item.severity == ERROR], width)


def warnings(findings: Iterable[Finding], width: int | None = None) -> str:
    """The warnings among the findings, below a heading; nothing where there are none."""
    told = _numbered([item for item in findings if item.severity == WARNING], width)
    return f"\nWarnings:\n{told}" if told else ""


def conflict(fault: Conflict, width: int | None = None) -> str:
    """Where a candidate meets with what others committed: both values, place by place; then what to do."""
    told = "\n".join(
        _told(
            number,
            (*clash.path, clash.leaf) if clash.leaf else clash.path,
            f"is {_value(clash.theirs)} since {clash.user} committed {clash.version}, "
            f"and {_value(clash.mine)} in your candidate",
            width,
        )
        for number, clash in enumerate(fault.paths, 1)
    )
    return f"{told}\n{fault.cure}"


def _value(text: str | None) -> str:
    return "not there" if text is None else f"'{text}'"


def _numbered(findings: list[Finding], width: int | None) -> str:
    grouped = sorted(findings, key=lambda item: _router(item.path))
    return "\n".join(
        _told(number, item.path, f"{item.what}. {item.cure}".rstrip(". "), width)
        for number, item in enumerate(grouped, 1)
    )


def _router(path: Path) -> Path:
    return path[:3] if path[1:2] == ("router",) else ()


def _told(number: int, path: Path, what: str, width: int | None) -> str:
    *_, subject = ("config", *_levels(path))
    head = f"{number}. "
    lines = textwrap.wrap(
        f"{head}{subject}: {what}",
        width or _WIDTH,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"{line}\n" for line in lines) + f"\n{block(path)}"


def block(path: Path) -> str:
    """A path as the heads of the blocks that lead to it, one below the other."""
    return "".join(
        f"{INDENT * depth}{level}\n" for depth, level in enumerate(("config", *_levels(path)), 1)
    )


def _levels(path: Path) -> Iterator[str]:
    """The elements and the field of a path, each with its key; words that lead nowhere as they are."""
    kind: type[Element] | None = Config
    left = list(path)
    while left:
        member = definition(kind).by_name.get(left[0]) if kind else None
        size, kind = 1, None
        if isinstance(member, Nested):
            kind = member.element
            size += len(definition(kind).keys) if member.many else 0
        yield " ".join(left[:size])
        del left[:size]
