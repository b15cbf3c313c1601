"""Why a tunnel does not come up: real causes at the gateways, strongSwan and Libreswan, IKEv1 and IKEv2, and what
the router says of them: alarm, `why`, `show plugins state`. Each heals by itself once the gateway is set right.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ipsec_client.dialect.diagnosis import CAUSES
from ipsec_lab.document import Remote as Far
from ipsec_lab.gateways import libreswan, strongswan
from ipsec_lab.router import LOGS
from ipsec_lab.shapes import Remote, Service, configuration
from ipsec_lab.topology import PROVIDER, ROUTER, UPLINK
from ipsec_lab.waiting import wait_until
from tests.lab.driver import KEPT, Lab, running

pytestmark = pytest.mark.patient

STRONG, LIBRE = ("strong1", "strong2"), ("libre1", "libre2")
GATEWAYS = (*STRONG, *LIBRE)
V1 = ("strong1", "libre1")
CLIENT = "router router1 node node1 ipsec-client client1"


def text(hosts: Mapping[str, str]) -> str:
    """Four gateways of two makes, by both versions of IKE."""
    remotes = [
        Remote(
            name,
            hosts[name],
            profile="ike-v2 never\nike-encryption aes256\nike-digest sha2\nike-modp modp2048"
            if name in V1
            else "",
            fields=f"remote-id {name}.example",
            probed="",
        )
        for name in GATEWAYS
    ]
    return configuration(remotes, {"internet": Service(["1.1.1.0/24"], GATEWAYS)})


HOSTS = {name: f"172.16.{number}.3" for number, name in enumerate(GATEWAYS, start=21)}
TEXT = text(HOSTS)


@dataclass(frozen=True)
class Told:
    """What is to be said of a remote: the cause, part of what was said to us, part of the field's path."""

    cause: str
    said: str
    field: str


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The four gateways."""
    kinds = [word for name in LIBRE for word in ("--gateway", f"{name}=libreswan")]
    with running(TEXT, *kinds) as lab:
        yield lab
        log = lab.must(ROUTER, "cat", f"{LOGS}/ipsec-client1.log")
        (KEPT / "diagnosis-pluto.log").write_text(log)


def change(lab: Lab, changed: Mapping[str, Far]) -> None:
    """Gives gateways another configuration, as their operator would, and ends what they have."""
    for name, remote in changed.items():
        (_strongswan if name in STRONG else _libreswan)(lab, remote)


def _strongswan(lab: Lab, remote: Far) -> None:
    write(lab, remote.name, "/run/swanctl.conf", strongswan.configuration(remote))
    swanctl = ("env", "STRONGSWAN_CONF=/run/strongswan.conf", "swanctl")
    lab.must(remote.name, *swanctl, "--load-all", "--clear", "--file", "/run/swanctl.conf")
    lab.do(remote.name, *swanctl, "--terminate", "--ike", "client", "--timeout", "2")


def _libreswan(lab: Lab, remote: Far) -> None:
    write(lab, remote.name, "/run/gateway/ipsec.conf", libreswan.configuration(remote))
    write(lab, remote.name, "/run/gateway/ipsec.secrets", libreswan.secrets(remote))
    whack = ("ipsec", "whack", "--ctlsocket", "/run/gateway/pluto.ctl")
    lab.must(remote.name, *whack, "--delete", "--name", "client")
    lab.must(remote.name, *whack, "--rereadsecrets")
    addconn = ("/usr/libexec/ipsec/addconn", "--ctlsocket", "/run/gateway/pluto.ctl")
    lab.must(remote.name, *addconn, "--config", "/run/gateway/ipsec.conf", "client")


def write(lab: Lab, host: str, path: str, content: str) -> None:
    """A file on a machine of the lab."""
    lab.must(host, "sh", "-c", 'cat > "$0"', path, text=content)


def right(lab: Lab) -> dict[str, Far]:
    """The gateways as they should be."""
    return {name: lab.site.remote(name) for name in GATEWAYS}


def alarms(lab: Lab) -> dict[str, str]:
    """The alarms about negotiations, by remote."""
    found = (re.match(r"Tunnel (\w+): (.*)", alarm.message) for alarm in lab.alarms())
    return {match[1]: match[2] for match in found if match}


def expect(lab: Lab, expected: Mapping[str, Told], what: str) -> None:
    """Waits for the alarms, and looks at what else is shown."""

    def shown_all() -> bool:
        shown = alarms(lab)
        return all(
            CAUSES[told.cause].plain in shown.get(name, "") and told.said in shown[name]
            for name, told in expected.items()
        )

    seen = wait_until(shown_all, deadline=60, pause=1.0)
    why = lab.pcli("why")
    state = lab.pcli("show plugins state")
    kept = KEPT / f"diagnosis-{what}.txt"
    kept.write_text("\n".join((lab.pcli("show alarms"), why, state)))
    assert seen, kept.read_text()
    for name, told in expected.items():
        shown = alarms(lab)[name]
        assert told.field in shown
        assert told.field in lab.pcli(f"why remote {name}"), why
        assert CAUSES[told.cause].plain in lab.pcli(f"why remote {name}"), why
        assert CAUSES[told.cause].plain in state


def heals(lab: Lab) -> None:
    """Nobody does anything on the router."""
    lab.await_up()
    assert wait_until(lambda: not alarms(lab), deadline=10, pause=0.5), lab.pcli("show alarms")


def test_a_wrong_key_is_told_of_each_gateway(lab: Lab) -> None:
    change(lab, {name: replace(far, key="another key") for name, far in right(lab).items()})
    field = "pre-shared-key"
    expect(
        lab,
        {
            "strong1": Told("key", "malformed payload", f"ipsec-profile p-strong1 {field}"),
            "strong2": Told("key", "AUTHENTICATION_FAILED", f"ipsec-profile p-strong2 {field}"),
            "libre1": Told("key", "no answer to our first", f"ipsec-profile p-libre1 {field}"),
            "libre2": Told("key", "AUTHENTICATION_FAILED", f"ipsec-profile p-libre2 {field}"),
        },
        "key",
    )
    shown = alarms(lab)
    assert all(("probably" in shown[name]) == (name in V1) for name in GATEWAYS)
    change(lab, right(lab))
    heals(lab)


OTHER = {"ike-encryption": "3des", "ike-digest": "sha1", "ike-modp": "modp4096"}


@pytest.mark.parametrize(
    ("of_algorithms", "of_identity"),
    [
        (("strong1", "libre2"), ("strong2", "libre1")),
        (("strong2", "libre1"), ("strong1", "libre2")),
    ],
)
def test_other_algorithms_and_other_identities_are_told(
    lab: Lab, of_algorithms: tuple[str, ...], of_identity: tuple[str, ...]
) -> None:
    gateways = right(lab)
    change(
        lab,
        {
            name: replace(gateways[name], profile={**gateways[name].profile, **OTHER})
            for name in of_algorithms
        }
        | {name: replace(gateways[name], remote_id="other.example") for name in of_identity},
    )
    # strongSwan has by IKEv2 no answer for whom it is not asked for but the one to a wrong key.
    unsaid = Told("key", "AUTHENTICATION_FAILED", "ipsec-profile p-strong2 pre-shared-key")
    expected = {
        name: Told("proposal", "NO_PROPOSAL_CHOSEN", f"ipsec-profile p-{name} ike-encryption")
        for name in of_algorithms
    } | {
        name: Told("identity", "Peer ID '@other.example'", f"{CLIENT} remote {name} remote-id")
        if name != "strong2"
        else unsaid
        for name in of_identity
    }
    expect(lab, expected, f"algorithms-{of_algorithms[0]}")
    change(lab, {name: gateways[name] for name in (*of_algorithms, *of_identity)})
    heals(lab)


def reject(lab: Lab, *rules: str) -> None:
    """Has the provider treat what is sent to gateways so."""
    chain = "chain forward { type filter hook forward priority -1\n" + "\n".join(rules) + "\n}"
    lab.must(PROVIDER, "nft", "-f", "-", text=f"table ip refused {{\n{chain}\n}}\n")


def negotiate(lab: Lab, *remotes: str) -> None:
    """Without a monitor nobody would notice that anything is wrong."""
    for name in remotes:
        lab.pcli(f"restart ipsec remote {name}")


CLOSED = (
    "table ip odd { chain input { type filter hook input priority 0\nudp dport 500 drop\n}\n}\n"
)


def test_what_the_network_says_and_what_nobody_knows(lab: Lab) -> None:
    reject(
        lab,
        f"ip daddr {HOSTS['strong1']} reject with icmp type host-unreachable",
        f"ip daddr {HOSTS['libre2']} reject with icmp type port-unreachable",
    )
    script = str(Path(__file__).with_name("stranger.py"))
    pids = {}
    for name in ("strong2", "libre1"):
        lab.must(name, "nft", "-f", "-", text=CLOSED)
        start = '"$0" "$1" "$2" >/dev/null 2>&1 & echo $!'
        pids[name] = lab.must(name, "sh", "-c", start, sys.executable, script, UPLINK).strip()
    negotiate(lab, *GATEWAYS)
    expect(
        lab,
        {
            "strong1": Told("unreachable", "No route to host", f"{CLIENT} remote strong1 host"),
            "libre2": Told("closed", "Connection refused", f"{CLIENT} remote libre2 host"),
            "strong2": Told("unknown", "9999", ""),
            "libre1": Told("unknown", "unknown value: 9999", ""),
        },
        "network",
    )
    lab.must(PROVIDER, "nft", "delete", "table", "ip", "refused")
    for name, pid in pids.items():
        lab.must(name, "kill", pid)
        lab.must(name, "nft", "delete", "table", "ip", "odd")
    heals(lab)


def test_names_without_an_address_and_two_kinds_of_silence(lab: Lab) -> None:
    nowhere = {"strong2": "no.such.example", "libre1": "nor.this.example"}
    reject(
        lab,
        f"ip daddr {HOSTS['strong1']} drop",
        f"ip daddr {HOSTS['libre2']} udp dport 4500 drop",
    )
    lab.commit(text({**HOSTS, **nowhere}))
    negotiate(lab, "strong1", "libre2")
    expect(
        lab,
        {
            "strong1": Told("silent", "no answer", f"{CLIENT} remote strong1 host"),
            "libre2": Told("unheard", "no answer to IKE_AUTH", f"{CLIENT} remote libre2 host"),
        },
        "silence",
    )
    messages = {alarm.message for alarm in lab.alarms()}
    for name, host in nowhere.items():
        assert f"Hostname [{host}] is unresolved" in messages
        why = lab.pcli(f"why remote {name}")
        assert CAUSES["name"].plain in why
        assert f"{CLIENT} remote {name} host: {host}" in why
    lab.must(PROVIDER, "nft", "delete", "table", "ip", "refused")
    lab.commit(TEXT)
    heals(lab)
