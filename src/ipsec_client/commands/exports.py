"""Exported configurations: made from what runs or the candidate, taken into the candidate, listed, deleted."""

from __future__ import annotations

from ipsec_client.base.clock import moment
from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.base.table import table
from ipsec_client.commands.command import AuthorityCommand
from ipsec_client.commands.grammar import FORCE, Argument, Arguments
from ipsec_client.commands.port import ConfigPort, Exported
from ipsec_client.commands.restore_config import replacing
from ipsec_client.commands.session import Talk
from ipsec_client.model.elements import Authority

_TYPED = "A passphrase is typed in a session, not written in a command"


async def _export(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    name = arguments.values["name"]
    held = port.running() or Authority()
    if arguments.values["datastore"] == "candidate":
        held = port.candidate(talk.terminal.user)
    passphrase = None
    if arguments.get("with-keys"):
        text = talk.ask("Passphrase: ", secret=True, cure=_TYPED)
        if talk.ask("Once more: ", secret=True, cure=_TYPED) != text:
            raise InputFault("the two differ", cure="Nothing was exported; try again")
        passphrase = Secret(text)
    await port.export(name, held, passphrase)
    await talk.say(f"Successfully exported configuration: {name}\n")


async def _import(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    name = arguments.values["name"]
    _known(name, port)
    replacing(port, arguments, talk)
    await port.replace(talk.terminal.user, await opened(name, port, talk))
    await talk.say(f"{name} is the candidate configuration; commit makes it the running one\n")


async def _delete(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    name = arguments.values["name"]
    _known(name, port)
    force = arguments.get("force") is not None
    talk.confirm(f'Are you sure you want to delete item "{name}"', force=force)
    await port.delete_export(name)
    await talk.say(f"Successfully deleted configuration: {name}\n")


async def opened(name: str, port: ConfigPort, talk: Talk) -> Authority:
    """The exported configuration; of an encrypted one the passphrase is asked."""
    passphrase = None
    if _known(name, port).encrypted:
        passphrase = Secret(talk.ask("Passphrase: ", secret=True, cure=_TYPED))
    return await port.exported(name, passphrase)


def _known(name: str, port: ConfigPort) -> Exported:
    """The export of this name; raises InputFault where there is none, before anything is asked."""
    for item in port.exports():
        if item.name == name:
            return item
    raise InputFault(f"there is no export {name}", cure="show config exports lists them")


async def _show(port: ConfigPort, _: Arguments, talk: Talk) -> None:
    rows = [
        (item.name, moment(item.at), "encrypted" if item.encrypted else "none")
        for item in port.exports()
    ]
    header = ("Name", "Exported", "Keys")
    told = table(header, rows, width=talk.width) if rows else "There are no exports\n"
    await talk.say(f"\n{told}\n")


_NAME = Argument("name", "The exported configuration", kind="place", required=True, known="export")
EXPORT = AuthorityCommand(
    words=("export", "config"),
    help="Keep a configuration under a name, without keys, or with them under a passphrase",
    arguments=(
        Argument(
            "datastore", "Which one", kind="choice", words=("running", "candidate"), required=True
        ),
        Argument("name", "Letters, digits, . _ and -", kind="place", required=True),
        Argument("with-keys", "With its keys, encrypted", kind="choice", words=("with-keys",)),
    ),
    dated=False,
    changes=True,
    act=_export,
)
IMPORT = AuthorityCommand(
    words=("import", "config"),
    help="Make an exported configuration the candidate",
    arguments=(FORCE, _NAME),
    dated=False,
    changes=True,
    act=_import,
)
DELETE = AuthorityCommand(
    words=("delete", "config", "exported"),
    help="Delete an exported configuration",
    arguments=(FORCE, _NAME),
    dated=False,
    changes=True,
    act=_delete,
)
SHOW = AuthorityCommand(
    words=("show", "config", "exports"),
    help="The exported configurations",
    act=_show,
)
