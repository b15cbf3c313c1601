"""What went wrong once in the plugin's releases (page, release notes), and the page's own configurations."""

from __future__ import annotations

import pytest

from ipsec_client.config.documents import document
from ipsec_client.config.examine import Examined, examine
from ipsec_client.config.generated import generate
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.dialect.render import conns, secrets
from ipsec_client.model.elements import Authority, Config, Neighborhood
from ipsec_client.model.slots import slots
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.plan.diff import diff
from ipsec_client.wire.document import Document
from tests.configs import FOLDER, client, complete, fragment, in_authority


def accepted(text: str) -> Authority:
    """The text's authority with its generated parts; there is no error in it."""
    examined = examine(text)
    assert not examined.refused, told(examined)
    return generate(examined.authority)


def told(examined: Examined) -> list[str]:
    return [str(finding) for finding in examined.findings]


def node_document(authority: Authority, router: str = "r1") -> Document:
    return document(authority, router, "n1")


def plan(authority: Authority, router: str = "r1") -> Plan:
    return build(node_document(authority, router), Facts(), {})


def options(text: str) -> dict[str, str]:
    """The options of rem1's connection."""
    made = node_document(accepted(text))
    assert made.client
    return dict(conns(made, slots(made.node, made.client), {})["rem1"].options)


def test_plugin_333_the_plugin_network_that_is_written_is_used_everywhere() -> None:
    authority = accepted(client("", client_fields="plugin-network 10.9.8.64/27"))
    devices = {device.name: device for device in authority.router[0].node[0].device_interface}
    addresses = {
        name: str(device.network_interface[0].address[0].ip_address)
        for name, device in devices.items()
    }
    assert addresses == {"client1": "10.9.8.65", "rem1": "10.9.8.69"}
    everything = repr(plan(authority).objects)
    assert "10.9.8.66" in everything
    assert "169.254.129" not in everything


def test_plugin_336_a_vector_name_makes_nothing_invalid() -> None:
    text = client("vector-name fast")
    authority = accepted(text)
    printed = write(Config(authority=authority), secrets=True)
    assert read(printed).config.authority == authority
    assert accepted(printed) == authority
    assert options(text) == options(client(""))
    devices = {device.name: device for device in authority.router[0].node[0].device_interface}
    labels = {name: device.network_interface[0].neighborhood for name, device in devices.items()}
    assert labels == {"client1": (), "rem1": (Neighborhood(name="fast", vector=("fast",)),)}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("", {"leftsubnet": "0.0.0.0/0", "rightsubnet": "0.0.0.0/0"}),
        (
            "local-subnet 172.16.1.0/24\nsubnet 10.0.0.0/8",
            {"leftsubnet": "172.16.1.0/24", "rightsubnet": "10.0.0.0/8"},
        ),
        (
            "local-subnet 172.16.1.0/24\nsubnet 10.0.0.0/8\nsubnet 192.168.7.1\n",
            {"leftsubnet": "172.16.1.0/24", "rightsubnets": '"10.0.0.0/8,192.168.7.1/32"'},
        ),
        (
            "local-subnet 172.16.1.0/24\nlocal-subnet 172.16.2.0/24\n",
            {"leftsubnets": '"172.16.1.0/24,172.16.2.0/24"', "rightsubnet": "0.0.0.0/0"},
        ),
    ],
)
def test_plugin_400_subnets_of_either_end_are_one_or_a_list(
    fields: str, expected: dict[str, str]
) -> None:
    found = options(client(fields))
    assert {name: found[name] for name in found if "subnet" in name} == expected


