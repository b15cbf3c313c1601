"""What is known of a provider, as values: a profile ready to use, and the limits that its own pages publish.

A limit speaks of one field of an ipsec-profile or of the remotes that use it, by the field's name, and names
the page it was read on. Values are texts, as the PCLI writes them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A page of the provider's. ``date`` is the page's own, or begins with "read" where it bears none."""

    title: str
    page: str
    date: str

    def __str__(self) -> str:
        return f'"{self.title}", {self.date}'


@dataclass(frozen=True, slots=True)
class OneOf:
    """The gateway takes only these ``values`` of the field."""

    source: Source
    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The field's value is at least and at most this; an empty text is no bound.

    A duration or a number. Of an unset field with a documented default, the default counts.
    """

    source: Source
    field: str
    least: str
    most: str


@dataclass(frozen=True, slots=True)
class Goes:
    """Where ``field`` has one of ``values``, ``other`` has one of ``others``."""

    source: Source
    field: str
    values: tuple[str, ...]
    other: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """The site is known by its local-id, which must be set; ``form`` says what it looks like."""

    source: Source
    pattern: str
    form: str


@dataclass(frozen=True, slots=True)
class Key:
    """What the pre-shared key may be made of: ``pattern`` as a regular expression, ``form`` in words."""

    source: Source
    pattern: str
    form: str


@dataclass(frozen=True, slots=True)
class Option:
    """The custom-option ``name`` must have this ``value``, and be set."""

    source: Source
    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class ChildSas:
    """A tunnel carries at most so many child SAs, one for each pair of a subnet and a local-subnet."""

    source: Source
    most: int


@dataclass(frozen=True, slots=True)
class Mss:
    """A remote's enforced-mss, where it is a number, is at most this, in bytes."""

    source: Source
    most: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """Networks that the provider keeps for itself: nothing of ours that is seen in the tunnel may be in one."""

    source: Source
    networks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Monitored:
    """A remote's tunnel-monitor has a destination of this ``protocol``; ``example`` says what such a one asks."""

    source: Source
    protocol: str
    why: str
    example: str


Limit = OneOf | Between | Goes | Identity | Key | Option | ChildSas | Mss | Reserved | Monitored


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider. ``fields`` and ``options`` make the profile, in which ``local_id`` is an example.

    ``notes`` are what a limit cannot say: what to set at the provider, tunnels, throughput, what is not known.
    """

    name: str
    title: str
    sources: tuple[Source, ...]
    local_id: str
    fields: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...] = ()
    limits: tuple[Limit, ...]
    notes: tuple[str, ...]
