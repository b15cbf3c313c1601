"""What lines of configure mode have changed and not handed over yet, over the candidate that they change. Pure."""

from __future__ import annotations

from ipsec_client.commands.places import trail
from ipsec_client.config.edit import Edit, apply
from ipsec_client.config.paths import Finder
from ipsec_client.model.definition import Element, Path
from ipsec_client.model.elements import Authority


class Pending:
    """Edits of an authority. They are made when somebody looks: a pasted text is thousands of them."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._finder = Finder(authority)
        self._made: set[Path] = set()  # elements that edits since have brought into being
        self._edits: list[Edit] = []
        self._applied = 0

    @property
    def authority(self) -> Authority:
        """The authority with all edits made."""
        if new := self._edits[self._applied :]:
            self._authority = apply(self._authority, new)
            self._finder = Finder(self._authority)
            self._made.clear()
            self._applied = len(self._edits)
        return self._authority

    def add(self, edit: Edit) -> None:
        """Makes one more edit; raises InputFault for a delete or a move that cannot be."""
        if edit.verb == "set":
            self._edits.append(edit)
            self._made.update(
                place.path for place in trail(edit.path) if not self.stands(place.path)
            )
            return
        self._authority = apply(self.authority, (edit,))
        self._finder = Finder(self._authority)
        self._edits.append(edit)
        self._applied += 1

    def stands(self, path: Path) -> bool:
        """Whether there is an element at the path."""
        return path in self._made or self._finder.element(path) is not None

    def element(self, path: Path) -> Element | None:
        """What stands at the path, as it is now."""
        _ = self.authority
        return self._finder.element(path)

    def before(self, path: Path) -> Element | None:
        """What stood at the path when somebody looked last; that is enough to know a key that did not change."""
        return self._finder.element(path)

    def take(self) -> tuple[Edit, ...]:
        """The edits, which are another's business from here on."""
        taken = tuple(self._edits)
        self._edits.clear()
        self._applied = 0
        return taken
