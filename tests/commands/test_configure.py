"""Configure mode: what lines change, what may be pasted, what is asked, what completes."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from ipsec_client.base.secret import Secret
from ipsec_client.commands.node import OnNode
from ipsec_client.commands.session import Context, Line
from ipsec_client.config import flat
from ipsec_client.config.edit import Edit, apply, edits_of
from ipsec_client.config.paths import element_at
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority, Config, IpsecClient, IpsecProfile
from ipsec_client.plan.impact import Impact
from tests.configs.strategies import elements

from .authority import CLIENT, KEY, TEXT, FakeAuthority, Session
from .sample import Clock, FakeNode, page

PROFILE = ("authority", "router", "router1", "ipsec-profile", "primary")


def key_of(session: Session, path: tuple[str, ...] = PROFILE) -> Secret | None:
    """The key of a profile in the candidate."""
    found = element_at(session.port.candidate("admin"), path)
    assert isinstance(found, IpsecProfile)
    return found.pre_shared_key


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(elements(Authority, 1), st.booleans())
def test_what_is_printed_can_be_pasted(authority: Authority, in_lines: bool) -> None:
    """Into an empty candidate, and it is the same; in blocks, which end, the session is where it was."""
    session = Session()
    session.port.commits.clear()
    text = (flat.write if in_lines else write)(Config(authority=authority), secrets=True)
    assume(not re.search(r"pre-shared-key +\(removed\)", text))
    assert (session.told(f"{text}\n#\n#"), session.outcome.status) == ("", 0)
    assert session.port.candidate("admin") == authority
    assert in_lines or session.context == Context()


@given(st.lists(st.text(max_size=40), max_size=4), st.sampled_from(["", "configure", CLIENT]))
def test_no_line_does_more_than_be_refused(lines: list[str], where: str) -> None:
    session = Session()
    if where:
        session.do("configure", *([where] if where != "configure" else []))
    for text in lines:
        line = Line(text, session.terminal, "r", session.context, ("y",))
        outcome = asyncio.run(session.executor.execute(line, _ignore))
        assert outcome.status in (0, 1)
        session.executor.complete(Line(text, session.terminal, "r", session.context))


async def _ignore(_: str) -> None:
    return None


def test_a_text_is_taken_whole_or_not_at_all() -> None:
    session = Session()
    told = session.failed(TEXT.replace("host 172.16.5.4", "hots 172.16.5.9"))
    assert told == (
        "% Error: line 25: Command 'hots' not found (use '?' for help). Did you mean host?\n"
        "Nothing was taken of this text\n"
    )
    assert session.port.handed == []
    assert session.context == Context()


def test_a_text_that_ends_before_its_exits_leaves_where_it_ends() -> None:
    session = Session()
    session.do("config\nauthority\ntenant guests\n")
    assert session.prompt == "*admin@node1.router1 (tenant[name=guests])# "


def test_what_stands_before_a_command_in_a_text_stays_when_a_later_line_fails() -> None:
    session = Session()
    told = session.failed("configure authority tenant guests\ncommit force\nexit\ntenant a/b\n")
    assert "Configuration committed" in told
    assert told.endswith("is not a tenant name\nNothing was taken of what follows line 2\n")
    running = session.port.running()
    assert running is not None
    assert [tenant.name for tenant in running.tenant] == ["ipsec", "lan", "guests"]


def test_going_somewhere_that_exists_changes_nothing() -> None:
    session = Session()
    session.do(f"configure {CLIENT} remote rem1", "up 3", "top", "exit")
    assert session.port.handed == []
    assert not session.prompt.startswith("*")


def test_lines_without_a_terminal_say_nothing_and_ask_nothing() -> None:
    session = Session(interactive=False)
    assert session.do(f"configure {CLIENT}", "remote rem3", "host 172.16.6.5") == ""
    told = session.failed("up\ndelete remote rem3")
    assert "which cannot be given here. Add force to do it without being asked" in told
    session.do("profile primary", "commit")
    assert len(session.port.commits) == 2


def test_a_key_is_asked_for_twice_and_never_shown() -> None:
    session = Session()
    line = f"configure {' '.join(PROFILE)} pre-shared-key"
    assert session.told(line, "another-key-1", "another-key-1") == "Pre shared key: \nOnce more: \n"
    assert key_of(session) == Secret("another-key-1")
    session.failed(line, "another-key-2", "another-key-3")
    assert key_of(session) == Secret("another-key-1")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("pre-shared-key another-key-1", "pre-shared-key"),
        ('pre "another key 1"', "pre-shared-key"),
        ("pre another key", "pre-shared-key"),  # refused, and yet not remembered
        ("top\nauthority router router1 ipsec-profile primary pre-shared-key k1\n", ""),
        ("dpddelay 7", None),
    ],
)
def test_no_key_is_remembered(text: str, kept: str | None) -> None:
    session = Session()
    session.do(f"configure {' '.join(PROFILE)}")
    session.told(text)
    assert session.outcome.kept == kept


def test_a_key_in_the_line_that_enters_is_not_remembered() -> None:
    session = Session()
    session.do(f"conf {' '.join(PROFILE)} pre-shared another-key-1")
    assert session.outcome.kept == f"{' '.join(('configure', *PROFILE))} pre-shared-key"


def test_a_key_that_was_removed_stays_what_it_is() -> None:
    session = Session()
    session.do(f"configure {' '.join(PROFILE)} pre-shared-key (removed)")
    assert session.port.handed == []
    session.do("restore config factory-default force")
    session.do(f"configure {' '.join(PROFILE)} pre-shared-key (removed)")
    assert key_of(session) == Secret(KEY)  # what runs has it
    told = session.failed(
        "configure authority router router1 ipsec-profile new pre-shared-key (removed)"
    )
    assert "was removed from this text, and none is stored. Write the key" in told


def test_no_key_is_ever_shown() -> None:
    session = Session()
    session.do(
        "show config running", "show config running verbose", "show config candidate flat",
        f"configure {' '.join(PROFILE)}", "show", "pre-shared-key another-key-1", "compare config",
        "up", "clone ipsec-profile primary spare", "show", "commit force", "compare config",
        "show events config commit", "rollback 1", "compare config",
    )  # fmt: skip
    assert "(removed)" in session.screen
    assert KEY not in session.screen
    assert session.screen.count("another-key-1") == 1  # where it was typed


def test_an_element_that_was_taken_away_leaves_its_user_above_it() -> None:
    session = Session()
    session.do(f"configure {CLIENT} remote rem3")
    session.do("restore config running force")
    assert session.prompt == "admin@node1.router1 (ipsec-client[name=client1])# "
    session.do("enabled true")
    assert session.port.handed[-1] == (Edit("set", tuple(CLIENT.split()), "enabled", "true"),)


@pytest.mark.parametrize("path", [["x"], ["authority", "router"], ["authority", "gold", "y"]])
def test_a_made_up_context_is_refused(path: list[str]) -> None:
    session = Session()
    line = Line("exit", session.terminal, "r", Context.from_json({"path": path, "back": []}))
    assert asyncio.run(session.executor.execute(line, _ignore)).status == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("conf", ["configure"]),
        ("configure ", ["authority"]),
        ("configure authority router ", ["router1"]),
        (f"configure {CLIENT} remote rem1 ho", ["host"]),
        ("show config running authority r", ["router"]),
        ("show config candidate authority router router1 ", ["ipsec-profile", "node", "verbose", "flat"]),
        ("show alarms | he", ["head"]),
        ("show alarms | ", sorted(["begin", "count", "exclude", "grep", "head", "include",
                                   "no-more", "tail"])),
        ("export config ", ["running", "candidate", "with-keys"]),
        ("compare config ", ["running", "candidate"]),
        ("validate router ", ["router1"]),
        ("commit c", ["confirm", "confirmed"]),
    ],
)  # fmt: skip
def test_completion_at_home(line: str, words: list[str]) -> None:
    assert Session().words(line) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("re", ["restore", "remote"]),
        ("remote ", ["rem1", "rem2"]),
        ("remote rem1 p", ["profile"]),
        ("remote rem1 profile ", ["primary"]),
        ("remote rem1 enforced-mss a", ["automatic"]),
        ("remote rem1 tenant ", ["ipsec", "lan"]),
        ("enabled ", ["true", "false"]),
        ("delete ", ["tenant", "remote"]),
        ("delete remote ", ["rem1", "rem2"]),
        ("delete config e", ["exported"]),
        ("clone remote r", ["rem1", "rem2"]),
        ("show v", ["verbose"]),
        ("do show al", ["alarms"]),
        ("show config v", ["version"]),
        ("comm", ["commit"]),
        ("commit c", ["confirm", "confirmed"]),
        ("remote a/b ", []),
        ("bad ", []),
        ("host x y ", []),
    ],
)
def test_completion_in_an_element(line: str, words: list[str]) -> None:
    session = Session()
    session.do(f"configure {CLIENT}")
    assert sorted(session.words(line)) == sorted(words)


def test_an_interface_completes_where_a_route_names_one() -> None:
    session = Session()
    session.do("configure authority router router1 service-route ipsec service-name ipsec")
    session.do("configure authority router router1 service-route ipsec")
    assert session.words("next-hop ") == ["node1"]
    assert session.words("next-hop node1 rem") == ["rem1-intf", "rem2-intf"]


def test_questions_before_all_routers_are_asked() -> None:
    session = Session()
    told = session.told("show alarms router all", "n")
    assert "WARNING: Targeting router 'all' may take a long time. Continue anyway? [y/N]: n" in told
    assert "Operation canceled" in told


def test_edits_make_what_was_typed() -> None:
    session = Session()
    before = session.port.candidate("admin")
    session.do(
        f"configure {CLIENT}", "clone remote rem2 rem3", "remote rem3", "host 172.16.6.5",
        "subnet 10.0.0.0/8", "subnet 10.1.0.0/16", "delete subnet 10.0.0.0/8",
    )  # fmt: skip
    after = session.port.candidate("admin")
    assert apply(before, edits_of(before, after)) == after
    remote = element_at(after, (*CLIENT.split(), "remote", "rem3"))
    assert remote is not None
    assert write(Config(authority=Authority())).count("authority") == 1
    shown = session.do("show")
    for line in ("host     172.16.6.5", "profile  primary", "subnet   10.1.0.0/16"):
        assert line in shown


@pytest.mark.parametrize("interactive", [True, False])
def test_what_is_being_done_is_shown_to_people_only(interactive: bool) -> None:
    said: list[str] = []

    async def say(text: str) -> None:
        said.append(text)

    session = Session(interactive=interactive)
    asyncio.run(session.executor.execute(Line("validate", session.terminal), say))
    assert ("… Validating...\r" in said) == interactive


def test_a_text_that_deletes_and_makes_again_says_what_is_left() -> None:
    session = Session()
    session.do(
        f"configure {CLIENT}\nremote rem1\nhost 172.16.4.9\nup\ndelete remote rem1 force\n"
        "remote rem1\nhost 172.16.4.8\nprofile primary\nexit\ndelete remote force rem2\n"
        "clone remote rem1 rem5\nmove remote rem5 first\ntop\nexit"
    )
    client = element_at(session.port.candidate("admin"), tuple(CLIENT.split()))
    assert isinstance(client, IpsecClient)
    assert [(remote.name, remote.host) for remote in client.remote] == [
        ("rem5", "172.16.4.8"),
        ("rem1", "172.16.4.8"),
    ]
    assert session.context == Context()


def test_a_session_outlives_the_conductor_for_what_a_node_answers() -> None:
    """The agent knows no configuration, and says so; its own commands and the prompt go on."""
    node = OnNode(FakeNode(page()), Clock("2026-03-01 10:00:00", 0.1))
    context = Context(tuple(CLIENT.split()))
    terminal = Session().terminal
    outcome = asyncio.run(node.execute(Line("host 1.2.3.4", terminal, "r", context), _ignore))
    assert (outcome.status, outcome.context) == (1, context)
    outcome = asyncio.run(node.execute(Line("show alarms", terminal, "r", context), _ignore))
    assert (outcome.status, outcome.context) == (0, context)
    outcome = asyncio.run(node.execute(Line("exit", terminal, "r", context), _ignore))
    assert (outcome.status, outcome.context) == (0, Context())
    assert node.prompt(terminal, context) == "admin@combo-west.RTR_WEST_COMBO# "
    assert node.complete(Line("ho", terminal, "r", context)) == []
    assert node.complete(Line("do show al", terminal, "r", context))[0][0] == "alarms"
    for text in ("?", "do ?", "do show ?", "ho?"):
        assert asyncio.run(node.execute(Line(text, terminal, "r", context), _ignore)).status in (
            0,
            1,
        )


def test_a_commit_that_goes_further_than_its_changes_is_asked_for_twice() -> None:
    session = Session(FakeAuthority(wide=("r7", "r9")))
    session.do("configure authority tenant guests")
    session.failed("commit", "y", "n")
    assert len(session.port.commits) == 1
    told = session.told("commit", "y", "y")
    assert session.outcome.status == 0
    assert told.endswith(
        "Tunnels are removed from routers that the changes do not name: r7, r9\n"
        "Commit all the same? [y/N]: y\n"
        "✔ Validating, then committing...\nConfiguration committed\nWarnings: 2; validate shows them\n"
    )
    assert told.count("Tunnels: ") == 1


class Overtaking(FakeAuthority):
    """Somebody else's commit comes between the first question and its answer: it changes a ``host``, or what is not a
    tunnel's.
    """

    another: Edit | None = None

    async def impact(self, user: str) -> Impact:
        shown = await super().impact(user)
        if self.another:
            edit, self.another = self.another, None
            wanted = self.candidate(user)
            await self.edit("bob", [edit])
            await self.commit("bob", force=True)
            await self.replace(user, apply(wanted, [edit]))
        return shown


def test_what_has_changed_since_it_was_shown_is_shown_and_asked_anew() -> None:
    port = Overtaking(wide=("r7",))
    session = Session(port)
    session.do(f"configure {CLIENT} remote rem2 host 172.16.9.9")
    port.another = Edit("set", (*CLIENT.split(), "remote", "rem1"), "enforced-mss", "1300")
    session.failed("commit", "y", "n")
    assert len(port.commits) == 2
    port.another = Edit("delete", (*CLIENT.split(), "remote", "rem1"))
    told = session.told("commit", "y", "y", "y")
    first, second = told.split("Not committed: ")
    assert "1 restarted, 1 untouched" in first
    assert first.endswith("✖ Validating, then committing...\n")
    assert second.startswith(
        "what becomes of the tunnels has changed since it was shown; bob committed 1002\n"
    )
    assert "Tunnels: 1 restarted\n" in second
    assert second.count("[y/N]: y\n") == 2
    assert second.endswith("validate shows them\n")
    assert [commit.user for commit, _ in port.commits[:2]] == ["admin", "bob"]


def test_another_commit_that_leaves_the_tunnels_as_shown_is_none_of_it() -> None:
    port = Overtaking()
    session = Session(port)
    session.do(f"configure {CLIENT} remote rem2 host 172.16.9.9")
    port.another = Edit("set", ("authority", "tenant", "guests"))
    assert "Configuration committed" in session.told("commit", "y")


def test_a_script_needs_force_for_it() -> None:
    session = Session(FakeAuthority(wide=("r7",)), interactive=False)
    session.do("configure authority tenant guests")
    assert session.failed("commit") == (
        "% Error: tunnels would be removed from r7, of which the changes do not speak. "
        "compare impact lists them; commit force does it\n"
    )
    session.do("commit force")
    assert len(session.port.commits) == 2


def test_help_after_a_pipe_lists_the_filters() -> None:
    assert Session().do("show alarms | ?").startswith("Filters\n-------\nbegin ")
    assert Session().do("show alarms | he?").splitlines()[2:] == [
        "head  The first lines; unset: 10"
    ]


def test_a_key_that_an_export_does_not_hold_is_no_difference() -> None:
    session = Session()
    kept = read(TEXT.replace(KEY, "(removed)").replace("dpddelay 5", "dpddelay 6")).config.authority
    assert kept is not None
    session.port.kept["kept"] = kept, None
    told = session.told("compare config running kept")
    assert "dpddelay" in told
    assert "pre-shared-key" not in told
    session.do("configure authority router router1 ipsec-profile primary pre-shared-key another")
    assert session.told("compare config").count("pre-shared-key  (removed)") == 2


def test_the_passphrase_of_an_encrypted_export_is_asked_to_compare_it() -> None:
    session = Session()
    session.port.kept["kept"] = session.port.candidate("admin"), Secret("a passphrase")
    assert session.told("compare config running kept", "a passphrase").endswith(
        "# No differences\n"
    )
