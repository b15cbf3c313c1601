"""What commands are carried out on - a node, an authority, its configuration - and what faces reach them through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ipsec_client.base.errors import Fault
from ipsec_client.base.secret import Secret
from ipsec_client.commands.particulars import Part
from ipsec_client.commands.view import NodeView
from ipsec_client.config.edit import Change, Edit
from ipsec_client.config.findings import Finding
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import Authority
from ipsec_client.plan.impact import Impact
from ipsec_client.wire.request import Json, Request, Say


@dataclass(frozen=True, slots=True)
class Place:
    """One node of one router."""

    router: str
    node: str

    def __str__(self) -> str:
        """As in ``Target: node1.router1``."""
        return f"{self.node}.{self.router}"


@dataclass(frozen=True, slots=True)
class Ping:
    """Echo requests to an ``address``: through the tunnel of a ``remote``, or out of the ``device`` of a
    network- or device-interface, or, without either, where the router's own packets go.

    ``size`` is in bytes of data, ``timeout`` in seconds for each answer; ``whole`` forbids fragments.
    """

    address: str
    remote: str = ""
    device: str = ""
    count: int = 4
    size: int = 56
    timeout: float = 1.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Capture:
    """Packets of a ``remote``'s tunnel: ``inside`` it, in the clear, ``outside`` it, encrypted, or both.

    It ends after so many ``seconds`` or ``packets``; ``shown`` packets are told one by one, others are kept in a file.
    """

    remote: str
    inside: bool
    outside: bool
    seconds: float
    packets: int
    filter: str = ""
    shown: bool = False


class NodePort(Protocol):
    """What the agent lets its commands see and do."""

    def view(self) -> NodeView:
        """The node as it is now, without what only the kernel knows: names and verdicts, at once."""

    async def look(self, part: Part | None = None) -> NodeView:
        """The node as it is now with its counters, and with a part that takes time to find out."""

    async def ping(self, order: Ping, say: Say) -> None:
        """Sends echo requests, saying each answer; ends early where nobody listens. Raises Fault without any."""

    async def capture(self, order: Capture, say: Say) -> None:
        """Captures packets; ends early where nobody listens. Raises Fault where it cannot be."""

    async def set_log_level(self, level: str) -> None:
        """Has agent and pluto log as finely from now on, over restarts; tunnels stay. Raises Fault."""

    async def tech_support(self, prefix: str) -> str:
        """Gathers what helps to find a fault, without any key; the path of the file. Raises Fault."""

    async def restart(self, remote: str, request: str, say: Say) -> None:
        """Terminates and initiates a remote's tunnel, saying what Libreswan prints; it need not be up after.

        A ``request`` carried out already is not done again. Raises Fault for what cannot be restarted.
        """

    async def failback(self) -> None:
        """Lets tunnels that wait to take their traffic back do so, if they are up; raises Fault without a client."""


class AuthorityPort(Protocol):
    """What the conductor lets its commands see and do."""

    @property
    def here(self) -> Place | None:
        """The node of this machine, if the configuration has it."""

    def running(self) -> Authority | None:
        """The running configuration with its generated parts; None before the first commit."""

    def own(self, router: str) -> NodeView:
        """What the conductor has to tell of a router itself: alarms and events, as if a node told them."""

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        """Has a node answer a request; raises Fault when it cannot be reached or refuses."""


@dataclass(frozen=True, slots=True)
class Committed:
    """One commit, as history tells it. Versions grow; one is the second of its commit where that grows too.

    ``at`` is in seconds of the wall clock. ``confirmed_until``: it awaits its confirmation until then.
    ``undone_from``: it took back the commit of that version, which nobody confirmed.
    """

    version: int
    at: float
    user: str
    routers: tuple[str, ...]
    confirmed_until: float | None = None
    undone_from: int | None = None


LONGEST = 24 * 60
"""Minutes that a commit may await its confirmation."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A place that a candidate changes and another's commit changed since; without ``leaf`` the whole element.

    ``mine`` is what the candidate makes of it, ``theirs`` what runs, as text without keys; None is unset or gone.
    """

    path: Path
    leaf: str
    mine: str | None
    theirs: str | None
    user: str
    version: int


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported configuration. ``at`` is in seconds of the wall clock; an ``encrypted`` one has its keys in it."""

    name: str
    at: float
    encrypted: bool


