"""``commit``: the candidate becomes the running configuration, after a look at what that does to the tunnels.

A script's ``commit`` is not asked for: ``force`` stays what lets it remove tunnels that the changes do not speak of.
"""

from __future__ import annotations

from ipsec_client.base.clock import moment
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands import problems
from ipsec_client.commands.command import AuthorityCommand
from ipsec_client.commands.compare import impact_told
from ipsec_client.commands.grammar import FORCE, Argument, Arguments
from ipsec_client.commands.port import (
    LONGEST,
    Committed,
    ConfigPort,
    Conflict,
    Overtaken,
    Refused,
    TooWide,
)
from ipsec_client.commands.session import Talk
from ipsec_client.commands.validate import CROSS, MARK

_STEP = "Validating, then committing..."


async def _act(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    force = arguments.get("force") is not None
    minutes = _minutes(arguments)
    user = talk.terminal.user
    if not port.edits(user):
        await talk.say("There is nothing to commit: the candidate is what is running\n")
        return
    try:
        if not force and talk.terminal.interactive:
            if not talk.shown:
                impact = await port.impact(user)
                await talk.say(impact_told(impact, talk, brief=True))
                talk.shown = impact.fingerprint
            talk.confirm("Are you sure you want to commit the candidate config?", force=False)
        await talk.begin(_STEP)
        committed = await _commit(port, talk, minutes, force=force)
        warnings = len(await port.findings(user))
    except Refused as fault:
        told = problems.errors(fault.findings, talk.width)
        raise await _failed(told, talk) from None
    except Conflict as fault:
        raise await _failed(problems.conflict(fault, talk.width), talk) from None
    except Overtaken as fault:
        talk.start_over()
        latest = "".join(f"; {each.user} committed {each.version}" for each in port.history()[:1])
        await talk.say(f"{CROSS}{_STEP}\nNot committed: {fault.what}{latest}\n")
        await _act(port, arguments, talk)
        return
    if committed is None:
        await talk.say("Nothing of the running configuration changes by this\n")
        return
    await talk.say(f"{MARK}{_STEP}\nConfiguration committed\n{_deadline(committed)}")
    if warnings:
        await talk.say(f"Warnings: {warnings}; validate shows them\n")


async def _commit(
    port: ConfigPort, talk: Talk, minutes: int | None, *, force: bool
) -> Committed | None:
    """Commits; where tunnels of unnamed routers would go, only after that was agreed to."""
    user = talk.terminal.user
    try:
        return await port.commit(user, force=force, confirmed=minutes, shown=talk.shown)
    except TooWide as fault:
        if not talk.terminal.interactive:
            raise
        await talk.say(f"Tunnels are removed from routers that the changes do not name: "
                       f"{', '.join(fault.routers)}\n")  # fmt: skip
        talk.confirm("Commit all the same?", force=False)
        return await port.commit(user, force=True, confirmed=minutes, shown=talk.shown)


async def _failed(told: str, talk: Talk) -> Fault:
    await talk.say(f"{CROSS}{_STEP}\n")
    return Fault(f"Failed to commit:\n{told}".rstrip())


def _deadline(committed: Committed) -> str:
    if committed.confirmed_until is None:
        return ""
    until = moment(committed.confirmed_until)
    return f"It undoes itself at {until} UTC unless it is confirmed with: commit confirm\n"


def _minutes(arguments: Arguments) -> int | None:
    text = arguments.get("confirmed")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= LONGEST:
        raise InputFault(f"confirmed {text} is not a number of minutes from 1 to {LONGEST}")
    return int(text)


async def _confirm(port: ConfigPort, _: Arguments, talk: Talk) -> None:
    committed = await port.confirm(talk.terminal.user)
    await talk.say(f"Configuration {committed.version} confirmed\n")


COMMAND = AuthorityCommand(
    words=("commit",),
    help="Make the candidate the running configuration, after showing what that does to the tunnels",
    arguments=(
        FORCE,
        Argument(
            "validate-local",
            "Validate here only, as one machine does anyway",
            kind="choice",
            words=("validate-local",),
        ),
        Argument("confirmed", "Undo it after so many minutes, unless commit confirm comes before"),
    ),
    dated=False,
    changes=True,
    act=_act,
)
CONFIRM = AuthorityCommand(
    words=("commit", "confirm"),
    help="Keep what was committed with commit confirmed",
    dated=False,
    changes=True,
    act=_confirm,
)
