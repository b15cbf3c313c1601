"""What both ends say is read as the matrix words it; cases are tried with the gateways that fit."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from ipsec_lab.document import read
from ipsec_lab.gateways import libreswan, strongswan
from ipsec_lab.gateways.base import Association
from ipsec_lab.matrix import configuration, rows, traffic
from ipsec_lab.matrix.combinations import ANY, ESP, LIST, SINGLE, Case, Combination
from ipsec_lab.matrix.run import batches
from ipsec_lab.matrix.support import Libreswan
from ipsec_lab.matrix.trial import read_kernel, with_group
from ipsec_lab.matrix.words import esp_told, ike_told, kernel_told
from ipsec_lab.router import document

SAS = """\
client: #3, ESTABLISHED, IKEv2, 5c9d7f8ae8f65b2e_i 0123456789abcdef_r*
  local  'fqdn:gw' @ 172.16.1.3[4500]
  remote 'router' @ 172.31.3.2[4500]
  AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384
  established 3s ago, rekeying in 13764s
  net1: #4, reqid 3, INSTALLED, TUNNEL-in-UDP, ESP:AES_CBC-128/HMAC_SHA1_96
    installed 3s ago, rekeying in 3333s, expires in 3957s
    in  c0ffee01,    300 bytes,     3 packets,     0s ago
    out c0ffee02,    300 bytes,     3 packets,     0s ago
    local  10.0.0.0/8
    remote 0.0.0.0/0
  net1: #5, reqid 3, INSTALLED, TUNNEL-in-UDP, ESP:AES_CBC-128/HMAC_SHA1_96/MODP_2048/ESN
    installed 1s ago, rekeying in 3333s, expires in 3957s
client: #2, ESTABLISHED, IKEv1, 5c9d7f8ae8f65b2e_i 0123456789abcdef_r*
  local  'fqdn:gw' @ 172.16.1.3[4500]
  3DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_1536
  established 3s ago
