"""How far the negotiation of each connection has come, from pluto's words one after the other. Pure.

One word means different things as the negotiation goes on: NO_PROPOSAL_CHOSEN is about IKE's algorithms at first and
about the child SA's once the IKE SA is there; silence means no gateway at first, and in IKEv1 most probably a wrong
key once what is sent is encrypted with it (a gateway cannot read it, and what it answers cannot be read by us).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ipsec_client.dialect.diagnosis import Blocker
from ipsec_client.health.types import Negotiation
from ipsec_client.pluto.log import Note

UNANSWERED = 3
"""Transmissions of one message without an answer that make a silence: 3.5 s with the default interval."""

IN_VAIN = 3
"""Attempts in a row of which nothing else is known that make the cause unknown."""

Phase = Literal["first", "encrypted", "authenticating", "child"]

_UNSIGNED: dict[Phase, dict[str, Blocker]] = {
    "first": {},
    "encrypted": {"malformed payload": "key", "PAYLOAD_MALFORMED": "key"},
    "authenticating": {},
    "child": {
        "NO_PROPOSAL_CHOSEN": "child",
        "INVALID_ID_INFORMATION": "subnet",
        "TS_UNACCEPTABLE": "subnet",
    },
}
"""What an answer means after what was sent before it. IKEv1 says no in this way even when the IKE SA is there."""

_SILENCE: dict[Phase, tuple[Blocker, str]] = {
    "first": ("silent", "no answer"),
    "encrypted": ("key", "no answer to our first encrypted message"),
    "authenticating": ("unheard", "no answer to IKE_AUTH"),
    "child": ("unknown", "no answer to what we propose for the child SA"),
}


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is known of a connection's present attempt."""

    number: int = 0
    phase: Phase = "first"
    silences: int = 0
    told: bool = False  # what is in its way
    certain: bool = False  # and signed, or found by ourselves
    in_vain: int = 0  # attempts in a row, this one included, that nothing is known of
    words: str = ""  # pluto's last


class Negotiations:
    """The negotiations of one pluto's connections."""

    def __init__(self) -> None:
        self._attempts: dict[str, _Attempt] = {}

    def heard(self, note: Note) -> Negotiation | None:
        """What the note makes of its connection's negotiation; None where it stays as it was."""
        before = self._attempts.get(note.conn, _Attempt())
        attempt, negotiation = _follow(before, note)
        self._attempts[note.conn] = attempt
        return negotiation


def _follow(attempt: _Attempt, note: Note) -> tuple[_Attempt, Negotiation | None]:
    match note.kind:
        case "trying":
            return _begun(attempt)
        case "words":
            return replace(attempt, words=note.detail), None
        case "encrypted" | "authenticating" as phase:
            return replace(attempt, phase=phase, silences=0), None
        case "ike":
            return replace(attempt, phase="child", silences=0), None
        case "silence":
            return _silent(replace(attempt, silences=attempt.silences + 1))
        case "dead":
            return _silent(replace(attempt, silences=UNANSWERED))
        case "established":
            return _Attempt(), Negotiation("established")
        case "deleted" | "unanswered":
            return attempt, None
    return _answered(attempt, note)


def _answered(attempt: _Attempt, note: Note) -> tuple[_Attempt, Negotiation | None]:
    """The gateway, the network or pluto itself said no."""
    if note.kind == "blocked":
        told = replace(attempt, told=True, certain=True, in_vain=0)
        return told, Negotiation("blocked", attempt.number, note.detail, note.blocker)
    if note.kind == "unreachable":
        blocker: Blocker = "closed" if note.detail == "Connection refused" else "unreachable"
        return _hinted(attempt, blocker, note.detail)
    known = _UNSIGNED[attempt.phase].get(note.detail) or note.blocker
    if known is None:
        return _hinted(attempt, "unknown", attempt.words or note.detail)
    return _hinted(attempt, known, note.detail)


def _begun(before: _Attempt) -> tuple[_Attempt, Negotiation]:
    in_vain = 0 if before.told else before.in_vain + 1
    attempt = _Attempt(before.number + 1, in_vain=in_vain, words=before.words)
    if in_vain > IN_VAIN:
        return attempt, Negotiation("trying", attempt.number, before.words, "unknown")
    return attempt, Negotiation("trying", attempt.number)


def _silent(attempt: _Attempt) -> tuple[_Attempt, Negotiation | None]:
    """Silence tells only where nothing else did: pluto sends on what was answered with a refusal."""
    if attempt.told or attempt.silences < UNANSWERED:
        return attempt, None
    blocker, words = _SILENCE[attempt.phase]
    return _hinted(attempt, blocker, words)


def _hinted(
    attempt: _Attempt, blocker: Blocker, detail: str
) -> tuple[_Attempt, Negotiation | None]:
    """Something unsigned: repair goes on. What is not known says nothing against what is, nor it against what is
    certain: pluto 5 reads what comes after a wrong identity as if the key were wrong.
    """
    if attempt.certain or (blocker == "unknown" and attempt.told):
        return attempt, None
    told = replace(attempt, told=True, in_vain=0)
    return told, Negotiation("trying", attempt.number, detail, blocker)
