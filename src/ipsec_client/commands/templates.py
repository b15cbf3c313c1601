"""``show config templates`` and ``create config template``: profiles that are ready for a provider's gateways."""

from __future__ import annotations

from dataclasses import replace

from ipsec_client.base.errors import InputFault
from ipsec_client.base.table import table
from ipsec_client.commands.command import AuthorityCommand
from ipsec_client.commands.grammar import Argument, Arguments
from ipsec_client.commands.port import ConfigPort
from ipsec_client.commands.session import Talk
from ipsec_client.config.edit import edits_of
from ipsec_client.config.providers import PROVIDERS
from ipsec_client.config.providers.template import profile, text
from ipsec_client.model.elements import Authority, Router

_PLACEHOLDER = "router1"


async def _show(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    name = arguments.get("template")
    if name is not None:
        here = port.here.router if port.here else _PLACEHOLDER
        await talk.say(text(PROVIDERS[name], here, name))
        return
    rows = [(of.name, of.title) for of in PROVIDERS.values()]
    await talk.say(table(("Template", "Provider"), rows, width=talk.width))


async def _create(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    """The profile comes without key and, unless it is named, without local-id: neither can be guessed."""
    user = talk.terminal.user
    provider = PROVIDERS[arguments.get("template") or ""]
    known = {each.name: each for each in port.candidate(user).router}
    router = _router(arguments.get("router"), port.here.router if port.here else None, list(known))
    name = arguments.get("name") or provider.name
    if any(each.name == name for each in known[router].ipsec_profile):
        raise InputFault(
            f"router {router} has an ipsec-profile {name} already", cure="Give another name"
        )
    made = replace(profile(provider, name), pre_shared_key=None, local_id=arguments.get("local-id"))
    before, after = (
        Authority(router=(Router(name=router, ipsec_profile=profiles),))
        for profiles in ((), (made,))
    )
    await port.edit(user, edits_of(before, after))
    own = (
        ["pre-shared-key"]
        if made.local_id
        else ["pre-shared-key", f"local-id (like {provider.local_id})"]
    )
    await talk.say(
        f"authority router {router} ipsec-profile {name} is in the candidate configuration\n"
        f"Yours to set: {', '.join(own)}\n"
    )


def _router(named: str | None, here: str | None, known: list[str]) -> str:
    """The router that is meant: the one named, else this machine's, else the only one."""
    only = known[0] if len(known) == 1 else None
    router = named or (here if here in known else only)
    if router not in known:
        what = f"there is no router {router}" if router else "it is not said which router is meant"
        raise InputFault(what, cure=f"There are {', '.join(known) or 'none'}")
    return router


_TEMPLATE = Argument("template", "Who runs the gateway", kind="choice", words=tuple(PROVIDERS))
SHOW = AuthorityCommand(
    words=("show", "config", "templates"),
    help="Ready profiles by provider; one as text, with the provider's limits and their sources",
    arguments=(_TEMPLATE,),
    dated=False,
    act=_show,
)
CREATE = AuthorityCommand(
    words=("create", "config", "template"),
    help="Put a provider's ready profile into a router of the candidate",
    arguments=(
        replace(_TEMPLATE, required=True),
        Argument("router", "The router; this machine's if not given", known="router"),
        Argument("name", "The profile's name; that of the template if not given"),
        Argument("local-id", "What the provider knows the site by"),
    ),
    dated=False,
    changes=True,
    act=_create,
)
