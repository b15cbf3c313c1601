"""What a line of pluto's log tells of a negotiation. Pure. Lines that tell nothing of one are None.

The words are those of 4.10 and, where it has others, of 5.2; the lines in tests/pluto were written by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ipsec_client.dialect.diagnosis import Blocker

Kind = Literal[
    "trying",  # a negotiation begins
    "silence",  # no answer yet; sent once more
    "unanswered",  # the same of an SA that is established; the detail is the pause until the next, in seconds
    "unreachable",  # the network says so
    "notify",  # something said no, unsigned: anyone on the path could have
    "encrypted",  # the first message that only the right key reads is sent (IKEv1)
    "authenticating",  # the gateway answered; who it and we are is sent (IKEv2)
    "blocked",  # it said no and proved who it is, or we said no: trying again will not help
    "ike",  # the IKE SA is there
    "established",  # a child SA is there
    "deleted",  # the gateway ended an SA
    "dead",  # the gateway stopped answering and pluto gave it up
    "failed",  # pluto gives up the attempt, for a reason that no other kind has
    "words",  # nothing of the above; the last of them are shown where the cause is not known
]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened to a connection.

    ``detail`` is what the gateway or the network answered, or pluto's words; empty where ``kind`` says it all.
    """

    conn: str
    kind: Kind
    detail: str
    blocker: Blocker | None = None


_LINE = re.compile(r'"(?P<conn>[^"/]+)(?:/\d+x\d+)?"(?:\[\d+\] \S+)?(?: #\d+)?: (?P<text>.*)$')

_BLOCKERS: dict[str, Blocker] = {
    "AUTHENTICATION_FAILED": "key",
    "NO_PROPOSAL_CHOSEN": "proposal",
    "INVALID_KE_PAYLOAD": "proposal",
    "INVALID_KEY_INFORMATION": "key",
    "INVALID_ID_INFORMATION": "identity",
}
_OF_CHILD: dict[str, Blocker] = {
    "NO_PROPOSAL_CHOSEN": "child",
    "INVALID_KE_PAYLOAD": "child",
    "TS_UNACCEPTABLE": "subnet",
    "SINGLE_PAIR_REQUIRED": "subnet",
}
"""The same, said of the child SA when the IKE SA is there."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A line to look for; a group ``notify``, or ``of_child``, names what the gateway said, which tells the blocker."""

    pattern: re.Pattern[str]
    kind: Kind
    blocker: Blocker | None


def _known(pattern: str, kind: Kind, blocker: Blocker | None = None) -> _Known:
    return _Known(re.compile(pattern), kind, blocker)


_KNOWN = (
    _known(r"initiating IKEv[12] ", "trying"),
    _known(
        r"(STATE_V2_)?ESTABLISHED_IKE_SA: retransmission; will wait (?P<detail>[0-9]{1,6}(?:\.[0-9]{1,6})?) second",
        "unanswered",
    ),
    _known(r"(STATE|IKE)_\w+: retransmission; will wait", "silence"),
    _known(
        r"ERROR: asynchronous network error report .*: (?P<detail>[^:]+) \[errno", "unreachable"
    ),
    _known(r"send on .* failed in .*: (?P<detail>[^:]+) \(errno", "unreachable"),
    _known(r"sent Main Mode I3", "encrypted"),
    _known(r"sent IKE_AUTH request", "authenticating"),
    _known(r"initiator established IKE SA|IKE SA established \{", "ike"),
    _known(r"(initiator|responder) established Child SA|IPsec SA established", "established"),
    _known(r"request rejected by peer: (?P<detail>AUTHENTICATION_FAILED)", "blocked", "key"),
    _known(
        r"response rejected Child SA with (?P<of_child>" + "|".join(_OF_CHILD) + r")\b", "blocked"
    ),
    _known(r"(request rejected by peer:|rejected Child SA with) (?P<detail>[\w?]+)", "failed"),
    _known(
        r"authenticat\w+( failed)?: (?P<detail>no (preshared key|PSK) found)",
        "blocked",
        "key",
    ),
    # A silence, however pluto explains it: whoever drops packets can make one.
    _known(r"(?P<detail>Possible authentication failure)", "notify", "key"),
    _known(r"(?P<detail>Peer ID '.*' mismatched)", "blocked", "identity"),
    _known(
        r"(dropping unexpected \w+ message|ignoring \w+ response) containing (?P<notify>[\w?]+) notification",
        "notify",
    ),
    _known(
        r"INVALID_KE_PAYLOAD response .*; (?P<detail>suggested DH \w+ is not acceptable)",
        "notify",
        "proposal",
    ),
    _known(r"(?P<detail>malformed payload) in packet", "notify"),
    _known(
        r"(received and ignored notification payload|ignoring (unsecured )?informational payload):? (?P<notify>[\w?]+)",
        "notify",
    ),
    _known(r"received Delete SA payload: |which received Delete/Notify but", "deleted"),
    # The only trace of an IKEv2 gateway that ends the IKE SA.
    _known(
        r"deleting state \(STATE_V2_ESTABLISHED_IKE_SA\) .* NOT sending notification", "deleted"
    ),
    _known(r"(DPD|liveness) action - ", "dead"),
    _known(r"(STATE|ESTABLISHED|IKE)_\w+: \d+ second timeout exceeded", "dead"),
    _known(r"(?P<detail>state transition function for \w+ had internal error)", "failed"),
    _known(
        r"(?P<detail>.*(?:unknown value|larger than can fit|unexpected|rejected|discarding|netlink response).*)",
        "words",
    ),
)


def read(line: str) -> Note | None:
    """What the line tells, or None."""
    found = _LINE.search(line)
    if found is None:
        return None
    text = found["text"]
    for known in _KNOWN:
        match = known.pattern.search(text)
        if match is not None:
            groups = match.groupdict()
            notify, of_child = groups.get("notify") or "", groups.get("of_child") or ""
            detail = notify or of_child or groups.get("detail") or ""
            blocker = _BLOCKERS.get(notify) or _OF_CHILD.get(of_child) or known.blocker
            return Note(found["conn"], known.kind, detail, blocker)
    return None


_ADDED = re.compile(r"added (?:\w+ )*connection")
_FAILED = re.compile(r"failed to add (?:\w+ )*connection: (?P<reason>.*)")


def added(lines: Iterable[str], conn: str) -> bool:
    """Whether pluto says that it took the connection in."""
    return any(_ADDED.match(text) for text in _said_of(lines, conn))


def refusal(lines: Iterable[str], conn: str) -> str | None:
    """Why pluto did not take the connection in, or one of its pairs of subnets; None where it did."""
    matches = (_FAILED.match(text) for text in _said_of(lines, conn))
    return next((match["reason"] for match in matches if match), None)


def _said_of(lines: Iterable[str], conn: str) -> Iterator[str]:
    for line in lines:
        found = _LINE.search(line)
        if found is not None and found["conn"] == conn:
            yield found["text"]
