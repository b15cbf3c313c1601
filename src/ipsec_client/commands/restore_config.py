"""``restore config`` and ``rollback``: the candidate becomes what runs, what ran before, or nothing."""

from __future__ import annotations

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.command import AuthorityCommand
from ipsec_client.commands.grammar import FORCE, Argument, Arguments
from ipsec_client.commands.port import ConfigPort
from ipsec_client.commands.session import Talk
from ipsec_client.model.elements import Authority


def replacing(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    """Asks before the user's changes to his candidate are lost, if there are any."""
    if port.edits(talk.terminal.user):
        talk.confirm(
            "Are you sure you want to discard the candidate config changes?",
            force=arguments.get("force") is not None,
        )


async def _running(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    replacing(port, arguments, talk)
    await port.discard(talk.terminal.user)
    await talk.say("Candidate configuration changes successfully discarded\n")


async def _factory(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    replacing(port, arguments, talk)
    await port.replace(talk.terminal.user, Authority())
    await talk.say("The candidate configuration is empty; commit makes it the running one\n")


async def _rollback(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    text = arguments.values["commits"]
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise InputFault(f"'{text}' is no number of commits", cure="See: show config history")
    replacing(port, arguments, talk)
    await port.restore(talk.terminal.user, int(text))
    version = port.history()[int(text)].version
    await talk.say(
        f"The candidate configuration is version {version}; commit makes it the running one\n"
    )


RUNNING = AuthorityCommand(
    words=("restore", "config", "running"),
    help="Discard the candidate's changes: it is the running configuration again",
    arguments=(FORCE,),
    dated=False,
    changes=True,
    act=_running,
)
FACTORY_DEFAULT = AuthorityCommand(
    words=("restore", "config", "factory-default"),
    help="Empty the candidate",
    arguments=(FORCE,),
    dated=False,
    changes=True,
    act=_factory,
)
ROLLBACK = AuthorityCommand(
    words=("rollback",),
    help="Make the candidate what ran so many commits ago; 1 is the one before the running one",
    arguments=(
        Argument("commits", "As in show config history", kind="place", required=True),
        FORCE,
    ),
    dated=False,
    changes=True,
    act=_rollback,
)
