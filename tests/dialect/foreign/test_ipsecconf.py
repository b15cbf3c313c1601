"""``ipsec.conf``: its grammar, what settings become, and whose file it is."""

from __future__ import annotations

import pytest

from ipsec_client.dialect.foreign import ipsecconf, sections
from ipsec_client.dialect.foreign.tunnel import Foreign, Tunnel

PSK = "authby=secret\n left=%defaultroute\n leftid=@a.example\n leftsubnet=10.0.0.0/8\n right=192.0.2.1\n"
FULL = PSK + " rightsubnet=0.0.0.0/0\n"


def read(settings: str, flavour: str = "libreswan", before: str = "") -> Foreign:
    return ipsecconf.read(f"{before}conn c\n {settings}", "f", flavour)


def one(settings: str, flavour: str = "libreswan", before: str = "") -> Tunnel:
    (tunnel,) = (each for each in read(settings, flavour, before).tunnels if each.name == "c")
    return tunnel


def lost(settings: str, flavour: str = "libreswan") -> list[str]:
    return [f"{each.what}: {each.why}" for each in read(FULL + settings, flavour).lost]


def test_both_ends() -> None:
    tunnel = one(FULL + " rightid=gw.example\n")
    assert (tunnel.host, tunnel.local_id, tunnel.remote_id) == (
        "192.0.2.1",
        "a.example",
        "gw.example",
    )
    assert (tunnel.local_subnet, tunnel.subnet) == (("10.0.0.0/8",), ())


def test_the_side_without_an_address_of_its_own_is_ours() -> None:
    tunnel = one(
        "authby=secret\n left=192.0.2.1\n right=%defaultroute\n rightid=me\n leftid=them\n"
    )
    assert (tunnel.host, tunnel.local_id, tunnel.remote_id) == ("192.0.2.1", "me", "them")


def test_without_an_identity_the_address_was_it() -> None:
    tunnel = one("authby=secret\n left=203.0.113.9\n right=192.0.2.1\n")
    assert tunnel.local_id == "203.0.113.9"
    assert (tunnel.local_subnet, tunnel.subnet) == (("203.0.113.9/32",), ("192.0.2.1/32",))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("right=192.0.2.1", ipsecconf.NOT_PSK),
        ("authby=rsasig\n right=192.0.2.1", ipsecconf.NOT_PSK),
        ("leftauth=pubkey\n rightauth=psk\n right=192.0.2.1", ipsecconf.NOT_PSK),
        ("authby=secret\n leftxauthclient=yes\n right=192.0.2.1", ipsecconf.MORE_THAN_PSK),
        ("authby=secret\n rightauth2=xauth\n right=192.0.2.1", ipsecconf.MORE_THAN_PSK),
        ("authby=secret\n type=transport\n right=192.0.2.1", ipsecconf.NOT_TUNNEL),
        ("authby=secret\n right=%any", ipsecconf.NO_GATEWAY),
        ("authby=secret\n left=1.1.1.1", ipsecconf.NO_GATEWAY),
        ("authby=secret\n right=1.1.1.1\n phase2=ah", ipsecconf.AH),
    ],
)
def test_connections_that_cannot_be_carried_over(settings: str, why: str) -> None:
    found = read(settings)
    assert found.tunnels == ()
    assert [str(each) for each in found.lost] == [f"f:1: conn c: {why}"]


def test_sections_take_in_others_and_what_they_say_themselves_comes_first() -> None:
    before = (
        "conn %default\n ikelifetime=1h\n salifetime=1h\n mtu=1300\n"
        "conn part\n ikelifetime=2h\n salifetime=2h\n also=deeper\nconn deeper\n compress=yes\n"
    )
    tunnel = one(FULL + " also=part\n ikelifetime=3h\n", before=before)
    assert [tunnel.fields[name] for name in ("ike-lifetime", "connection-lifetime", "mtu", "compress")] == [
        ("3h",), ("2h",), ("1300",), ("true",),
    ]  # fmt: skip


def test_flipped() -> None:
    before = "conn part\n authby=secret\n left=192.0.2.1\n leftsubnet=10.2.0.0/16\n"
    tunnel = one("alsoflip=part\n left=%defaultroute\n leftsubnet=10.1.0.0/16\n", before=before)
    assert (tunnel.host, tunnel.subnet) == ("192.0.2.1", ("10.2.0.0/16",))


def test_circles_and_missing_sections_are_told() -> None:
    found = ipsecconf.read("conn a\n also=b\nconn b\n also=a\nconn c\n also=d\n", "f")
    assert [each.why for each in found.lost][:2] == [
        "goes round in a circle",
        "there is no such section",
    ]


@pytest.mark.parametrize(
    "text",
    [
        'conn "c"\r\n\tauthby = secret # by key\r\n\r\n\tright = 192.0.2.1   \r\n\tleft="%defaultroute"',
        "conn c\nauthby=secret\n# right=192.0.2.9\n right='192.0.2.1'\nleft=%defaultroute",
    ],
)
def test_liberal_reading(text: str) -> None:
    (tunnel,) = ipsecconf.read(text, "f").tunnels
    assert (tunnel.name, tunnel.host) == ("c", "192.0.2.1")


