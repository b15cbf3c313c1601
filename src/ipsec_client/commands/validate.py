"""``validate``: whether the candidate could be committed, with all that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands import problems
from ipsec_client.commands.command import AuthorityCommand
from ipsec_client.commands.grammar import Argument, Arguments
from ipsec_client.commands.port import ConfigPort
from ipsec_client.commands.session import Talk
from ipsec_client.config.findings import Finding, refused

MARK = "✔ "
CROSS = "✖ "


async def _act(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    await talk.begin("Validating...")
    findings = await port.findings(talk.terminal.user)
    if (router := arguments.get("router")) is not None:
        findings = _of(router, port, findings, talk.terminal.user)
    if refused(findings):
        await talk.say(f"{CROSS}Validating...\n")
        told = problems.errors(findings, talk.width) + problems.warnings(findings, talk.width)
        raise Fault(f"Candidate configuration is invalid:\n{told}".rstrip())
    await talk.say(f"{MARK}Validating...\nCandidate configuration is valid\n")
    await talk.say(problems.warnings(findings, talk.width))


def _of(
    router: str, port: ConfigPort, findings: Sequence[Finding], user: str
) -> tuple[Finding, ...]:
    if router not in (item.name for item in port.candidate(user).router):
        raise InputFault(f"the candidate has no router {router}")
    path = ("authority", "router", router)
    return tuple(item for item in findings if item.path[:3] == path)


COMMAND = AuthorityCommand(
    words=("validate",),
    help="Whether the candidate configuration could be committed, and all that is wrong with it",
    arguments=(Argument("router", "Only what concerns this router", known="router"),),
    dated=False,
    act=_act,
)