@pytest.mark.parametrize("name", ["ipsec", "ipsec0", "ipsec-a", "mast", "mast1", "master"])
def test_plugin_880_libreswans_own_names_are_refused_for_a_client(name: str) -> None:
    examined = examine(client("").replace("client1", name))
    (error,) = [finding for finding in examined.findings if finding.severity == "error"]
    assert error.path[-3:] == ("ipsec-client", name, "name")
    assert error.what.startswith("begins with ")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("vpn.example.com", "@vpn.example.com"),
        ("@vpn", "@vpn"),
        ("prisma@paloalto.com", "prisma@paloalto.com"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_plugin_994_the_remote_id_is_what_the_gateway_must_prove(written: str, sent: str) -> None:
    text = client(f"remote-id {written}")
    assert options(text)["rightid"] == sent
    assert options(text)["right"] == "172.16.4.3"
    keys = secrets(node_document(accepted(text)), {}).reveal()
    assert keys == f'169.254.129.2 {sent} : PSK "somekey1"\n'


@pytest.mark.parametrize("digest", ["", "phase2-digest sha2", "phase2-digest md5"])
@pytest.mark.parametrize("cipher", ["aes_gcm256", "aes_gcm128", "aes-256-gcm"])
def test_plugin_1467_a_cipher_with_integrity_of_its_own_goes_without_a_digest(
    cipher: str, digest: str
) -> None:
    text = client("", profile_fields=f"phase2-encryption {cipher}\n{digest}")
    spelled = {"aes-256-gcm": "aes_gcm256"}.get(cipher, cipher)
    assert options(text)["phase2alg"] == spelled
    dropped = [line for line in told(examine(text)) if "is dropped" in line]
    assert len(dropped) == bool(digest)


LONG = "x" * 100_000
LONG_LINES = {
    "a comment": ("\n node n1\n", f"\n # {LONG}\n node n1\n"),
    "a description": ("type ethernet\n", f'type ethernet\n description "{LONG} {LONG}"\n'),
    "blanks": ("host 192.0.2.7\n", f"host {' ' * 100_000}192.0.2.7{' ' * 100_000}\n"),
}


@pytest.mark.parametrize("line", LONG_LINES)
def test_plugin_1480_a_long_line_takes_no_tunnel_from_any_router(line: str) -> None:
    text = in_authority("".join(map(router, ("r1", "r2", "r3"))), "t1")
    plain, long = LONG_LINES[line]
    before = accepted(text)
    after = accepted(text.replace(plain, long, 1))
    for name in ("r1", "r2", "r3"):
        steps = diff(plan(before, name).objects, plan(after, name).objects)
        assert {step.verb for step in steps} == {"keep"}
    assert read(write(Config(authority=after), secrets=True)).config.authority == after


def router(name: str) -> str:
    return f"""
router {name}
 ipsec-profile p
  pre-shared-key k
 exit
 node n1
  device-interface lan
   type ethernet
  exit
  ipsec-client c1
   tenant t1
   remote rem1
    host 192.0.2.7
    profile p
   exit
  exit
 exit
exit
"""


# --- the page's own configurations ----------------------------------------------------------------

PROFILES = "\n".join(f"ipsec-profile gateway{n}\npre-shared-key psk{n}\nexit" for n in (1, 2))


FILLED = {
    "<ike-retransmit-interval>": "500",
    "<dpddelay>": "20",
    "<dpdtimeout>": "100",
    "<local-id>": "branch.example.com",
    "<metric>": "10",
    "<mtu>": "1400",
    "[vector-name]": "path1",
    "[tenant]": "t1",
    "<subnet>": "0.0.0.0/0",
    "<remote-id>": "gateway1.com",
}
"""What may stand for the placeholders of the page."""


def filled(name: str) -> str:
    text = (FOLDER / f"{name}.conf").read_text()
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    assert not set("<[") & set(text)
    return text


def whole(text: str) -> str:
    """A block of the page with what it leaves out: root, names, what it refers to."""
    if text.startswith("config"):
        return text
    if text.startswith("router"):
        return in_authority(text.replace("router\n", "router r1\n", 1))
    text = text.replace("node\n", "node n1\n", 1)
    if "tunnel-monitor" in text:
        text = text.replace("client1\n", "client1\n tenant t1\n", 1)
        text = text.replace("c1gateway1\n", "c1gateway1\n host gateway1.com\n profile gateway1\n")
    return in_authority(f"router r1\n{PROFILES}\n{text}\nexit", "t1")


WEAK = "Use a stronger one, or leave it unset"
PROFILE = "authority router r1 ipsec-profile gateway1"
CLIENT = "authority router r1 node n1 ipsec-client client1"
NODE = "authority router router1 node node1"
ROUTE = "authority router router1 service-route"
SILENT = "a silent gateway will not be noticed: there is neither a tunnel-monitor nor dpddelay"

PAGE: dict[str, list[str]] = {
    "page-profiles": [
        f"warning: {PROFILE} ike-digest: sha1 is being retired everywhere (RFC 8247). {WEAK}",
        (
            f"warning: {PROFILE} ike-modp: modp1024 is not supported by Libreswan 4.10. "
            "Use another value, or leave it unset for strong ones"
        ),
        f"warning: {PROFILE} phase2-encryption: null encrypts nothing. {WEAK}",
        f"warning: {PROFILE} phase2-digest: md5 is broken (RFC 8247). {WEAK}",
        f"warning: {PROFILE} phase2-modp: has no effect without perfect-forward-secrecy",
        f"warning: {PROFILE} dpdaction: has no effect without dpddelay",
    ],
    "page-custom-option": [
        (
            "error: authority router RTR_EAST_1_COMBO ipsec-profile primary pre-shared-key: "
            "is required and not set. Write one: The key both ends hold"
        ),
        (
            "error: authority router RTR_EAST_1_COMBO ipsec-profile primary custom-option key: "
            "no such Libreswan option"
        ),
    ],
    "page-clients": [
        (
            f"warning: {CLIENT} remote c1gateway1: {SILENT}. "
            "Add a tunnel-monitor, or dpddelay to ipsec-profile gateway1"
        ),
        (
            f"warning: {CLIENT} remote c1gateway2: {SILENT}. "
            "Add a tunnel-monitor, or dpddelay to ipsec-profile gateway2"
        ),
        (
            f"warning: {CLIENT} remote c1gateway2 name: differs from the key in the block's head, "
            "which counts. Make them equal"
        ),
    ],
    "page-tunnel-monitor": [],
}


@pytest.mark.parametrize("name", PAGE)
def test_a_block_of_the_page_is_taken_with_what_its_defects_deserve(name: str) -> None:
    assert told(examine(whole(fragment(name)))) == PAGE[name]


def test_the_page_s_blocks_with_every_placeholder_filled_in() -> None:
    profiles = told(examine(whole(filled("page-profiles"))))
    assert profiles == [
        *PAGE["page-profiles"][:-1],
        f"warning: {PROFILE} dpdtimeout: has no effect with IKEv2",
    ]
    clients = told(examine(whole(filled("page-clients"))))
    assert set(PAGE["page-clients"]) <= set(clients)
    assert all(line.startswith("warning: ") for line in clients)


def test_the_complete_example_of_the_page_is_taken_with_what_its_defects_deserve() -> None:
    other_node = "router1 is not the router's node; node1 is taken. Write node1"
    lan = f"{NODE} device-interface lan network-interface lanintf address 172.16.1.2"
    remote = f"{NODE} ipsec-client client1 remote"
    assert told(examine(complete())) == [
        (
            f"warning: {lan} gateway: 2.2.2.1 is outside 172.16.1.0/24. "
            "Name a gateway in the interface's own network"
        ),
        *(
            f"warning: {remote} {name}: {SILENT}. "
            f"Add a tunnel-monitor, or dpddelay to ipsec-profile {profile}"
            for name, profile in (("rem1", "primary"), ("rem2", "secondary"))
        ),
        (
            f"warning: {remote} rem2 host: no service covers 172.16.5.4, so no IKE leaves for it. "
            "Add 172.16.5.4 to a service that allows tenant ipsec"
        ),
        *(
            f"warning: {ROUTE} {route} next-hop router1 {hop} node-name: {other_node}"
            for route, hop in (("rem1", "rem1-intf"), ("rem2", "rem2-intf"), ("ipsec", "wanintf"))
        ),
    ]


def test_what_the_page_generates_is_generated_and_is_itself_taken() -> None:
    generated = (FOLDER / "page-generated.conf").read_text()
    shown = read(generated)
    assert shown.findings == ()
    assert shown.config.authority
    made = accepted(complete())
    ours = {device.name: device for device in made.router[0].node[0].device_interface}
    for device in shown.config.authority.router[0].node[0].device_interface:
        assert ours[device.name] == device


def test_the_profile_with_only_a_key_says_nothing() -> None:
    assert told(examine(in_authority("router r1\n" + PROFILES + "\nexit"))) == []
