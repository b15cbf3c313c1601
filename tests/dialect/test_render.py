"""The files of a client: golden texts, and what no configuration may do to them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.base.secret import Secret
from ipsec_client.dialect import render as r
from ipsec_client.model.elements import CustomOption
from ipsec_client.model.slots import Slot, slots
from ipsec_client.wire.document import Document
from tests.dialect.sample import (
    KEY,
    configurations,
    document,
    page_example,
    page_profile,
    prefixes,
    profile,
    remote,
)


def conns(of: Document, **addresses: str) -> dict[str, r.Conn]:
    assert of.client is not None
    return r.conns(of, slots(of.node, of.client), addresses)


def options(of: Document, **addresses: str) -> dict[str, str]:
    return dict(conns(of, **addresses)["rem1"].options)


GOLDEN = """\
conn ipsec-client-tunnel-primary-rem1
	authby=secret
	auto=ignore
	leftupdown=%disabled
	nic-offload=no
	keyingtries=%forever
	rekey=yes
	left=169.254.129.2
	leftid=@branch1.example.net
	leftsubnet=0.0.0.0/0
	right=172.16.4.3
	rightid=172.16.4.3
	rightsubnet=0.0.0.0/0
	ipsec-interface=1
	mark=101/0xffffffff
	ikev2=insist
	phase2=esp
	ikelifetime=3600s
	salifetime=28800s
	retransmit-interval=500
	compress=no
	pfs=no
	dpddelay=10s
	dpdtimeout=30s
	dpdaction=restart
	metric=5
	mtu=1400
	encapsulation=yes
	remote-peer-type=cisco
	ike=aes128-sha1-modp2048
	phase2alg=null-md5
