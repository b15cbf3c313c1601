"""The keys of docs/tutorial.keys lead a newcomer from the demo's configuration to a third remote and back.

Each line of keys ends with ENTER, or with ``?``, after which what was typed stands there again; ``<TAB>`` must
have exactly one word to complete. A question takes the next line. What follows ``# `` is said to the reader. The
screen is golden/tutorial.txt, written anew by ``python -m tests.commands.test_tutorial``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ipsec_client.commands.port import Committed
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read

from .authority import BEGUN, FakeAuthority, Session
from .sample import GOLDEN

ROOT = Path(__file__).parents[2]
KEYS = ROOT / "docs" / "tutorial.keys"
SCREEN = GOLDEN / "tutorial.txt"


def demo() -> FakeAuthority:
    """The demo's configuration, running."""
    authority = read((ROOT / "examples" / "demo.conf").read_text()).config.authority
    assert authority is not None
    first = Committed(1000, BEGUN, "root", ("router1",))
    return FakeAuthority([(first, generate(authority))])


def typed(session: Session) -> None:
    """Types the keys into the session."""
    lines = [line for line in KEYS.read_text().splitlines() if line[:2] != "# "]
    begun = ""
    while lines:
        line = begun
        for number, part in enumerate(lines.pop(0).split("<TAB>")):
            line += completion(session, line) if number else ""
            line += part
        answers = [lines.pop(0)] if lines and lines[0] in ("y", "n") else []
        if line == "exit" and session.context.path is None:
            break
        session.told(line, *answers)
        assert session.outcome.status == 0, session.screen[-500:]
        begun = line.removesuffix("?") if line.endswith("?") else ""


def completion(session: Session, line: str) -> str:
    """What TAB adds."""
    (word,) = session.words(line)
    begun = "" if line[-1:].isspace() else line.rpartition(" ")[2]
    return word.removeprefix(begun)


def screen() -> str:
    """All that a newcomer sees."""
    session = Session(demo(), user="root")
    typed(session)
    return session.screen


def test_the_keys_lead_where_the_tutorial_says() -> None:
    assert screen() == SCREEN.read_text()


def test_the_third_remote_was_committed_and_taken_back() -> None:
    session = Session(demo(), user="root")
    typed(session)
    (back, last), (added, more), (_, first) = session.port.commits
    assert (added.version, back.version) == (1001, 1002)
    client = more.router[0].node[0].ipsec_client[0]
    assert [remote.name for remote in client.remote] == ["rem1", "rem2", "rem3"]
    assert replace(last) == first


if __name__ == "__main__":
    SCREEN.write_text(screen())
