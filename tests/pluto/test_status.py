"""What 4.10 printed, read again; what 5.x prints without its prefix; and rubbish."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from ipsec_client.pluto import status

REM1, REM2 = "ipsec-client-tunnel-primary-rem1", "ipsec-client-tunnel-secondary-rem2"

TRAFFIC = f"""\
006 #38: "{REM1}", type=ESP, add_time=1795450064, inBytes=60, outBytes=336, maxBytes=2^63B, id='172.16.4.3'
006 #39: "{REM1}", type=ESP, add_time=0, inBytes=0, outBytes=0, maxBytes=2^63B, id='172.16.4.3'
006 #40: "{REM2}/0x2", type=ESP, add_time=1795450064, inBytes=0, outBytes=0, maxBytes=2^63B, id='@vpn'
"""

STATES = f"""\
000 #37: "{REM1}":4500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); REKEY in 27805s; newest; idle;
000 #38: "{REM1}":4500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); LIVENESS in 0s; IKE SA #37; idle;
000 #38: "{REM1}" esp.d2f01f35@172.16.4.3 esp.1a4e17bf@169.254.129.2 Traffic: ESPin=0B ESPout=0B ESPmax=2^63B
000 #39: "{REM2}":4500 STATE_MAIN_I4 (IKE SA established); REPLACE in 27941s; newest; lastdpd=-1s(seq in:0 out:0); idle;
000 #40: "{REM2}/1x2":4500 STATE_QUICK_I2 (IPsec SA established); REPLACE in 27817s; ISAKMP SA #39; idle;
000 #49: "{REM1}":500 STATE_V2_PARENT_I1 (sent IKE_SA_INIT request); RETRANSMIT in 1s; idle;
000 #49: pending CHILD SA for "{REM1}"
000 #50: "{REM2}":500 STATE_MAIN_I1 (sent Main Mode request); RETRANSMIT in 1s; nodpd; idle;
000 #50: pending Phase 2 for "{REM2}"
"""

STATUS = f"""\
000 using kernel interface: xfrm
000
000 interface client1 UDP 169.254.129.2:500
000 "{REM1}": 0.0.0.0/0===169.254.129.2[@router1]...172.16.4.3===0.0.0.0/0; erouted; eroute owner: #38
000 "{REM1}":     oriented; my_ip=unset; their_ip=unset; my_updown=<disabled>;
000 "{REM2}/0x1": 0.0.0.0/0===169.254.129.2...172.16.4.3===10.0.0.0/8; unrouted; eroute owner: #0
000 "{REM2}/0x2": 0.0.0.0/0===169.254.129.2...172.16.4.3===11.0.0.0/8; unrouted; eroute owner: #0
000 Total IPsec connections: loaded 3, active 1
"""


def without_prefix(text: str) -> list[str]:
    return [line[4:] for line in text.splitlines()]


def test_traffic() -> None:
    expected = [
        status.Traffic(REM1, 38, 1795450064, 60, 336, "172.16.4.3"),
        status.Traffic(REM1, 39, 0, 0, 0, "172.16.4.3"),
        status.Traffic(REM2, 40, 1795450064, 0, 0, "@vpn"),
    ]
    assert status.traffic(TRAFFIC.splitlines()) == expected
    assert status.traffic(without_prefix(TRAFFIC)) == expected


def test_states_are_told_apart_in_both_versions_of_ike() -> None:
    found = status.states(STATES.splitlines())
    assert [(s.conn, s.serial, s.ike, s.child) for s in found] == [
        (REM1, 37, True, False),
        (REM1, 38, False, True),
        (REM2, 39, True, False),
        (REM2, 40, False, True),
        (REM1, 49, False, False),
        (REM2, 50, False, False),
    ]
    assert found[4].name == "STATE_V2_PARENT_I1"
    assert found[4].detail == "sent IKE_SA_INIT request"
    assert status.states(without_prefix(STATES)) == found


def test_loaded_connections_once_each_however_many_networks_they_have() -> None:
    assert status.loaded(STATUS.splitlines()) == {REM1, REM2}
    assert status.loaded(without_prefix(STATUS)) == {REM1, REM2}


PAIRS = f"""\
000 "{REM1}/1x1":   newest ISAKMP SA: #0; newest IPsec SA: #10; conn serial: $5;
000 "{REM1}/1x2":   newest ISAKMP SA: #3; newest IPsec SA: #0; conn serial: $6;
000 "{REM1}-more/1x1":   newest ISAKMP SA: #0; newest IPsec SA: #0; conn serial: $7;
000 "{REM2}":   newest ISAKMP SA: #0; newest IPsec SA: #0; conn serial: $8;
"""


def test_the_pairs_of_subnets_without_a_child_sa() -> None:
    for lines in (PAIRS.splitlines(), without_prefix(PAIRS)):
        assert status.lacking(lines, REM1) == [f"{REM1}/1x2"]
        assert status.lacking(lines, REM2) == []


def test_nothing_loaded() -> None:
    assert (
        status.loaded(["000 using kernel interface: xfrm", "000 Connection list:", "000 none"])
        == set()
    )
    assert status.traffic([]) == []
    assert status.states(["000  "]) == []


pieces = st.sampled_from(
    [
        '"',
        "#",
        "1",
        ":",
        ", ",
        "=",
        "'",
        "(",
        ")",
        "006 ",
        "STATE_X",
        "inBytes=",
        "...",
        "; ",
        "\x00",
    ]
)


@given(st.lists(st.lists(pieces).map("".join)))
@example(['#1: "a", inBytes=٣, outBytes=99999999999999999999999'])
@example(['#1: "a/b/c" STATE_(()))'])
def test_rubbish_is_passed_over(lines: list[str]) -> None:
    status.traffic(lines)
    status.states(lines)
    status.loaded(lines)


@given(
    st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True),
    st.integers(1, 10**9),
    st.integers(0, 2**62),
    st.integers(0, 2**62),
)
def test_what_is_printed_comes_back(conn: str, serial: int, inward: int, outward: int) -> None:
    line = f"""006 #{serial}: "{conn}", type=ESP, add_time=7, inBytes={inward}, outBytes={outward}, id='@x'"""
    if max(inward, outward) < 10**18:
        assert status.traffic([line]) == [status.Traffic(conn, serial, 7, inward, outward, "@x")]


