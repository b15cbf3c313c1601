"""``swanctl.conf``: its grammar, and what its settings become."""

from __future__ import annotations

import pytest

from ipsec_client.dialect.foreign import swanctl
from ipsec_client.dialect.foreign.ipsecconf import AH, FOR_EVER, NOT_TUNNEL
from ipsec_client.dialect.foreign.making import NO_ALGORITHM
from ipsec_client.dialect.foreign.settings import Merging, read
from ipsec_client.dialect.foreign.tunnel import Foreign

CONNECTION = """
connections {
  c {
    %s
    remote_addrs = 192.0.2.1
    local { auth = psk
      id = me }
    remote { auth = psk }
    children { net { %s
      remote_ts = 10.2.0.0/16
      local_ts = 10.1.0.0/16
      start_action = start } }
  }
}
"""


def made(settings: str = "", child: str = "") -> Foreign:
    return swanctl.read(CONNECTION % (settings, child), "f")


@pytest.mark.parametrize(
    "text",
    [
        'a { b = 1 2  # three\n c { d = "x y" } }',
        "a{b=1 2\nc{d=x y}}",
        'a\n{\n\tb = 1 2\r\n c { d = "x \\"y" }\n}',
    ],
)
def test_grammar(text: str) -> None:
    root, lost = read(text, "f")
    branch = root.below["a"]
    assert (branch.get("b"), branch.below["c"].get("d").replace('"', "")) == ("1 2", "x y")
    assert lost == []


def test_sections_take_settings_from_others() -> None:
    root, _ = read("base { x = 1\n y = 1\n z { k = 1 } }\na : base { y = 2\n z { l = 2 } }", "f")
    merged = Merging(root).merged(root.below["a"])
    assert (merged.get("x"), merged.get("y"), merged.below["z"].get("k"), merged.below["z"].get("l")) == (
        "1", "2", "1", "2",
    )  # fmt: skip


def test_references_without_end_are_followed_only_so_far() -> None:
    text = "\n".join(f"s{n} : s{n + 1}, s{n + 1} {{ a {{ }} }}" for n in range(40))
    found = swanctl.read(f"{text}\nconnections {{ c : s0 {{ }} }}", "f")
    assert "are more than can be followed" in found.lost[-1].why
    assert swanctl.read("connections { c : connections.c { } }", "f").tunnels == ()


def test_a_connection() -> None:
    found = made(
        "version = 1\n dpd_delay = 5s\n encap = yes\n mobike = no",
        "esp_proposals = aes256-sha1-modp2048",
    )
    (tunnel,) = found.tunnels
    assert (tunnel.name, tunnel.host, tunnel.local_id) == ("c", "192.0.2.1", "me")
    assert (tunnel.local_subnet, tunnel.subnet) == (("10.1.0.0/16",), ("10.2.0.0/16",))
    assert tunnel.fields == {
        "ike-v2": ("no",),
        "ike-lifetime": ("4h",),
        "connection-lifetime": ("1h",),
        "dpddelay": ("5s",),
        "dpdtimeout": ("150s",),
        "encapsulation": ("yes",),
        "phase2-encryption": ("aes256",),
        "phase2-digest": ("sha1",),
        "phase2-modp": ("modp2048",),
        "perfect-forward-secrecy": ("true",),
    }
    assert (tunnel.options, found.lost) == ({"mobike": "no"}, ())


@pytest.mark.parametrize(
    ("settings", "child", "told"),
    [
        ("if_id_in = 5", "", "f:4: if_id_in=5: nothing here stands for it"),
        ("", "updown = /x", "f:9: updown=/x: nothing here stands for it"),
        ("keyingtries = 2", "", f"f:4: keyingtries=2: {FOR_EVER}"),
        ("proposals = frob", "", f"f:4: proposals=frob: {NO_ALGORITHM}"),
        (
            "}",
            "",
            "f:3: connection c: its ends know each other by something else than a pre-shared key",
        ),
        ("", "mode = transport", f"f:9: child net: {NOT_TUNNEL}"),
        ("", "ah_proposals = sha1", f"f:9: child net: {AH}"),
    ],
)
def test_what_cannot_be_carried_over_is_told(settings: str, child: str, told: str) -> None:
    assert told in [str(each) for each in made(settings, child).lost]


def test_keys_are_not_part_of_what_is_told() -> None:
    text = (
        "secrets {\n ike-a {\n secret = canary{1\n }\n canary canary2\n"
        ' eap-b { secret = canary3 }\n ppk { secret = "can"ary }'
    )
    found = swanctl.read(text, "f")
    assert len(found.keys) == 1
    assert not [each for each in found.lost if "canary" in str(each)]


def test_a_quote_that_is_not_closed_shows_nothing_of_what_it_takes_in() -> None:
    text = 'connections { c { updown = "/x\n } }\ninclude "y\nsecrets { ike { secret = canary"\n'
    for each in (*swanctl.read(text, "f").lost, *made('updown = "canary\ncanary"').lost):
        assert "canary" not in str(each)
        assert len(str(each).splitlines()) == 1


def test_which_files_are_of_this_format() -> None:
    assert swanctl.is_swanctl("# x\nconnections {\n}")
    assert not swanctl.is_swanctl("conn connections\n left=1\n")
