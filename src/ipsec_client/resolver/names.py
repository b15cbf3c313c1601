"""Looks names of gateways and monitor destinations up in the background, again and again.

A name server that hangs costs a thread, never the agent's loop; one that fails leaves the last good answer.
The system's resolver is asked, since it knows what a stub of our own would not: /etc/hosts, nsswitch, search domains,
systemd-resolved. It hides how long an answer lasts; the pace is quicker than what gateways that move have.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from ipsec_client.model.values import reserved

DEADLINE = 5.0
"""Seconds a look-up may take before it counts as failed."""

PACE = 30.0
"""Seconds from one look-up of a name to the next; the system's resolver hides the record's own life."""

EAGER = 2.0
"""The same while a name has never been resolved, and where it is asked for out of turn."""


Versions = tuple[int, ...]
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


class Names:
    """The names in use and their addresses. ``changed`` is called on the loop when an answer is new."""

    def __init__(self, known: dict[str, str], changed: Callable[[], None]) -> None:
        self._known = dict(known)
        self._changed = changed
        self._versions: Mapping[str, Versions] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, asyncio.Event] = {}

    @property
    def known(self) -> dict[str, str]:
        """The last good address of each name."""
        return dict(self._known)

    def use(self, hosts: Iterable[str], versions: Mapping[str, Versions] | None = None) -> None:
        """From now on these hosts are looked up, at once and again and again, and no others; addresses are no names.

        ``versions`` are those of IP that serve for a name, best first; IPv4 unless it is there.
        """
        self._versions = versions or {}
        wanted = {host for host in hosts if not _is_address(host)}
        for name in self._tasks.keys() - wanted:
            self._tasks.pop(name).cancel()
            del self._asked[name]
        self.ask(self._tasks)
        for name in wanted - self._tasks.keys():
            self._asked[name] = asyncio.Event()
            self._tasks[name] = asyncio.get_running_loop().create_task(self._follow(name))

    def ask(self, hosts: Iterable[str]) -> None:
        """Looks these names up out of turn: whoever went silent may have moved."""
        for host in hosts:
            if host in self._asked:
                self._asked[host].set()

    def close(self) -> None:
        """No more look-ups."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    async def _follow(self, name: str) -> None:
        asked = self._asked[name]
        while True:
            asked.clear()
            found = await look_up(name, versions=self._versions.get(name, (4,)))
            # A gateway with several addresses keeps the one in use while it is still among them.
            if found and self._known.get(name) not in found:
                self._known[name] = found[0]
                self._changed()
            await asyncio.sleep(EAGER)
            if name in self._known:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PACE - EAGER):
                        await asked.wait()


async def look_up(name: str, deadline: float = DEADLINE, versions: Versions = (4,)) -> list[str]:
    """The addresses of a name, by version and then as the resolver orders them; none where it fails or takes too
    long.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def ask() -> None:
        try:
            family = _FAMILY[versions[0]] if len(versions) == 1 else socket.AF_UNSPEC
            rows = socket.getaddrinfo(name, None, family, socket.SOCK_DGRAM)
            found = list(filter(_is_a_hosts, dict.fromkeys(str(row[4][0]) for row in rows)))
            found.sort(key=lambda address: versions.index(6 if ":" in address else 4))
        except (OSError, UnicodeError):
            found = []
        with suppress(RuntimeError):  # the loop that asked has ended meanwhile
            loop.call_soon_threadsafe(_settle, answer, found)

    # A thread of its own, not one of a pool: a resolver that hangs must not keep others waiting.
    try:
        threading.Thread(target=ask, daemon=True, name=f"resolve {name}").start()
    except RuntimeError:  # there can be no more threads for now
        return []
    try:
        async with asyncio.timeout(deadline):
            return await answer
    except TimeoutError:
        return []


def _settle(answer: asyncio.Future[list[str]], found: list[str]) -> None:
    if not answer.done():  # whoever asked may have given up
        answer.set_result(found)


def _is_a_hosts(address: str) -> bool:
    """Whether a host can have it, wherever it is asked for from: a resolver that filters answers 0.0.0.0 or 127.0.0.1,
    which is no reason to leave the last good one.
    """
    if "%" in address:
        return False
    return not reserved(ipaddress.ip_address(address))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
