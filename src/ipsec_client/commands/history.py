"""What was committed, when and by whom: the version that runs, the history, and what each commit changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ipsec_client.base.clock import moment
from ipsec_client.base.errors import Fault
from ipsec_client.base.table import table
from ipsec_client.commands.command import AuthorityCommand
from ipsec_client.commands.compare import changes_flat, changes_told
from ipsec_client.commands.grammar import EVERY, ROUTER, Argument, Arguments
from ipsec_client.commands.layout import block
from ipsec_client.commands.port import Committed, ConfigPort
from ipsec_client.commands.session import Talk
from ipsec_client.commands.show_events import ROWS, rows_wanted
from ipsec_client.commands.times import FROM, TO, between

_NAMED = 3  # routers that a row names; of more it gives the number


async def _version(port: ConfigPort, _: Arguments, talk: Talk) -> None:
    commit = _kept(port)[0]
    at = datetime.fromtimestamp(commit.at, UTC).strftime("%a %Y-%m-%d %H:%M:%S")
    await talk.say(f"\nVersion {commit.version} committed at: {at}\n\n")


async def _history(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    rows = [
        (number, commit.version, moment(commit.at), commit.user, _routers(commit), _note(commit))
        for number, commit in enumerate(_kept(port))
    ][: rows_wanted(arguments)]
    header = ("Rollback", "Version", "Committed", "User", "Routers", "Note")
    await talk.say(f"\n{table(header, rows, width=talk.width)}\n")


async def _events(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    router = arguments.get("router")
    commits = between(
        (
            (item.at, item)
            for item in _kept(port)
            if router in (None, EVERY) or router in item.routers
        ),
        arguments,
        talk.now,
    )
    told = changes_flat if arguments.get("flat") else changes_told
    where = port.here.node if port.here else "conductor"
    for commit in commits[: rows_wanted(arguments)]:
        at = datetime.fromtimestamp(commit.at, UTC).isoformat(timespec="milliseconds")
        title = (
            f"{at.removesuffix('+00:00')}Z {commit.user} changed running configuration on {where}"
        )
        changes = [
            change
            for change in await port.changes(commit.version)
            if router is None or change.path[1:3] == ("router", router)
        ]
        await talk.say(f"\n{block(title, [])}\n{told(changes)}")
    await talk.say("\n" if commits else "\nThere are no events\n\n")


def _kept(port: ConfigPort) -> Sequence[Committed]:
    commits = port.history()
    if not commits:
        raise Fault("nothing has been committed yet", cure="configure, then commit")
    return commits


def _routers(commit: Committed) -> str:
    names = ", ".join(commit.routers[:_NAMED]) or "--"
    further = len(commit.routers) - _NAMED
    return f"{names} and {further} more" if further > 0 else names


def _note(commit: Committed) -> str:
    if commit.undone_from is not None:
        return f"undoes {commit.undone_from}, which nobody confirmed"
    if commit.confirmed_until is not None:
        return f"undoes itself at {moment(commit.confirmed_until)}"
    return "--"


_ROWS = Argument("rows", f"How many to show; unset: {ROWS}")
VERSION = AuthorityCommand(
    words=("show", "config", "version"),
    help="The version of the running configuration, and when it was committed",
    act=_version,
)
HISTORY = AuthorityCommand(
    words=("show", "config", "history"),
    help="What was committed, newest first, with the number that rollback takes",
    arguments=(_ROWS,),
    act=_history,
)
EVENTS = AuthorityCommand(
    words=("show", "events", "config", "commit"),
    help="What each commit changed, newest first",
    arguments=(
        Argument("flat", "Each line complete", kind="choice", words=("flat",)),
        FROM,
        TO,
        _ROWS,
        ROUTER,
    ),
    act=_events,
)