def test_children_have_their_spis_and_pairs() -> None:
    found = status.children(STATES.splitlines())
    assert found == [status.Child(REM1, 38, 0xD2F01F35, 0x1A4E17BF)]
    pair = '#7: "c/1x2"[1] 192.0.2.1 esp.1@192.0.2.1 esp.a@192.0.2.2 tun.0@192.0.2.1 Traffic: …'
    assert status.children([pair]) == [status.Child("c/1x2", 7, 1, 0xA)]


SIX = """\
#5: "c":4500 ESTABLISHED_IKE_SA (established IKE SA); NAT_KEEPALIVE in 19s; REKEY in 3054s; newest; idle;
#6: "c":4500 ESTABLISHED_CHILD_SA (established Child SA); REKEY in 28103s; newest; eroute owner; IKE SA #5; idle;
#6: "c" esp:c6269b14@2001:db8:16::3 esp:ecb436cd@fdb6::8102 tun:0@2001:db8:16::3 tun:0@fdb6::8102 Traffic: ESPin=260B
"""
"""5.2, by IPv6."""


def test_children_have_their_spis_by_ipv6_too() -> None:
    assert status.children(SIX.splitlines()) == [status.Child("c", 6, 0xC6269B14, 0xECB436CD)]
    assert [(state.serial, state.child) for state in status.states(SIX.splitlines())] == [
        (5, False),
        (6, True),
    ]
