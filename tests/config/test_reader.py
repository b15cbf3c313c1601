"""Reading PCLI text: every form that is taken, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from ipsec_client.base.secret import Secret
from ipsec_client.config.reader import lines, read
from ipsec_client.model import values as v
from ipsec_client.model.elements import Config, Router
from tests.configs import COMPLETE, client, complete, fragment, in_authority, in_router


def router(text: str) -> Router:
    """The only router in a text without findings."""
    reading = read(text)
    assert reading.findings == ()
    assert reading.config.authority
    return reading.config.authority.router[0]


def test_complete_example_is_read_whole() -> None:
    read_router = router(complete())
    assert [profile.name for profile in read_router.ipsec_profile] == ["primary", "secondary"]
    assert read_router.ipsec_profile[0].pre_shared_key == Secret("somekey1")
    client1 = read_router.node[0].ipsec_client[0]
    assert (client1.enabled, client1.tenant) == (True, "ipsec")
    assert [remote.host for remote in client1.remote] == ["172.16.4.3", "172.16.5.4"]
    hop = read_router.service_route[0].next_hop[0]
    assert (hop.node_name, hop.interface) == ("router1", "rem1-intf")
    assert hop.gateway_ip == ip_address("169.254.129.6")


def test_a_key_that_differs_from_its_head_gives_way_with_a_warning() -> None:
    text = in_router(fragment("page-clients").replace("node\n", "node n1\n", 1))
    reading = read(text)
    (finding,) = reading.findings
    assert finding.path[-3:] == ("remote", "c1gateway2", "name")
    assert "differs from the key in the block's head" in finding.what
    assert reading.config.authority
    remotes = reading.config.authority.router[0].node[0].ipsec_client[0].remote
    assert [remote.name for remote in remotes] == ["c1gateway1", "c1gateway2"]


LAYOUTS: dict[str, Callable[[str], str]] = {
    "tabs": lambda text: text.replace("    ", "\t"),
    "no indent": lambda text: "\n".join(line.strip() for line in text.split("\n")),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "old line ends": lambda text: text.replace("\n", "\r"),
    "byte order mark": lambda text: "\ufeff" + text,
    "no final line end": lambda text: text.rstrip("\n"),
    "blanks at the ends": lambda text: text.replace("\n", "  \t\n"),
    "blank lines": lambda text: text.replace("\n", "\n\n\n"),
    "comments": lambda text: text.replace("\n", "\n  # a comment: exit\n#exit\n"),
    "authority as root": lambda text: "\n".join(text.rstrip().split("\n")[1:-1]),
    "quotes": lambda text: text.replace("somekey1", '"somekey1"').replace("rem1 ", '"rem1" '),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_does_not_matter(layout: str) -> None:
    changed = LAYOUTS[layout](complete())
    assert changed != complete()
    reading = read(changed)
    assert reading.findings == ()
    assert reading.config == read(complete()).config


def test_values_keep_the_form_they_were_written_in() -> None:
    profile = router(client("", profile_fields="ike-lifetime 60m\ndpddelay 20")).ipsec_profile[0]
    assert profile.ike_lifetime == v.Duration(60, "m")
    assert str(profile.dpddelay) == "20"


def test_unset_is_not_the_default_and_the_default_is_not_unset() -> None:
    unset = router(client("")).ipsec_profile[0]
    written = router(client("", profile_fields="ike-v2 insist")).ipsec_profile[0]
    assert (unset.ike_v2, written.ike_v2) == (None, "insist")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("two  words", "two words"),
        ('"two  words"', "two  words"),
        ('""', ""),
        ('"a \\"quoted\\" word"', 'a "quoted" word'),
        ('"back\\\\slash"', "back\\slash"),
        ("back\\\\slash", "back\\\\slash"),
        ('it"s', 'it"s'),
        ("# no comment", "# no comment"),
    ],
)
def test_texts(written: str, meant: str) -> None:
    reading = read(in_authority(f"tenant t\n description {written}\nexit"))
    assert reading.findings == ()
    assert reading.config.authority
    assert reading.config.authority.tenant[0].description == meant


def test_a_word_can_be_a_field_here_and_a_block_there() -> None:
    text = in_authority(
        """
        service s
            address 1.1.1.0/24
            address 2.2.2.2
        exit
        router r1
            node n1
                device-interface d
                    network-interface i
                        address 10.0.0.1
                            prefix-length 24
                        exit
                    exit
                exit
            exit
        exit
        """
    )
    reading = read(text)
    assert reading.findings == ()
    assert reading.config.authority
    assert reading.config.authority.service[0].address == (
        v.Prefix("1.1.1.0/24"),
        v.Prefix("2.2.2.2"),
    )
    address = reading.config.authority.router[0].node[0].device_interface[0].network_interface[0]
    assert address.address[0].prefix_length == 24


def test_keys_may_stand_inside_the_block_only() -> None:
    text = in_router("service-route\nname a\nnext-hop\nnode-name n\ninterface i\nexit\nexit")
    route = router(text).service_route[0]
    assert (route.name, route.next_hop[0].key) == ("a", ("n", "i"))


def test_a_block_written_twice_counts_as_one() -> None:
    text = in_router(
        """
        node n1
            ipsec-client client1
                tenant ipsec
                remote rem1
                    host 1.1.1.1
                    subnet 10.0.0.0/8
                exit
            exit
        exit
        node n1
            ipsec-client client1
                remote rem2
                    host 2.2.2.2
                exit
                remote rem1
                    subnet 11.0.0.0/8
                exit
            exit
        exit
        """
    )
    reading = read(text)
    assert [finding.severity for finding in reading.findings] == ["warning"] * 3
    assert reading.config.authority
    (merged,) = reading.config.authority.router[0].node
    (only,) = merged.ipsec_client
    assert only.tenant == "ipsec"
    assert [remote.name for remote in only.remote] == ["rem1", "rem2"]
    assert only.remote[0].host == "1.1.1.1"
    assert [str(prefix) for prefix in only.remote[0].subnet] == ["10.0.0.0/8", "11.0.0.0/8"]


def test_lines_are_those_of_the_text() -> None:
    where = lines(complete())
    text = COMPLETE.read_text().split("\n")
    client1 = ("authority", "router", "router1", "node", "node1", "ipsec-client", "client1")
    assert text[where[client1] - 1].split() == ["ipsec-client", "client1"]
    assert text[where[(*client1, "remote", "rem2", "host")] - 1].split() == ["host", "172.16.5.4"]


def test_nothing_configured_is_a_configuration() -> None:
    assert read("config\nexit\n").config == Config()
    assert read("config\nexit\n").findings == ()