FIELDS: list[tuple[str, str, dict[str, tuple[str, ...]]]] = [
    ("libreswan", "", {"perfect-forward-secrecy": ("true",)}),
    ("libreswan", "pfs=no", {}),
    ("strongswan", "", {"ike-lifetime": ("3h",), "connection-lifetime": ("1h",)}),
    ("strongswan", "esp=aes256-sha1-modp2048", {"perfect-forward-secrecy": ("true",), "phase2-modp": ("modp2048",)}),
    ("strongswan", "keyexchange=ikev1", {"ike-v2": ("no",)}),
    ("libreswan", "ikev2=insist", {"ike-v2": ("insist",)}),
    ("libreswan", "encapsulation=yes\n compress=yes\n mtu=1400\n metric=5",
     {"encapsulation": ("yes",), "compress": ("true",), "mtu": ("1400",), "metric": ("5",)}),
    ("strongswan", "forceencaps=yes", {"encapsulation": ("yes",)}),
    ("libreswan", "dpddelay=5\n dpdtimeout=20", {"dpddelay": ("5",)}),
    ("libreswan", "ikev2=no\n dpddelay=5\n dpdtimeout=20\n dpdaction=clear",
     {"dpddelay": ("5",), "dpdtimeout": ("20",), "dpdaction": ("clear",)}),
    ("strongswan", "dpdaction=restart", {"dpddelay": ("30s",), "dpdaction": ("restart",)}),
    ("strongswan", "dpddelay=5s", {}),
    ("libreswan", "retransmit-interval=500", {"ike-retransmit-interval": ("500",)}),
]  # fmt: skip


@pytest.mark.parametrize(("flavour", "settings", "expected"), FIELDS)
def test_settings_become_fields(
    flavour: str, settings: str, expected: dict[str, tuple[str, ...]]
) -> None:
    fields = one(f"{FULL} {settings}\n", flavour).fields
    assert {name: fields.get(name) for name in expected} == expected
    if not expected:
        assert not {"perfect-forward-secrecy", "dpddelay"} & set(fields)


def test_options_that_no_field_stands_for() -> None:
    assert one(FULL + " fragmentation=yes\n rekeymargin=5m\n").options == {
        "fragmentation": "yes",
        "rekeymargin": "5m",
    }
    assert one(FULL + " leftxauthclient=no\n aggrmode=yes\n").options["aggressive"] == "yes"
    assert one(FULL + " margintime=5m\n replay_window=0\n reauth=no\n", "strongswan").options == {
        "rekeymargin": "5m",
        "replay-window": "0",
        "reauth": "no",
    }


@pytest.mark.parametrize(
    ("flavour", "setting", "told"),
    [
        ("libreswan", "leftupdown=/bin/hook", "leftupdown=/bin/hook: runs a program"),
        ("libreswan", "frob=1", "frob=1: nothing here stands for it"),
        ("strongswan", "fragmentation=force", "fragmentation=force: nothing here stands for it"),
        ("libreswan", "auto=add", f"auto=add: {ipsecconf.ALWAYS}"),
        ("libreswan", "keyingtries=3", f"keyingtries=3: {ipsecconf.FOR_EVER}"),
        (
            "libreswan",
            "ikelifetime=2d",
            "ikelifetime=2d: is cut to 24h, the most that Libreswan keeps an SA",
        ),
        ("libreswan", "ikelifetime=soon", "ikelifetime=soon: is no time that a field can hold"),
        (
            "libreswan",
            "ike=modp768",
            "ike=modp768: is no algorithm that a field can hold; its proposal is left out",
        ),
        ("libreswan", "mtu=99999", "mtu=99999: is no value that the field can have"),
        (
            "libreswan",
            "leftxauthpassword=canary",
            ("leftxauthpassword: nothing here stands for it"),
        ),
    ],
)
def test_what_cannot_be_carried_over_is_told(flavour: str, setting: str, told: str) -> None:
    assert lost(f" {setting}\n", flavour) == [told]


def test_setup_includes_and_what_is_no_part_of_the_format() -> None:
    text = "config setup\n plutodebug=all\ninclude /x/*.conf\nca me\n cacert=x\n203.0.113.1 : PSK canary\n"
    assert [
        str(each) for each in sorted(ipsecconf.read(text, "f").lost, key=lambda each: each.line)
    ] == [
        f"f:2: plutodebug=all: {ipsecconf.DAEMON}",
        "f:3: include /x/*.conf: name the included file too; it is not followed",
        "f:4: ca section: is nothing that is known here",
        "f:5: cacert: stands in no section that is known here",
        "f:6: this line: is nothing that is known here",
    ]


@pytest.mark.parametrize(
    ("text", "flavour"),
    [
        ("conn a\n ike=aes256-sha1-modp2048!\n", "strongswan"),
        ("conn a\n leftauth=psk\n", "strongswan"),
        ("config setup\n charondebug=x\n", "strongswan"),
        ("conn a\n phase2alg=aes_gcm256\n", "libreswan"),
        ("conn a\n", "libreswan"),
    ],
)
def test_whose_file_it_is(text: str, flavour: str) -> None:
    assert ipsecconf.guess(sections.read(text, "f")) == flavour