"""

STATES = """\
src 169.254.129.2 dst 172.16.1.3
\tproto esp spi 0x1 reqid 1 mode tunnel
\treplay-window 0 flag af-unspec
\tauth-trunc hmac(sha256) 0x{sha256} 128
\tenc cbc(aes) 0x{aes128}
\tencap type espinudp sport 4500 dport 4500 addr 0.0.0.0
src 2001:db8::2 dst 2001:db8:16:3::3
\tproto esp spi 0x2 reqid 1 mode tunnel
\taead rfc4106(gcm(aes)) 0x{gcm} 128
src 2001:db8::2 dst 2001:db8:16:4::3
\tproto esp spi 0x3 reqid 1 mode tunnel
\tauth-trunc hmac(md5) 0x{aes128} 96
\tenc ecb(cipher_null)\x20
""".format(sha256="ab" * 32, aes128="cd" * 16, gcm="ef" * 36)


def test_strongswans_newest_child_counts() -> None:
    assert strongswan.read_associations(SAS) == [
        Association(1, "3DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_1536", ""),
        Association(
            2, ike_told("aes_gcm256", "sha2_384", "dh-20"), "AES_CBC-128/HMAC_SHA1_96/MODP_2048/ESN"
        ),
    ]
    assert esp_told("aes128", "sha1", "modp2048", esn=True) == (
        "AES_CBC-128/HMAC_SHA1_96/MODP_2048/ESN"
    )


def test_libreswan_is_read_in_charons_words() -> None:
    log = (
        '"client"[1] 172.31.3.2 #1: proposal 1:IKE=AES_CBC_256-HMAC_SHA2_512-DH21 chosen\n'
        '"client"[1] 172.31.3.2 #1: sent IKE_SA_INIT reply {cipher=AES_CBC_256 integ=HMAC_SHA2_512_256'
        " prf=HMAC_SHA2_512 group=DH21}\n"
        '"client"[1] 172.31.3.2 #2: responder established Child SA using #1; IPsec tunnel [0.0.0.0/0]'
        " {ESPinUDP/ESN=>0x0a <0x0b xfrm=AES_GCM_16_128-NONE NATD=172.31.3.2:4500 DPD=passive}\n"
    )
    assert libreswan.read_associations(log) == [
        Association(
            2,
            ike_told("aes256", "sha2_512", "dh-21"),
            esp_told("aes_gcm128", "", "", esn=True),
        )
    ]


def test_the_kernels_states_by_gateway_with_the_bits_of_keys() -> None:
    assert read_kernel(STATES) == {
        "172.16.1.3": kernel_told("aes128", "sha2_256"),
        "2001:db8:16:3::3": kernel_told("aes_gcm256", ""),
        "2001:db8:16:4::3": kernel_told("null", "md5"),
    }
    assert read_kernel("") == {}
    other = STATES.replace("ab" * 32, "ab" * 16)
    assert read_kernel(other)["172.16.1.3"] != kernel_told("aes128", "sha2_256")


def test_every_slot_of_a_lab_has_a_gateway_of_its_version_and_all_networks() -> None:
    slots = configuration.slots(3)
    site = read(document(configuration.everything(slots)))
    assert [remote.host.version for remote in site.remotes] == [4, 4, 6]
    for slot, remote in zip(slots, site.remotes, strict=True):
        case = Case(Combination(ESP, 2, "null", "md5", ""), slot.outside, 4, LIST, esn=False)
        assert set(slot.targets(case)) <= set(site.behind(remote))


@pytest.mark.parametrize("form", [ANY, SINGLE, LIST])
def test_a_configuration_has_the_remotes_of_its_cases(form: str) -> None:
    slots = configuration.slots(2 if form != LIST else 1)
    one = Combination(ESP, 2, "aes128", "sha1", "dh-19")
    placed = {slot: Case(one, slot.outside, 4, form, esn=True) for slot in slots}
    site = read(document(configuration.text(placed)))
    assert [remote.profile["phase2-modp"] for remote in site.remotes] == ["dh-19"] * len(slots)
    assert {len(remote.subnets) for remote in site.remotes} == {2 if form == LIST else 1}


def test_all_cases_are_tried_each_with_a_gateway_of_its_version() -> None:
    one = Combination(ESP, 2, "aes128", "sha1", "")
    cases = [Case(one, outside, 4, ANY, esn=False) for outside in (4, 4, 4, 6, 4)]
    tried = list(batches(configuration.slots(4), cases))
    assert [len(placed) for placed in tried] == [3, 2]
    assert all(case.outside == slot.outside for placed in tried for slot, case in placed.items())


def test_rows_are_kept_and_the_last_of_each_counts(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    assert rows.read(path) == []
    row = sample_row("no child SA")
    rows.write([row], path)
    rows.write([sample_row("")], path)
    assert rows.read(path) == [sample_row("")]


def sample_row(reason: str) -> rows.Row:
    one = Combination(ESP, 2, "aes128", "sha1", "dh-19")
    return rows.Row(
        **vars(one),
        date="2026-01-02",
        name=one.name,
        outside=4,
        inside=6,
        form=ANY,
        esn=False,
        gateway="strongSwan 5.9.8",
        router="Libreswan 4.10",
        kernel="6.1",
        ike="",
        esp="",
        in_kernel="",
        sent=3,
        answered=3,
        seconds=1.5,
        reason=reason,
    )


def test_algparses_table_is_read_in_charons_names() -> None:
    class Host:
        def run(self, _argv: object) -> object:
            return self

        stdout = ""
        stderr = (
            "algparse:   AES_CCM_16         {256,192,*128} IKEv1:     ESP     IKEv2:     ESP     FIPS\n"
            "algparse:   NULL               []             IKEv1:     ESP     IKEv2:     ESP\n"
            "algparse:   DH31                              IKEv1: IKE         IKEv2: IKE ESP AH\n"
            "algparse: IPCOMP algorithms:\n"
            "algparse:   DEFLATE                           IKEv1:     ESP AH  IKEv2:     ESP AH\n"
        )

    table = Libreswan(Host()).table()  # type: ignore[arg-type]
    assert table == {"AES_CCM_16": [128, 192, 256], "NULL": [], "CURVE_25519": []}


def test_traffic_is_answered_in_each_size_or_not_at_all() -> None:
    here, nobody = ip_address("127.0.0.1"), ip_address("192.0.2.77")
    try:
        assert traffic.asked([here], 5.0) == {(here, size) for size in traffic.SIZES}
        assert traffic.asked([nobody], 0.2) == set()
    except PermissionError:
        pytest.skip("raw sockets are for root only")


def test_the_group_of_a_quick_mode_is_the_one_that_was_asked_for_last() -> None:
    found = Association(1, "AES_CBC-128", "3DES_CBC/AES_CMAC_96")
    begun = '"c-m1" #7: initiating Quick Mode IKEv1+PSK+PFS {using isakmp#6 msgid:1 proposal=3DES pfsgroup='
    log = f"{begun}MODP1536}}\n{begun}MODP2048}}\n"
    assert with_group(found, log).esp == "3DES_CBC/AES_CMAC_96/MODP_2048"
    assert with_group(found, f"{begun}no-pfs}}\n") == found
