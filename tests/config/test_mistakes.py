"""Mistakes in the text: each is told once, where it is, with what to do; reading never raises."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Config
from tests.configs import complete


def told(text: str) -> list[str]:
    return [f"{finding.line}: {finding}" for finding in read(text).findings]


ROUTER = "authority router r"
MISTAKES = {
    "an empty text": (
        "",
        [
            (
                "1: error: config: the text holds no configuration. "
                "Begin with config or authority, and end each block with exit"
            )
        ],
    ),
    "another root": (
        "\nrouter r\nexit\n",
        [
            (
                "2: error: config: the text does not begin with its root. "
                "Begin with config or authority, and end each block with exit"
            )
        ],
    ),
    "text after the root": (
        "config\nexit\nexit\nauthority\nexit\n",
        ["3: error: config: stands after the end. Remove it, or an exit too many above it"],
    ),
    "a field that is not known": (
        "authority\n router r\n  ipsec-profile p\n   ike-liftime 1h\n  exit\n exit\nexit\n",
        [
            (
                f"4: error: {ROUTER} ipsec-profile p ike-liftime: is not known here. "
                "Did you mean ike-lifetime or connection-lifetime?"
            )
        ],
    ),
    "a field without a like": (
        "authority\n tenant t\n  frobnicate yes\n exit\nexit\n",
        [
            (
                "3: error: authority tenant t frobnicate: is not known here. "
                "Known are name, description, security, generated, member"
            )
        ],
    ),
    "a block that is not known, left out with all inside": (
        (
            "authority\n traffic-profile p\n  name p\n  vector a\n   cost 1\n  exit\n exit\n"
            " tenant t\n  nmae t\n exit\nexit\n"
        ),
        [
            (
                "2: error: authority traffic-profile: is not known here. "
                "Known are name, tenant, service, service-policy, router"
            ),
            "9: error: authority tenant t nmae: is not known here. Did you mean name?",
        ],
    ),
    "a mistyped block, read as what it is a slip of": (
        "authority\n routr r\n  nod n\n   nam n\n  exit\n exit\nexit\n",
        [
            "2: error: authority routr: is not known here. Did you mean router?",
            f"3: error: {ROUTER} nod: is not known here. Did you mean node?",
            f"4: error: {ROUTER} node n nam: is not known here. Did you mean name?",
        ],
    ),
    "a value of another type": (
        (
            "authority\n router r\n  ipsec-profile p\n   mtu big\n   ike-modp modp1000\n"
            "   ike-lifetime 1week\n   compress yes\n  exit\n exit\nexit\n"
        ),
        [
            f"4: error: {ROUTER} ipsec-profile p mtu: 'big' is not a whole number",
            (
                f"5: error: {ROUTER} ipsec-profile p ike-modp: 'modp1000' is none of modp1024, "
                "modp1536, modp2048, modp3072, modp4096, modp6144, modp8192, dh-19, dh-20, dh-21, "
                "dh-22, dh-23, dh-24, dh-31. Did you mean modp1024?"
            ),
            (
                f"6: error: {ROUTER} ipsec-profile p ike-lifetime: "
                "'1week' is not a duration such as 200ms, 10s, 30m, 8h or 1d"
            ),
            f"7: error: {ROUTER} ipsec-profile p compress: 'yes' is neither true nor false",
        ],
    ),
    "the prefix of the later page": (
        "authority\n service s\n  address 0.0.0/0\n exit\nexit\n",
        ["3: error: authority service s address: '0.0.0/0' is not an IP prefix such as 10.0.0.0/8"],
    ),
    "a name that is too long for a device": (
        "authority\n router r\n  node n\n   ipsec-client abcdefghijklm\n   exit\n  exit\n exit\nexit\n",
        [
            (
                f"4: error: {ROUTER} node n ipsec-client abcdefghijklm name: "
                "'abcdefghijklm' is longer than 12 characters"
            )
        ],
    ),
    "a field without a value": (
        "authority\n name\nexit\n",
        [
            (
                "2: error: authority name: has no value. "
                "Write one value, in double quotes if it holds blanks"
            )
        ],
    ),
    "several words": (
        "authority\n name a b\nexit\n",
        [
            (
                "2: error: authority name: has several words. "
                "Write one value, in double quotes if it holds blanks"
            )
        ],
    ),
    "an open quote": (
        'authority\n tenant t\n  description "a b\n exit\nexit\n',
        [
            (
                "3: error: authority tenant t description: begins with a double quote that is not "
                "closed. Write one value, in double quotes if it holds blanks"
            )
        ],
    ),
    "a field set twice": (
        "authority\n name a\n name a\n name b\nexit\n",
        ["4: error: authority name: is set twice, to different values. Remove one"],
    ),
    "a value listed twice": (
        "authority\n service s\n  address 1.1.1.1\n  address 1.1.1.1\n exit\nexit\n",
        ["4: warning: authority service s address: holds '1.1.1.1' twice"],
    ),
    "a head with too many words": (
        "authority\n tenant a b\n exit\nexit\n",
        [
            (
                "2: error: authority tenant: is followed by more than its key. "
                "Write each field on a line of its own"
            )
        ],
    ),
    "a container with more words": (
        "config here\nexit\n",
        [("1: error: config: is followed by more words. Write each field on a line of its own")],
    ),
    "a bad key, told once though it is written twice": (
        (
            "authority\n router r\n  name r\n  node n\n   device-interface d\n    network-interface i\n"
            "     address 1.2.3.400\n      ip-address 1.2.3.400\n     exit\n    exit\n   exit\n"
            "   ipsec-client a.b\n    name a.b\n   exit\n  exit\n exit\nexit\n"
        ),
        [
            (
                f"7: error: {ROUTER} node n device-interface d network-interface i "
                "address 1.2.3.400 ip-address: '1.2.3.400' is not an IP address"
            ),
            (
                f"12: error: {ROUTER} node n ipsec-client a.b name: 'a.b' is not made of letters, "
                "digits, _ and -"
            ),
        ],
    ),
    "a block without its key": (
        "authority\n tenant\n exit\nexit\n",
        ["2: error: authority tenant: has no name. Write it in the head"],
    ),
    "text beside exit": (
        "authority\n tenant t\n exit tenant\nexit\n",
        ["3: error: authority tenant t: exit stands beside other text"],
    ),
    "an exit that is missing, found by the indent": (
        (
            "authority\n router r\n  node n\n   device-interface a\n   device-interface b\n   exit\n"
            "  exit\n exit\nexit\n"
        ),
        [
            (
                f"4: error: {ROUTER} node n device-interface a: is not closed before line 5. "
                "Add its exit"
            )
        ],
    ),
    "an exit that is missing at the end": (
        "authority\n router r\n  node n\n  exit\n",
        [f"2: error: {ROUTER}: is not closed, nor are others: 2 exits are missing. Add its exit"],
    ),
    "an exit too many": (
        "authority\n router r\n exit\n exit\n router s\n exit\nexit\n",
        ["5: error: config: stands after the end. Remove it, or an exit too many above it"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_in_full(mistake: str) -> None:
    text, expected = MISTAKES[mistake]
    assert told(text) == expected


def test_all_mistakes_are_told_at_once() -> None:
    text = (
        complete().replace("172.16.4.3", "172.16.4.300").replace("prefix-length", "prefix-lenght")
    )
    assert len(told(text)) == 4


def test_a_rule_is_silent_where_the_reader_spoke() -> None:
    text = complete().replace("pre-shared-key       somekey1", "pre-shared-kye       somekey1")
    about = [item for item in examine(text).findings if "ipsec-profile" in item.path]
    assert [item.path[-1] for item in about] == ["pre-shared-kye"]


KEY_LINES = [
    "pre-shared-kye KEY",
    "preshared-key KEY",
    "pre-shared-keyKEY",
    "pre-shared-kyeKEY",
    "pre-shared-key=KEY",
    "pre-shared-key: KEY",
    "pre-shared-key:KEY",
    "pre-shared-key\nKEY",
    'pre-shared-key "KEY',
    'pre-shared-key "KEY" KEY',
    'pre-shared-key KEY"KEY',
    "pre-shared-key KEY KEY",
    "pre-shared-key KEY\npre-shared-key KEYx",
    "pre-shared-key KEY\x1b",
    "KEY pre-shared-key",
    "KEY",
    "name primary pre-shared-key KEY",
    "ike-modp KEY KEY",
    "psk KEY",
    "exit pre-shared-key KEY",
    "custom-option pre-shared-key KEY",
]


@pytest.mark.parametrize("key", ["Zq7horse", "zqhorse"])
@pytest.mark.parametrize("line", KEY_LINES)
def test_a_key_never_shows(line: str, key: str) -> None:
    text = complete().replace("pre-shared-key       somekey1", line.replace("KEY", key))
    examined = examine(text)
    assert examined.refused
    shown = "\n".join(map(str, examined.findings)) + repr(examined)
    assert key not in shown


ALPHABET = '\n\n\n    \t"\\#\rexit authority config router r tenant é\x00\u2028'


@settings(max_examples=100, deadline=None)
@given(st.text() | st.lists(st.sampled_from([*ALPHABET, "exit\n", "authority\n"])).map("".join))
def test_any_text_can_be_examined(text: str) -> None:
    for finding in examine(text).findings:
        assert 1 <= finding.line <= text.count("\n") + text.count("\r") + 1


def changed(lines: list[str], chance: random.Random) -> list[str]:
    """The lines with one of them lost, doubled, cut, moved, joined, or damaged."""
    place = chance.randrange(len(lines))
    line = lines[place]
    other = chance.choice(lines)
    damage = chance.choice(' "\\#\t\x00é!~0')
    at = chance.randrange(len(line) + 1)
    new = chance.choice(
        (
            [],
            [line, line],
            [line[:at]],
            [other, line],
            [line.strip()],
            [line + other],
            [line[:at] + damage + line[at + 1 :]],
            line.split(),
        )
    )
    return [*lines[:place], *new, *lines[place + 1 :]]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_text_is_refused_or_generates_what_reads_back(seed: int) -> None:
    chance = random.Random(seed)
    lines = complete().split("\n")
    for _ in range(chance.randint(1, 4)):
        lines = changed(lines, chance)
    examined = examine("\n".join(lines))
    if not examined.refused:
        made = generate(examined.authority)
        reading = read(write(Config(authority=made), secrets=True))
        assert reading.config.authority == made
        assert generate(made) == made