class Refused(Fault):
    """The candidate has errors; nothing was committed."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("the candidate configuration is invalid", cure="validate tells why")
        self.findings = tuple(findings)


class Conflict(Fault):
    """Others have changed what the candidate changes; nothing was committed."""

    def __init__(self, paths: Sequence[Clash]) -> None:
        super().__init__(
            f"{len(paths)} of the candidate's changes meet with what others have committed since",
            cure="Set or delete those paths again, or discard the changes",
        )
        self.paths = tuple(paths)


class Overtaken(Fault):
    """What the commit would do to the tunnels is not what was shown; nothing was committed."""

    def __init__(self) -> None:
        what = "what becomes of the tunnels has changed since it was shown"
        super().__init__(what, cure="compare impact shows it as it is now")


class TooWide(Fault):
    """The commit would remove tunnels of routers that the changes do not name; nothing was committed."""

    def __init__(self, routers: Sequence[str]) -> None:
        several = f"{routers[0]} and {len(routers) - 1} more" if len(routers) > 1 else routers[0]
        super().__init__(
            f"tunnels would be removed from {several}, of which the changes do not speak",
            cure="compare impact lists them; commit force does it",
        )
        self.routers = tuple(routers)


class ConfigPort(AuthorityPort, Protocol):
    """The configuration that people edit: each ``user`` (a login name) has a candidate of his own, kept durably.

    It is what is running with the user's edits. A place that both he and another's commit changed is a clash until
    he edits it again. Methods that wait are those that work on the disk, or on every router.
    """

    def candidate(self, user: str) -> Authority:
        """The running configuration with the user's edits; generated parts are those that are running."""

    def edits(self, user: str) -> tuple[Edit, ...]:
        """What the user's candidate changes, in the order it can be applied in."""

    def clashes(self, user: str) -> tuple[Clash, ...]:
        """Where the user's edits meet with what others committed since."""

    async def edit(self, user: str, edits: Sequence[Edit]) -> None:
        """Adds edits to the candidate; raises InputFault where one cannot be, and takes none then."""

    async def replace(self, user: str, authority: Authority) -> None:
        """The candidate becomes this; keys that were removed from it are those that are stored."""

    async def discard(self, user: str) -> None:
        """The candidate is the running configuration again."""

    async def findings(self, user: str) -> tuple[Finding, ...]:
        """What is wrong with the candidate, generated parts included; not placed on lines."""

    async def generated(self, user: str) -> Authority:
        """The candidate with the parts that a commit would generate."""

    async def impact(self, user: str) -> Impact:
        """What a commit would do to the tunnels; raises Refused for a candidate with errors."""

    async def commit(
        self, user: str, *, force: bool = False, confirmed: int | None = None, shown: str = ""
    ) -> Committed | None:
        """Makes the candidate the running configuration; None, and nothing is done, where it is that already.

        ``confirmed`` is how many minutes there are to confirm it before it undoes itself; ``force`` lets it remove
        tunnels of routers that the edits do not name. ``shown`` is the fingerprint of the impact that was agreed to,
        if any was. Raises Refused, Conflict, Overtaken, TooWide, or Fault while another commit awaits its
        confirmation.
        """

    async def confirm(self, user: str) -> Committed:
        """Confirms the commit that awaits it; raises Fault where none does."""

    def history(self) -> tuple[Committed, ...]:
        """The commits kept, newest first."""

    async def at(self, version: int) -> Authority:
        """What a commit made the running configuration; raises InputFault for one that is not kept."""

    async def changes(self, version: int) -> tuple[Change, ...]:
        """What a commit changed; everything, for the oldest one kept. Raises as ``at``."""

    async def restore(self, user: str, commits: int) -> None:
        """The candidate becomes what ran so many commits ago; raises InputFault where history ends before."""

    async def export(self, name: str, authority: Authority, passphrase: Secret | None) -> None:
        """Keeps it under a name of letters, digits, ``.``, ``-``, ``_``: without keys, or encrypted with them."""

    def exports(self) -> tuple[Exported, ...]:
        """What was exported, by name."""

    async def exported(self, name: str, passphrase: Secret | None) -> Authority:
        """What was exported; raises InputFault for an unknown name or a wrong passphrase."""

    async def delete_export(self, name: str) -> None:
        """Forgets it; raises InputFault for an unknown name."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where text goes: ``width`` in columns, ``tty`` where a person watches; ``user`` by the kernel's word.

    ``interactive`` is one that answers questions. ``admin`` may configure and restart; another user may look.
    """

    width: int = 80
    tty: bool = False
    user: str = ""
    interactive: bool = False
    admin: bool = True
