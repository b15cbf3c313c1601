"""What is fuzzed: everything that reads bytes which others wrote. A target takes any bytes, and raises nothing.

They are run by ``tools.fuzz``, and on what it begins with by a test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ipsec_client.base.errors import Fault
from ipsec_client.base.sockets import unpack
from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.grammar import parse, split
from ipsec_client.config import flat, printer
from ipsec_client.config.documents import document
from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.dialect.series import of_version
from ipsec_client.kernel import netlink, xfrm
from ipsec_client.model.definition import definition
from ipsec_client.model.elements import Authority, Config
from ipsec_client.pluto import log, status
from ipsec_client.probes import packet
from ipsec_client.wire.document import from_json, to_json
from ipsec_client.wire.request import Reply, Request
from tests.configs import COMPLETE, FOLDER, clean, fragment
from tests.configs.cases import base, cases
from tests.configs.everything import of_authority, of_document
from tests.configs.trails import trails

Target = Callable[[bytes], None]
STATUS = """\
006 #38: "ipsec-client-tunnel-p-r", type=ESP, add_time=1795450064, inBytes=60, outBytes=336, id='172.16.4.3'
000 #37: "ipsec-client-tunnel-p-r":4500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); REKEY in 27805s; idle;
000 #40: "ipsec-client-tunnel-p-r/1x2":4500 STATE_QUICK_I2 (IPsec SA established); REPLACE in 27817s; idle;
000 "ipsec-client-tunnel-p-r": 0.0.0.0/0===169.254.129.2...172.16.4.3===0.0.0.0/0; erouted; eroute owner: #38
Libreswan 4.10
"""
ROOT = Path(__file__).resolve().parent.parent


def text(data: bytes) -> None:
    """A configuration, of which findings are told, each with a line that there is."""
    given = data.decode(errors="replace")
    examined = examine(given)
    last = given.count("\n") + given.count("\r") + 1
    assert all(1 <= finding.line <= last for finding in examined.findings)


def made(data: bytes) -> None:
    """A configuration; whatever is accepted is printed, generated, rendered and planned."""
    examined = examine(data.decode(errors="replace"))
    if not examined.refused:
        of_authority(examined.authority)


def node_document(data: bytes) -> None:
    """A node document, as an agent reads it from the conductor, and all that is made of it."""
    with suppress(Fault):
        of_document(from_json(unpack(data)))


def request(data: bytes) -> None:
    """A line on a socket of ours: a request, a reply, a command of the PCLI in it."""
    with suppress(Fault):
        message = unpack(data)
        Reply.from_json(message).to_json()
        line = Request.from_json(message).body.get("line")
        if isinstance(line, str):
            parse(split(line), COMMANDS)


def pluto(data: bytes) -> None:
    """What pluto and its programs print."""
    lines = data.decode(errors="replace").split("\n")
    status.traffic(lines)
    status.states(lines)
    status.loaded(lines)
    log.added(lines, "ipsec-client-tunnel-p-r")
    log.refusal(lines, "ipsec-client-tunnel-p-r")
    for line in lines:
        log.read(line)
        of_version(line)


def kernel(data: bytes) -> None:
    """What the kernel says of SAs, of which the first byte is the kind, and what comes back to a probe."""
    body = memoryview(data[1:])
    for _ in netlink.messages(body):
        pass
    kind = data[0] if data else 0
    xfrm.parse(kind, body)
    packet.reply(4, 7, body)
    packet.reply(6, 7, body)


TARGETS: dict[str, Target] = {
    "text": text,
    "made": made,
    "document": node_document,
    "request": request,
    "pluto": pluto,
    "kernel": kernel,
}


# --- what fuzzing begins with ---------------------------------------------------------------------


def seeds(name: str) -> Iterator[bytes]:
    """Inputs of the kind that the target is for."""
    if name == "text":
        yield from map(str.encode, (*_texts(), *(case.text for case in cases().values())))
    elif name == "made":
        yield from map(str.encode, _texts())
    elif name == "document":
        yield from _documents()
    elif name == "request":
        for line in ("show alarms", "show device-interface name rem1", "restart ipsec remote rem1"):
            asked = Request("1", "command", {"line": line, "tty": True, "width": 80})
            yield json.dumps(asked.to_json()).encode()
        yield json.dumps(Reply(status=1, error="no", cure="yes").to_json()).encode()
    elif name == "pluto":
        yield (ROOT / "tests" / "pluto" / "lines-4.10.txt").read_bytes()
        yield STATUS.encode()
    elif name == "kernel":
        recorded = json.loads((ROOT / "tests" / "kernel" / "xfrm-messages.json").read_text())
        for item in recorded.values():
            body = bytes.fromhex(item["body"])
            yield bytes([item["type"]]) + body
            yield bytes([item["type"]]) + netlink.message(item["type"], 0, 1, body)
        yield b"\0" + packet.request(6, 7, 1, 2)


def _texts() -> Iterator[str]:
    yield "\n".join(base())
    yield COMPLETE.read_text()
    yield clean()
    for form in (printer.write, flat.write):
        yield form(Config(authority=_authority(clean())), secrets=True)
    for page in ("page-profiles", "page-clients", "page-tunnel-monitor", "page-custom-option"):
        yield f"config\nauthority\n{fragment(page)}\nexit\nexit\n"
    yield (FOLDER / "page-generated.conf").read_text()


def _authority(given: str) -> Authority:
    return read(given).config.authority or Authority()


def _documents() -> Iterator[bytes]:
    """Without their digest, which no changed document would fit."""
    for given in ("\n".join(base()), clean()):
        authority = generate(_authority(given))
        router = authority.router[0]
        wanted = to_json(document(authority, router.name, router.node[0].name), secrets=True)
        del wanted["digest"]
        yield json.dumps(wanted).encode()


def words() -> Iterator[str]:
    """Words that inputs are made of, for libFuzzer to put in."""
    for _, nested in {pair for trail in trails() for pair in trail}:
        yield nested.name
        for leaf in definition(nested.element).leaves:
            yield leaf.name
            yield from leaf.type.choices
    yield from ("exit", "config", "(removed)", "169.254.129.0/27", "::/0", "%", '"', "\\", "#")
