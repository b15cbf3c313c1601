"""The grammar of ``ipsec.conf``: sections, and their settings with defaults and ``also=`` filled in.

Libreswan's and strongSwan's differ little here; both are read liberally.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ipsec_client.dialect.foreign.tunnel import Lost, shown

_SETTING = re.compile(r"([A-Za-z0-9_.-]+)\s*=\s*(.*)")
DEFAULT = "%default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and the line it stands in."""

    value: str
    line: int


Settings = dict[str, Setting]


@dataclass(slots=True)
class Section:
    """A ``conn``: its settings by name in small letters; ``also`` are the sections it takes in."""

    name: str
    line: int
    settings: Settings = field(default_factory=dict)
    also: list[tuple[str, Setting]] = field(default_factory=list)


@dataclass(slots=True)
class Sections:
    """All of a file: its connections by name, and ``setup``."""

    conns: dict[str, Section] = field(default_factory=dict)
    setup: Section = field(default_factory=lambda: Section("setup", 0))
    lost: list[Lost] = field(default_factory=list)


def read(text: str, file: str) -> Sections:
    """The sections of the text; never raises."""
    found = Sections()
    current: Section | None = None
    for number, line in enumerate(text.splitlines(), 1):
        words = _uncommented(line)
        if not words:
            continue
        if setting := _SETTING.fullmatch(words):
            _set(found, current, setting, file, number)
            continue
        head, _, name = words.partition(" ")
        name = name.strip().strip('"')
        if head == "conn" and name:
            current = found.conns.setdefault(name, Section(name, number))
        elif head == "config" and name == "setup":
            current = found.setup
        elif head == "include":
            found.lost.append(
                Lost(
                    file,
                    number,
                    shown(head, name, " "),
                    "name the included file too; it is not followed",
                )
            )
        elif head != "version":
            current = None if head in ("ca", "config") else current
            what = "ca section" if head == "ca" else "this line"  # which may hold a key
            found.lost.append(Lost(file, number, what, "is nothing that is known here"))
    return found


def _uncommented(line: str) -> str:
    """The line without blanks around it and without its comment; ``#`` in quotes or within a word is none."""
    quoted = False
    for place, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == "#" and not quoted and (place == 0 or line[place - 1].isspace()):
            line = line[:place]
            break
    return line.strip()


def _set(
    found: Sections, current: Section | None, setting: re.Match[str], file: str, number: int
) -> None:
    name, value = setting[1].lower(), _unquoted(setting[2])
    if current is None:
        found.lost.append(Lost(file, number, name, "stands in no section that is known here"))
    elif name in ("also", "alsoflip"):
        current.also.append((name, Setting(value, number)))
    else:
        current.settings[name] = Setting(value, number)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def resolved(found: Sections, file: str) -> Iterator[Section]:
    """Each connection with all it has from ``%default`` and ``also=``: what it says itself comes first."""
    default = found.conns.get(DEFAULT, Section(DEFAULT, 0))
    taken_in = {also.value for section in found.conns.values() for _, also in section.also}
    known: dict[str, Settings | None] = {}
    for name, section in found.conns.items():
        if name != DEFAULT:
            settings = {**default.settings, **_with_also(found, section, file, known)}
            # A section that others take in and that names no gateway is a part, not a connection.
            if name not in taken_in or ("left" in settings and "right" in settings):
                yield Section(name, section.line, settings)


def _with_also(
    found: Sections, section: Section, file: str, known: dict[str, Settings | None]
) -> Settings:
    """``known`` remembers the sections that are done, and by None those that are under way."""
    done = known.get(section.name)
    if done is not None:
        return done
    known[section.name] = None
    settings: Settings = {}
    for kind, also in section.also:
        other = found.conns.get(also.value)
        if other is None or known.get(other.name, {}) is None:
            why = "there is no such section" if other is None else "goes round in a circle"
            found.lost.append(Lost(file, also.line, shown(kind, also.value), why))
        else:
            taken = _with_also(found, other, file, known)
            settings |= _flipped(taken) if kind == "alsoflip" else taken
    known[section.name] = result = settings | section.settings
    return result


def _flipped(settings: Settings) -> Settings:
    """Left and right exchanged."""
    sides = {"left": "right", "right": "left"}
    return {
        next(
            (to + name[len(side) :] for side, to in sides.items() if name.startswith(side)), name
        ): s
        for name, s in settings.items()
    }
