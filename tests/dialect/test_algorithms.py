"""What profiles propose, what is refused, weak or without effect, and how much room is left in a packet."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.dialect import algorithms as a
from ipsec_client.dialect import catalog, series
from ipsec_client.model import elements as e
from ipsec_client.model import values as v
from tests.dialect.sample import prefixes, profile, remote, single_choices

GROUPS = "dh19+dh20+dh21+dh31+modp2048+modp3072+modp4096"
DIGESTS = "sha2_512+sha2_384+sha2_256"


def test_every_algorithm_of_the_model_is_in_the_catalogue_and_no_other() -> None:
    assert set(catalog.CIPHERS) == {"null", *e.ENCRYPTIONS}
    assert {*catalog.DIGESTS, catalog.NO_AUTH} == set(e.DIGESTS)
    assert set(catalog.GROUPS) == set(e.GROUPS)


def test_what_is_unset_is_proposed_from_the_strong_list() -> None:
    assert a.ike_proposals(profile()) == ",".join(
        f"{cipher}-{DIGESTS}-{GROUPS}"
        for cipher in ("aes_gcm256", "aes_gcm128", "aes256", "aes128")
    )
    assert a.esp_proposals(profile()) == (
        f"aes_gcm256,aes_gcm128,aes256-{DIGESTS},aes128-{DIGESTS}"
    )


def test_ikev1_writes_out_each_combination() -> None:
    old = profile(ike_v2="no")
    assert a.ike_proposals(old).split(",") == [
        "-".join(parts)
        for parts in itertools.product(
            ("aes256", "aes128"), ("sha2_512", "sha2_256"), ("modp2048", "modp3072", "modp4096")
        )
    ]
    assert a.esp_proposals(old) == (
        "aes_gcm256,aes_gcm128,aes256-sha2_512,aes256-sha2_256,aes128-sha2_512,aes128-sha2_256"
    )


@pytest.mark.parametrize("old", ["insist", "no"])
def test_strong_lists_hold_nothing_weak_and_nothing_that_is_refused(old: str) -> None:
    strong = catalog.STRONG[a.ike_version(profile(ike_v2=old))]
    for name in (*strong.ike_ciphers, *strong.child_ciphers):
        assert not catalog.CIPHERS[name].weakness
    for name in (*strong.ike_digests, *strong.child_digests):
        assert not catalog.DIGESTS[name].weakness
    for name in strong.ike_groups:
        assert not catalog.GROUPS[name].weakness
    assert a.refusals(profile(ike_v2=old)) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ike_encryption": "aes128"}, f"aes128-{DIGESTS}-{GROUPS}"),
        (
            {"ike_encryption": "aes256", "ike_digest": "sha1", "ike_modp": "modp2048"},
            "aes256-sha1-modp2048",
        ),
        ({"ike_encryption": "aes-256-gcm", "ike_modp": "dh-20"}, f"aes_gcm256-{DIGESTS}-dh20"),
        # The digest of an AEAD cipher is the PRF in IKE, so it is kept there.
        (
            {"ike_encryption": "aes_gcm256", "ike_digest": "sha2_384", "ike_modp": "dh-20"},
            "aes_gcm256-sha2_384-dh20",
        ),
        (
            {"ike_digest": "no-auth", "ike_modp": "dh-19", "ike_encryption": "aes_gcm128"},
            f"aes_gcm128-{DIGESTS}-dh19",
        ),
        # Several in order of preference, each once though two names stand for it.
        (
            {
                "ike_encryption": ("aes256", "aes-256-gcm", "aes_gcm256"),
                "ike_digest": ("sha512", "sha1"),
                "ike_modp": ("modp2048", "dh-20"),
            },
            "aes256-sha512+sha1-modp2048+dh20,aes_gcm256-sha512+sha1-modp2048+dh20",
        ),
        (
            {"ike_encryption": ("aes_gcm128", "aes128"), "ike_digest": ("no-auth", "sha2")}
            | {"ike_modp": "dh-19"},
            "aes_gcm128-sha2-dh19,aes128-sha2-dh19",
        ),
        (
            {"ike_encryption": ("aes256", "aes128"), "ike_digest": "sha2", "ike_v2": "no"}
            | {"ike_modp": ("modp2048", "modp3072")},
            "aes256-sha2-modp2048,aes256-sha2-modp3072,aes128-sha2-modp2048,aes128-sha2-modp3072",
        ),
    ],
)
def test_what_is_written_of_ike_is_fixed(fields: dict[str, str], expected: str) -> None:
    assert a.ike_proposals(profile(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"phase2_encryption": "null", "phase2_digest": "md5"}, "null-md5"),
        ({"phase2_encryption": "aes_gcm256", "phase2_digest": "sha2_512"}, "aes_gcm256"),
        ({"phase2_encryption": "null"}, f"null-{DIGESTS}"),
        ({"phase2_digest": "sha1"}, "aes256-sha1,aes128-sha1"),
        ({"phase2_digest": "no-auth"}, "aes_gcm256,aes_gcm128"),
        ({"authentication_protocol": "ah"}, DIGESTS),
        ({"authentication_protocol": "ah", "phase2_digest": "sha1"}, "sha1"),
        (
            {"phase2_encryption": "aes256", "phase2_digest": "sha1", "phase2_modp": "dh-19"},
            "aes256-sha1",
        ),
        (
            {"phase2_digest": "sha1", "phase2_modp": "dh-19", "perfect_forward_secrecy": True},
            "aes256-sha1;dh19,aes128-sha1;dh19",
        ),
        ({"perfect_forward_secrecy": True, "phase2_encryption": "aes_gcm256"}, "aes_gcm256"),
        (
            {"phase2_encryption": ("aes_gcm256", "aes128"), "phase2_digest": ("sha512", "sha1")},
            "aes_gcm256,aes128-sha512+sha1",
        ),
        (
            {"phase2_digest": ("sha1", "no-auth")},
            "aes_gcm256,aes_gcm128,aes256-sha1,aes128-sha1",
        ),
        (
            {"phase2_encryption": "aes_gcm256", "phase2_modp": ("dh-20", "modp2048")}
            | {"perfect_forward_secrecy": True},
            "aes_gcm256;dh20+modp2048",
        ),
    ],
)
def test_what_is_written_of_the_child_is_fixed(fields: dict[str, object], expected: str) -> None:
    assert a.esp_proposals(profile(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"ike_modp": "modp1024"}, "ike-modp", "modp1024 is not supported by Libreswan 4.10"),
        ({"ike_modp": "dh-24"}, "ike-modp", "dh-24 is not supported by Libreswan 4.10"),
        (
            {"phase2_modp": "modp1024", "perfect_forward_secrecy": True},
            "phase2-modp",
            "modp1024 is not supported by Libreswan 4.10",
        ),
        (
            {"ike_encryption": "aes_ccm128"},
            "ike-encryption",
            "aes_ccm128 cannot be used for the IKE SA",
        ),
        (
            {"ike_encryption": "aes_gcm256", "ike_v2": "no"},
            "ike-encryption",
            "aes_gcm256 cannot be used for the IKE SA with IKEv1",
        ),
        (
            {"phase2_encryption": ("aes_gcm256", "aes_ccm128")},
            "phase2-encryption",
            "aes_ccm128 makes Libreswan 4.10 carry nothing: it ties its SAs to no tunnel device",
        ),
        (
            {"authentication_protocol": "ah", "phase2_encryption": "aes256"},
            "phase2-encryption",
            "aes256 cannot be used with AH, which encrypts nothing",
        ),
        (
            {"phase2_encryption": "aes256", "phase2_digest": "no-auth"},
            "phase2-digest",
            "no-auth would leave packets unprotected: only AES-GCM and its like need no digest",
        ),
        (
            {"ike_digest": "no-auth", "ike_v2": "no"},
            "ike-digest",
            "no-auth would leave packets unprotected: only AES-GCM and its like need no digest",
        ),
        (
            {"phase2_encryption": ("aes_gcm256", "aes256"), "phase2_digest": "no-auth"},
            "phase2-digest",
            "no-auth would leave packets unprotected: only AES-GCM and its like need no digest",
        ),
        (
            {"ike_modp": ("modp2048", "modp1024")},
            "ike-modp",
            "modp1024 is not supported by Libreswan 4.10",
        ),
        (
            {"phase2_modp": ("modp2048", "modp3072"), "ike_v2": "no"}
            | {"perfect_forward_secrecy": True},
            "phase2-modp",
            "has several groups, of which IKEv1 can offer one (RFC 2409, 5.5)",
        ),
        (
            {"custom_option": (e.CustomOption(name="key", value="value"),)},
            "custom-option key",
            "no such Libreswan option",
        ),
        (
            {
                "custom_option": (
                    e.CustomOption(name="esn", value="no"),
                    e.CustomOption(name="ESN", value="yes"),
                )
            },
            "custom-option ESN",
            "is written twice; Libreswan reads names without case",
        ),
    ],
)
def test_refusals_name_field_and_reason(fields: dict[str, object], field: str, reason: str) -> None:
    found = a.refusals(profile(**fields))
    assert [(each.field, each.reason) for each in found] == [(field, reason)]


def test_a_group_for_pfs_is_no_matter_without_pfs() -> None:
    documented = profile(phase2_modp="modp1024", perfect_forward_secrecy=False)
    assert a.refusals(documented) == []
    assert ("phase2-modp", "has no effect without perfect-forward-secrecy") in a.unused(documented)


def test_nodes_run_on_two_series_and_files_are_written_for_three() -> None:
    assert [number for number in range(8) if series.runs(number)] == [4, 5]
    assert {number: each.releases for number, each in series.SERIES.items()} == {
        3: "3.23 to 3.29",
        4: "4.10",
        5: "5.2",
    }


@pytest.mark.parametrize(
    ("release", "number"),
    [
        ("3.29", 3),
        ("4.10", 4),
        ("4.15-rc1", 4),
        ("5.1", 3),  # it lacks ipsec-interface-managed, and no node runs on 3
        ("5.2", 5),
        ("5.4", 5),
        ("6.0", 5),
        ("", 4),
        ("unknown", 4),
    ],
)
def test_a_release_is_of_the_series_that_it_is_told_like(release: str, number: int) -> None:
    assert series.of(release) == number


@pytest.mark.parametrize(
    ("number", "lacking"),
    [
        (3, {"chacha20_poly1305", "dh-31"}),
        (4, {"modp1024", "dh-22", "dh-23", "dh-24"}),
        (5, {"modp1024", "dh-22", "dh-23", "dh-24"}),
    ],
)
def test_what_a_series_lacks_is_refused_by_name(number: int, lacking: set[str]) -> None:
    told = {
        refusal.reason.split(" is not supported")[0]
        for of in single_choices()
        for refusal in a.refusals(of, number)
        if "is not supported" in refusal.reason
    }
    assert told == lacking
    for old in ("insist", "no"):
        assert a.refusals(profile(ike_v2=old), number) == []


def test_the_old_series_gets_each_combination_and_nothing_that_it_may_lack() -> None:
    found = a.ike_proposals(profile(), 3).split(",")
    assert (len(found), found[0]) == (24, "aes_gcm256-sha2_512-dh19")
    assert not {"+", "dh31"} & set(re.split(r"(\+)|[-,]", ",".join(found)))
    several = profile(
        phase2_encryption="aes_gcm256",
        phase2_modp=("dh-20", "modp2048"),
        perfect_forward_secrecy=True,
    )
    assert a.esp_proposals(several, 3) == "aes_gcm256;dh20,aes_gcm256;modp2048"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"ike_modp": "dh-19", "phase2_modp": "dh-19"}, []),
        ({"ike_modp": "dh-19", "phase2_modp": ("dh-20", "dh-19")}, []),
        ({"ike_modp": ("dh-19", "modp2048"), "phase2_modp": "dh-19"}, ["phase2-modp"]),
        ({"ike_modp": "modp2048", "phase2_modp": "modp3072", "ike_v2": "no"}, []),
    ],
)
def test_a_group_that_a_first_child_would_be_replaced_with_and_may_not_is_told(
    fields: dict[str, object], told: list[str]
) -> None:
    written = profile(perfect_forward_secrecy=True, **fields)
    assert [each.field for each in a.unused(written)] == told


def test_the_new_series_reads_dpdaction_no_more() -> None:
    written = profile(dpdaction="restart", dpddelay=v.Duration(5, "s"))
    assert [each.field for each in a.unused(written, 5)] == ["dpdaction"]
    assert a.unused(written, 4) == []


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"subnet": ("10.0.0.0/8", "fd00::/8")}, ["subnet"]),
        ({"subnet": ("10.0.0.0/8",), "local_subnet": ("fd00::/8",)}, ["subnet"]),
        ({"subnet": ("fd00::/8", "fd01::/16")}, ["subnet"]),
        ({"subnet": ("fd00::/8",)}, []),
        ({"subnet": ("10.0.0.0/8", "11.0.0.0/8")}, []),
        ({"host": "fd00::1"}, []),
        ({"host": "fd00::1", "subnet": ("10.0.0.0/8",)}, []),
        ({"host": "fd00::1", "subnet": ("10.0.0.0/8", "11.0.0.0/8")}, ["subnet"]),
    ],
)
def test_networks_that_addconn_would_drop_in_silence_are_refused(
    fields: dict[str, object], refused: list[str]
) -> None:
    given = {
        key: prefixes(*value) if isinstance(value, tuple) else value
        for key, value in fields.items()
    }
    assert [each.field for each in a.remote_refusals(remote(**given))] == refused


def test_of_several_each_weak_one_is_told_and_a_digest_that_some_cipher_needs_is_used() -> None:
    mixed = profile(
        ike_modp=("dh-20", "modp1536", "modp1024"),
        phase2_encryption=("aes_gcm256", "aes256"),
        phase2_digest=("sha2",),
    )
    assert [each.reason.split()[0] for each in a.weak(mixed)] == ["modp1536", "modp1024"]
    assert a.unused(mixed) == []


def test_weak_choices_are_told_and_unset_ones_never_are() -> None:
    poor = profile(
        ike_encryption="3des",
        ike_digest="sha1",
        ike_modp="modp1024",
        phase2_encryption="null",
        phase2_digest="md5",
        ike_v2="never",
    )
    assert [each.field for each in a.weak(poor)] == [
        "ike-encryption",
        "ike-digest",
        "ike-modp",
        "phase2-encryption",
        "phase2-digest",
        "ike-v2",
    ]
    assert a.weak(profile()) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"phase2_encryption": "aes_gcm256", "phase2_digest": "sha1"}, ["phase2-digest"]),
        ({"phase2_encryption": "aes_gcm256", "phase2_digest": "no-auth"}, []),
        ({"dpdtimeout": v.Duration(9, ""), "dpddelay": v.Duration(3, "")}, ["dpdtimeout"]),
        ({"dpddelay": v.Duration(3, ""), "ike_v2": "no"}, ["dpddelay"]),
        ({"dpdtimeout": v.Duration(3, ""), "ike_v2": "no"}, ["dpdtimeout"]),
        ({"dpddelay": v.Duration(3, ""), "dpdtimeout": v.Duration(9, ""), "ike_v2": "no"}, []),
        ({"dpdaction": "clear"}, ["dpdaction"]),
    ],
)
def test_fields_that_nothing_acts_on_are_told(
    fields: dict[str, object], expected: list[str]
) -> None:
    assert [each.field for each in a.unused(profile(**fields))] == expected


@pytest.mark.parametrize(
    ("fields", "room"),
    [
        # 1500 - 20 (IP) - 8 (UDP) - 8 (ESP) = 1464, less IV and ICV, whole blocks, less 2 of trailer
        ({"phase2_encryption": "aes_gcm256"}, 1438),
        ({"phase2_encryption": "aes256", "phase2_digest": "sha2_512"}, 1406),
        ({"phase2_encryption": "aes256", "phase2_digest": "sha1"}, 1422),
        ({"phase2_encryption": "3des", "phase2_digest": "sha1"}, 1438),
        ({"phase2_encryption": "null", "phase2_digest": "md5"}, 1450),
        ({"phase2_encryption": "aes_gcm256", "encapsulation": "no"}, 1446),
        ({"authentication_protocol": "ah", "phase2_digest": "sha1"}, 1456),
        ({}, 1406),
    ],
)
def test_the_mtu_leaves_room_for_the_largest_overhead(fields: dict[str, object], room: int) -> None:
    assert a.tunnel_mtu(1500, profile(**fields)) == room


def some(names: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=3).map(tuple)


written = st.fixed_dictionaries(
    {},
    optional={
        "ike_v2": st.sampled_from(["insist", "no"]),
        "ike_encryption": some(e.ENCRYPTIONS),
        "ike_digest": some(e.DIGESTS),
        "ike_modp": some(e.GROUPS),
        "authentication_protocol": st.sampled_from(["esp", "ah"]),
        "phase2_encryption": some(["null", *e.ENCRYPTIONS]),
        "phase2_digest": some(e.DIGESTS),
        "phase2_modp": some(e.GROUPS),
        "perfect_forward_secrecy": st.booleans(),
        "encapsulation": st.sampled_from(["auto", "yes", "no"]),
    },
)


@given(written, st.integers(576, 9000))
def test_no_profile_is_too_odd_to_be_judged_and_sized(fields: dict[str, object], path: int) -> None:
    odd = profile(**fields)
    assert path - 128 < a.tunnel_mtu(path, odd) < path
    for refusal in a.refusals(odd):
        assert refusal.reason
        assert refusal.field
    proposed = set(re.split("[-+,;]", f"{a.ike_proposals(odd)},{a.esp_proposals(odd)}"))
    given_names = {name for value in fields.values() if isinstance(value, tuple) for name in value}
    assert proposed & {"null", "md5", "modp1024", "3des", "sha1"} <= given_names
