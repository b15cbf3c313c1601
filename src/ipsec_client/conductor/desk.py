"""Everybody's candidate, in memory and in the datastore. What writes is called by one thread at a time."""

from __future__ import annotations

from collections.abc import Sequence

from ipsec_client.commands.port import Clash, Committed
from ipsec_client.conductor import draft as drafts
from ipsec_client.conductor.candidate import with_interfaces, with_keys
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.conductor.draft import Draft
from ipsec_client.config.edit import Edit
from ipsec_client.model.elements import Authority


class Desk:
    """The candidates. ``running`` is what runs, as of its ``version``."""

    def __init__(self, store: Datastore) -> None:
        self._store = store
        self._drafts = {user: drafts.from_json(kept) for user, kept in store.candidates().items()}
        self._made: dict[str, tuple[Authority, Draft, Authority]] = {}  # the last ones asked for

    def edits(self, user: str) -> tuple[Edit, ...]:
        """What the user's candidate changes."""
        return self._draft(user).edits

    def named(self, user: str) -> frozenset[str]:
        """The routers that the user's edits speak of."""
        return self._draft(user).named

    def candidate(self, user: str, running: Authority) -> Authority:
        """What runs with the user's edits."""
        draft = self._draft(user)
        if not draft.kept:
            return running
        made = self._made.get(user)
        if made is None or made[0] is not running or made[1] is not draft:
            made = self._made[user] = running, draft, drafts.candidate(running, draft)
        return made[2]

    def clashes(
        self, user: str, running: Authority, history: Sequence[Committed]
    ) -> tuple[Clash, ...]:
        """Where the user's edits meet with what others committed since."""
        return drafts.clashes(running, self._draft(user), history)

    def edit(self, user: str, running: Authority, version: int, edits: Sequence[Edit]) -> None:
        """Adds edits; raises InputFault where one cannot be, and takes none then."""
        self._keep(user, drafts.edited(running, version, self._draft(user), edits))

    def replace(self, user: str, running: Authority, version: int, wanted: Authority) -> None:
        """The candidate becomes what is wanted, with the keys that the candidate or the running one has."""
        wanted = with_keys(wanted, self.candidate(user, running), running)
        wanted = with_interfaces(wanted, running)
        self._keep(user, drafts.replaced(running, version, wanted))

    def discard(self, user: str) -> None:
        """The user's edits are forgotten."""
        if user in self._drafts:
            self._keep(user, Draft())

    def clear(self, user: str) -> None:
        """The datastore has forgotten the user's edits with the commit that they became."""
        self._drafts.pop(user, None)
        self._made.pop(user, None)

    def _draft(self, user: str) -> Draft:
        return self._drafts.get(user, Draft())

    def _keep(self, user: str, draft: Draft) -> None:
        self._store.keep_candidate(user, drafts.to_json(draft) if draft.kept else None)
        self._made.pop(user, None)
        if draft.kept:
            self._drafts[user] = draft  # in one step: others look at it meanwhile
        else:
            self._drafts.pop(user, None)
