"""Speaking to a client's pluto: one command at a time, each with a deadline, each with a plain answer.

A command that pluto refuses is an Answer with its reason; Absent and HostFault say that there was none.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from ipsec_client.base import files, run
from ipsec_client.base.errors import HostFault
from ipsec_client.base.secret import Secret
from ipsec_client.dialect import debugging
from ipsec_client.dialect.render import Conn
from ipsec_client.pluto import dryload, log, prepare, status
from ipsec_client.pluto.layout import ADDCONN, WHACK, Layout
from ipsec_client.pluto.tail import Tail

DEADLINE = 10.0
"""Seconds a command may take. Pluto answers within milliseconds, but does nothing else meanwhile."""

AT_ONCE = 3
"""Pairs of subnets that are begun together where each is a quick mode of IKEv1: strongSwan as it comes keeps the state
of so many (charon.max_ikev1_exchanges); of more it takes none, and they seem up to us and carry nothing.
"""

_NO_PLUTO = 33  # whack's exit status when the socket is absent or stale
_NO_SUCH = ("no connection named", "not found")
"""What whack prints for an unknown name; with --asynchronous its exit status is 0 even so."""


class Absent(HostFault):
    """No pluto answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, as it was; why it was refused, if it was; how many pairs of subnets it left for later."""

    lines: tuple[str, ...]
    refused: str | None = None
    left: int = 0


class Control:
    """One client's pluto. Blocking and thread-safe: calls from several threads wait for each other.

    Every call raises Absent where no pluto answers, and HostFault where it does not answer in time.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._turn = threading.Lock()
        # By connection, the pairs that were begun together last.
        self._begun: dict[str, list[str]] = {}

    # --- connections ------------------------------------------------------------------------------

    def unreadable(self, conn: Conn) -> str | None:
        """Why Libreswan cannot even read a connection, None where it can; pluto is not asked."""
        return dryload.dry_load(conn)

    def add(self, conn: Conn, *, readable: bool = False) -> Answer:
        """Loads a connection, in place of the one of that name if there is one; SAs of others stay.

        The old one stays where Libreswan cannot even read the new one, which is looked at unless it is known to be
        ``readable``; else its SAs end with it.
        """
        with self._turn:
            file = self._layout.conns / f"{conn.name}.conf"
            if file.exists():  # it is loaded: whatever was refused or deleted has none
                unreadable = None if readable else self.unreadable(conn)
                if unreadable is not None:
                    return Answer((), unreadable)
                # addconn itself would leave those pairs of subnets that the new one has no more.
                self._delete(conn.name)
            files.replace(file, conn.text, durable=False)
            return self._load(conn, file)

    def rewrite(self, conn: Conn) -> None:
        """Writes down how a connection is to be loaded from now on; the one that pluto has stays, with its SAs."""
        files.replace(self._layout.conns / f"{conn.name}.conf", conn.text, durable=False)

    def _load(self, conn: Conn, file: Path) -> Answer:
        tail = Tail(self._layout.log)
        done = run.run(
            [ADDCONN, "--config", str(file), "--ctlsocket", str(self._layout.socket), conn.name],
            deadline=DEADLINE,
        )
        told = tail.read()
        refused = log.refusal(told, conn.name) or dryload.complaint(done, file)
        if refused is None and not (log.added(told, conn.name) or self._has(conn.name)):
            refused = f"pluto did not take it in (addconn ended with {done.status})"
        if refused is not None:
            self._delete(conn.name)  # some of its pairs of subnets may have been taken in
        return Answer(tuple(done.out.splitlines()), refused)

    def _has(self, name: str) -> bool:
        """Asked where the log says nothing: its disk may be full."""
        return name in status.loaded(self._whack("--status").lines)

    def delete(self, name: str) -> Answer:
        """Ends a connection's SAs and forgets it; one that is not there is no error."""
        with self._turn:
            return self._delete(name)

    def begin(self, conn: Conn) -> Answer:
        """Begins a connection that has no SA; of many pairs in IKEv1 the first, and ``complete`` begins the rest."""
        if conn.ike_version == 1 and len(status.lacking(self.status().lines, conn.name)) > AT_ONCE:
            return self.complete(conn)
        return self.initiate(conn.name)

    def initiate(self, name: str) -> Answer:
        """Begins a negotiation and returns at once. On a tunnel that is up it makes a second child SA: never do."""
        return self._ask("--initiate", "--asynchronous", "--name", name)

    def complete(self, conn: Conn) -> Answer:
        """Begins to negotiate those pairs of subnets of a connection that have no SA; the others are left alone."""
        lines: list[str] = []
        pairs = status.lacking(self.status().lines, conn.name)
        for pair in (begun := self._portion(conn, pairs)):
            answer = self.initiate(pair)
            lines += answer.lines
            if answer.refused is not None:
                return Answer(tuple(lines), answer.refused)
        return Answer(tuple(lines), left=len(pairs) - len(begun))

    def _portion(self, conn: Conn, pairs: list[str]) -> list[str]:
        """Those to begin now; what was begun last comes last, or pairs that a gateway refuses would bar the others."""
        if conn.ike_version != 1:
            return pairs
        last = self._begun.get(conn.name, [])
        portion = sorted(pairs, key=lambda pair: pair in last)[:AT_ONCE]
        self._begun[conn.name] = portion
        return portion

    def terminate(self, name: str) -> Answer:
        """Ends a connection's SAs, telling the gateway; it stays loaded and is not begun again by itself."""
        return self._ask("--terminate", "--name", name)

    # --- asking -----------------------------------------------------------------------------------

    def traffic(self) -> list[status.Traffic]:
        """The established child SAs with their counters."""
        return status.traffic(self._ask("--trafficstatus").lines)

    def states(self) -> list[status.State]:
        """All SAs, also those that are coming to be."""
        return status.states(self._ask("--showstates").lines)

    def children(self) -> list[status.Child]:
        """The child SAs with their SPIs; raises HostFault where those of one cannot be read, or it would seem that
        pluto does not know what carries packets.
        """
        lines = self._ask("--showstates").lines
        found = status.children(lines)
        known = {child.serial for child in found}
        for state in status.states(lines):
            if state.child and state.serial not in known:
                raise HostFault(f"the SPIs of pluto's child SA #{state.serial} cannot be read")
        return found

    def delete_state(self, serial: int) -> Answer:
        """Ends one SA, telling the gateway; the others of its connection stay."""
        return self._ask("--deletestate", str(serial))

    def loaded(self) -> set[str]:
        """The names of the connections it has."""
        return status.loaded(self.status().lines)

    def status(self) -> Answer:
        """All it has to say of itself, for people."""
        return self._ask("--status")

    def answers(self) -> bool:
        """Whether there is a pluto that answers, in time."""
        try:
            self._ask("--briefstatus")
        except HostFault:
            return False
        return True

    # --- the whole --------------------------------------------------------------------------------

    def reread_secrets(self, secrets: Secret) -> Answer:
        """Gives it new keys. Tunnels stay up; a new key counts from the next authentication on."""
        prepare.give_secrets(self._layout, secrets)
        return self._ask("--rereadsecrets")

    def listen(self) -> Answer:
        """Has it take its address and keys into use. At a start it comes to that by itself, but last of all, and
        until then it forgets what it is told to initiate, with exit status 0.
        """
        return self._ask("--listen")

    def debug(self, level: str) -> Answer:
        """Has it log as finely as a level of the router's says; tunnels stay, and its files know nothing of it."""
        return self._ask(*debugging.switches(level))

    def shutdown(self) -> Answer:
        """Ends all SAs, telling the gateways, and pluto itself."""
        return self._ask("--shutdown")

    def _ask(self, *command: str) -> Answer:
        with self._turn:
            return self._whack(*command)

    def _delete(self, name: str) -> Answer:
        answer = self._whack("--delete", "--name", name)
        (self._layout.conns / f"{name}.conf").unlink(missing_ok=True)
        return answer

    def _whack(self, *command: str) -> Answer:
        done = run.run(
            [WHACK, "--ctlsocket", str(self._layout.socket), *command], deadline=DEADLINE
        )
        if done.status == _NO_PLUTO:
            raise Absent(f"no pluto answers at {self._layout.socket}")
        lines = tuple(line for line in (done.out + done.err).splitlines() if line.strip())
        return Answer(lines, _refusal(done.status, lines, command[0]))


def _refusal(exit_status: int, lines: tuple[str, ...], command: str) -> str | None:
    if command in ("--delete", "--deletestate", "--terminate"):
        return None
    unknown = next((line for line in lines if any(words in line for words in _NO_SUCH)), None)
    if unknown is not None:
        return unknown.lstrip("0123456789 ")
    if exit_status:
        return lines[-1] if lines else f"whack {command} ended with {exit_status}"
    return None