"""


def test_a_profile_with_everything_written() -> None:
    assert conns(document(profiles=(page_profile(),)))["rem1"].text == GOLDEN


CHANGES = {
    3: {
        "	ipsec-interface=1\n": "	vti-interface=ipsec1\n	vti-routing=no\n",
    },
    5: {
        "	dpdaction=restart\n": "",
        "	keyingtries=%forever\n": "",
        "	ikev2=insist\n": "	keyexchange=ikev2\n",
    },
}


@pytest.mark.parametrize("series", CHANGES)
def test_the_same_profile_for_the_other_series(series: int) -> None:
    of = document(profiles=(page_profile(),))
    expected = GOLDEN
    for old, new in CHANGES[series].items():
        assert old in expected
        expected = expected.replace(old, new)
    setup, conn = r.render(of, {}, series)
    assert conn.text == expected
    assert ("ikev1-policy" in setup.text) == (series > 3)
    assert ("ipsec-interface-managed=no" in setup.text) == (series > 4)


def test_a_profile_with_only_a_key_gets_the_documented_defaults_and_no_other_line() -> None:
    found = options(document())
    assert {"dpddelay", "dpdtimeout", "retransmit-interval", "mtu", "metric"}.isdisjoint(found)
    assert {"encapsulation", "remote-peer-type"}.isdisjoint(found)
    assert {
        key: found[key] for key in ("ikev2", "ikelifetime", "salifetime", "compress", "pfs")
    } == {
        "ikev2": "insist",
        "ikelifetime": "3600s",
        "salifetime": "28800s",
        "compress": "no",
        "pfs": "no",
    }
    assert found["dpdaction"] == "restart"
    assert found["leftid"] == found["left"] == "169.254.129.2"
    assert found["rightid"] == found["right"] == "172.16.4.3"


def test_pluto_starts_with_setup_alone_and_no_remote_changes_it() -> None:
    one, two = r.setup(document()), r.setup(page_example())
    assert (
        one
        == two
        == (
            "config setup\n"
            "\tlisten=169.254.129.2\n"
            "\tikev1-policy=accept\n"
            "\tuniqueids=no\n"
            "\tdnssec-enable=no\n"
            "\taudit-log=no\n"
        )
    )
    assert one == r.setup(document(profiles=(profile(ike_v2="no"),)))


def test_remotes_with_equal_selectors_differ_in_device_and_mark() -> None:
    found = conns(page_example())
    assert [conn.name for conn in found.values()] == [
        "ipsec-client-tunnel-primary-rem1",
        "ipsec-client-tunnel-secondary-rem2",
    ]
    one, two = (dict(conn.options) for conn in found.values())
    assert (one["ipsec-interface"], one["mark"]) == ("1", "101/0xffffffff")
    assert (two["ipsec-interface"], two["mark"]) == ("2", "102/0xffffffff")


def test_slots_give_device_and_mark_not_the_order_of_remotes() -> None:
    of = document()
    assert of.client is not None
    given_slots = slots(of.node, of.client)
    moved = given_slots | {
        "rem1": Slot(7, given_slots["rem1"].router, given_slots["rem1"].namespace)
    }
    found = dict(r.conns(of, moved, {})["rem1"].options)
    assert (found["ipsec-interface"], found["mark"]) == ("7", "107/0xffffffff")


def test_networks_are_one_or_a_list_with_host_bits_dropped() -> None:
    found = options(configurations()["lists"])
    assert found["rightsubnets"] == '"10.0.0.0/8,192.168.7.1/32"'
    assert found["leftsubnets"] == '"172.16.1.0/24,172.16.2.0/24"'
    assert {"leftsubnet", "rightsubnet"}.isdisjoint(found)
    single = options(document(remote(subnet=prefixes("10.1.2.3/8", "10.0.0.0/8"))))
    assert single["rightsubnet"] == "10.0.0.0/8"
    six = options(document(remote(subnet=prefixes("fd00::/8"))))
    assert (six["leftsubnet"], six["rightsubnet"]) == ("::/0", "fd00::/8")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (None, "172.16.4.3"),
        ("vpn.example.net", "@vpn.example.net"),
        ("@vpn", "@vpn"),
        ("user@example.net", "user@example.net"),
        ("10.0.0.1", "10.0.0.1"),
        ("fd00::1", "fd00::1"),
    ],
)
def test_a_name_is_sent_as_a_name_and_never_looked_up(written: str | None, sent: str) -> None:
    assert r.identity(written, "172.16.4.3") == sent


def test_a_named_host_waits_for_its_address() -> None:
    named = document(remote(host="vpn.example.net"))
    assert conns(named) == {}
    assert r.secrets(named, {}).reveal() == ""
    found = options(named, **{"vpn.example.net": "192.0.2.7"})
    assert found["right"] == found["rightid"] == "192.0.2.7"


@pytest.mark.parametrize(
    "of",
    [
        document(profiles=(profile(ike_modp="modp1024"),)),
        document(remote(subnet=prefixes("10.0.0.0/8", "fd00::/8"))),
        document(remote(profile="absent")),
    ],
)
def test_a_remote_that_cannot_run_as_written_does_not_run(of: Document) -> None:
    assert conns(of) == {}


def test_ietf_is_the_default_that_4_10_refuses_to_hear() -> None:
    assert "remote-peer-type" not in options(document(profiles=(profile(remote_peer_type="ietf"),)))


def test_custom_options_come_in_the_order_of_their_names() -> None:
    def of(*names: str) -> r.Conn:
        written = tuple(CustomOption(name=name, value="yes") for name in names)
        return conns(document(profiles=(profile(custom_option=written),)))["rem1"]

    assert of("mobike", "Fragmentation") == of("fragmentation", "mobike")
    assert of("mobike", "esn").text.endswith("\tesn=yes\n\tmobike=yes\n")


def test_times_with_other_units_are_the_same_connection() -> None:
    from ipsec_client.model.values import Duration

    hour, minutes = (profile(ike_lifetime=Duration(n, unit)) for n, unit in ((1, "h"), (60, "m")))
    assert conns(document(profiles=(hour,))) == conns(document(profiles=(minutes,)))
    short = profile(ike_retransmit_interval=Duration(1, "s"), dpddelay=Duration(1500, "ms"))
    found = options(document(profiles=(short,)))
    assert (found["retransmit-interval"], found["dpddelay"]) == ("1000", "2s")


# --- keys -----------------------------------------------------------------------------------------


def test_keys_are_indexed_by_both_identities() -> None:
    of = document(remote(remote_id="vpn"), profiles=(profile(local_id="router-1"),))
    assert r.secrets(of, {}).reveal() == f'@router-1 @vpn : PSK "{KEY}"\n'
    assert r.secrets(page_example(), {}).reveal() == (
        '169.254.129.2 172.16.4.3 : PSK "somekey1"\n169.254.129.2 172.16.5.4 : PSK "somekey2"\n'
    )


def test_a_removed_key_has_no_line() -> None:
    removed = replace(profile(), pre_shared_key=Secret(None))
    assert r.secrets(document(profiles=(removed,)), {}).reveal() == ""


@pytest.mark.parametrize("name", configurations())
def test_no_rendered_file_holds_a_key(name: str) -> None:
    for file in r.render(configurations()[name], {}):
        assert "somekey" not in file.text


def test_files_are_named_by_their_connection() -> None:
    assert [file.name for file in r.render(page_example(), {})] == [
        "ipsec.conf",
        "conns/ipsec-client-tunnel-primary-rem1.conf",
        "conns/ipsec-client-tunnel-secondary-rem2.conf",
    ]


def test_a_gateway_of_ipv6_is_reached_from_the_ipv6_side_of_the_egress() -> None:
    six = options(document(remote(host="2001:db8::3")))
    assert (six["left"], six["right"]) == ("fdb6:dc80:a25f::a9fe:8102", "2001:db8::3")
    assert (six["leftid"], six["rightid"]) == (six["left"], six["right"])
    assert (six["leftsubnet"], six["rightsubnet"]) == ("0.0.0.0/0", "0.0.0.0/0")
    four = options(document(remote(subnet=prefixes("fd00::/8"))))
    assert (four["left"], four["leftsubnet"], four["rightsubnet"]) == (
        "169.254.129.2", "::/0", "fd00::/8",
    )  # fmt: skip


def test_pluto_listens_to_the_address_it_uses_and_to_all_where_it_uses_two() -> None:
    mixed = document(remote(), remote(name="rem2", host="2001:db8::3"))
    listening = [
        [line.strip() for line in r.setup(of).splitlines() if "listen" in line]
        for of in (document(), document(remote(host="2001:db8::3")), mixed)
    ]
    assert listening == [["listen=169.254.129.2"], ["listen=fdb6:dc80:a25f::a9fe:8102"], []]


def test_the_key_of_an_ipv6_gateway_is_indexed_by_ipv6_addresses() -> None:
    text = r.secrets(document(remote(host="2001:db8::3")), {}).reveal()
    assert text == f'fdb6:dc80:a25f::a9fe:8102 2001:db8::3 : PSK "{KEY}"\n'


def test_no_client_no_files() -> None:
    of = document()
    empty = replace(of.authority.router[0], node=(replace(of.node, ipsec_client=()),))
    without = Document("1", replace(of.authority, router=(empty,)))
    assert r.render(without, {}) == []
    assert r.setup(without) == ""
    assert r.secrets(without, {}).reveal() == ""


texts = st.text(max_size=20)


@given(texts, texts)
def test_nothing_written_in_a_custom_option_can_add_a_line(name: str, value: str) -> None:
    odd = profile(custom_option=(CustomOption(name=name, value=value),))
    found = conns(document(profiles=(odd,)))
    if found:
        assert len(found["rem1"].text.splitlines()) == len(found["rem1"].options) + 1
