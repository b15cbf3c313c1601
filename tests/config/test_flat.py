"""The flat form: what its lines look like, and what is said of one that is wrong."""

from __future__ import annotations

import pytest

from ipsec_client.config import flat
from ipsec_client.config.examine import examine
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority, Config
from tests.configs import client, complete


def test_each_line_is_complete() -> None:
    text = client("remote-id @vpn", profile_fields='custom-option esn\n value "yes no"\n exit')
    assert flat.write(read(text).config).splitlines() == [
        "config authority tenant t1 name t1",
        "config authority tenant lan name lan",
        "config authority tenant ipsec name ipsec",
        "config authority router r1 name r1",
        "config authority router r1 ipsec-profile p name p",
        "config authority router r1 ipsec-profile p pre-shared-key (removed)",
        "config authority router r1 ipsec-profile p custom-option esn name esn",
        'config authority router r1 ipsec-profile p custom-option esn value "yes no"',
        "config authority router r1 node n1 name n1",
        "config authority router r1 node n1 ipsec-client client1 name client1",
        "config authority router r1 node n1 ipsec-client client1 tenant ipsec",
        "config authority router r1 node n1 ipsec-client client1 remote rem1 name rem1",
        "config authority router r1 node n1 ipsec-client client1 remote rem1 host 172.16.4.3",
        "config authority router r1 node n1 ipsec-client client1 remote rem1 profile p",
        "config authority router r1 node n1 ipsec-client client1 remote rem1 remote-id @vpn",
    ]


def test_keys_stand_in_the_order_of_their_definition() -> None:
    lines = flat.write(read(complete()).config).splitlines()
    hop = "config authority router router1 service-route ipsec next-hop router1 wanintf"
    assert f"{hop} gateway-ip 172.16.3.5" in lines


def test_defaults_are_comments_and_only_if_asked_for() -> None:
    config = read(complete()).config
    comment = "# config authority router router1 ipsec-profile primary ike-lifetime 1h"
    assert comment in flat.write(config, verbose=True).splitlines()
    assert "#" not in flat.write(config)


def test_an_element_without_fields_has_a_line() -> None:
    assert flat.write(Config(authority=Authority())) == "config authority\n"
    assert read("config authority\n").config == Config(authority=Authority())


WRONG = {
    "authority router r1 ipsec-profile p ike-liftime 1h": (
        "2: error: authority router r1 ipsec-profile p ike-liftime: is not known here. "
        "Did you mean ike-lifetime or connection-lifetime?"
    ),
    "authority router r1 ipsec-profile p pre-shared-kye first": (
        "2: error: authority router r1 ipsec-profile p pre-shared-kye: is not known here. "
        "Did you mean pre-shared-key?"
    ),
    "authority routr r1 name r1": (
        "2: error: authority routr: is not known here. Did you mean router?"
    ),
    "authority tenant t description a b\n \n#x\nauthority tenant t description c": (
        "5: error: authority tenant t description: is set twice, to different values. Remove one"
    ),
    "exit\nauthority": (
        "2: error: config: stands after the end. Remove it, or an exit too many above it"
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_told_with_its_line(wrong: str) -> None:
    (finding,) = read(f"authority tenant t name t\n{wrong}\n").findings
    assert f"{finding.line}: {finding}" == WRONG[wrong]


def test_the_rules_find_the_lines_too() -> None:
    text = flat.write(read(complete().replace("profile  primary", "profile  gold")).config)
    told = [item for item in examine(text).findings if item.severity == "error"]
    assert [text.split("\n")[item.line - 1].split()[-2:] for item in told] == [["profile", "gold"]]
