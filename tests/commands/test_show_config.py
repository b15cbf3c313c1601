"""A configuration, whole and below a path."""

from __future__ import annotations

import pytest

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.show_config import present
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority

TEXT = """\
config
    authority
        tenant ipsec
        exit
        router r1
            ipsec-profile primary
                pre-shared-key somekey1
                ike-lifetime 2h
            exit
            node n1
                ipsec-client client1
                    tenant ipsec
                    remote rem1
                        host 172.16.4.3
                        profile primary
                    exit
                    remote rem2
                        host 172.16.5.4
                        profile primary
                    exit
                exit
            exit
        exit
        router r2
        exit
    exit
exit
"""


@pytest.fixture
def authority() -> Authority:
    found = read(TEXT).config.authority
    assert found is not None
    return found


def shown(authority: Authority, path: str) -> str:
    found = present(authority, path.removeprefix("config ").split())
    assert found is not None
    return found


def test_whole_it_reads_back_but_for_the_keys(authority: Authority) -> None:
    text = shown(authority, "")
    assert "somekey1" not in text
    assert "pre-shared-key  (removed)" in text
    assert [router.name for router in authority.router] == ["r1", "r2"]
    assert text.startswith("config\n\n    authority\n\n        tenant  ipsec\n")


def test_below_a_path_with_all_that_encloses_it(authority: Authority) -> None:
    path = "authority router r1 node n1 ipsec-client client1 remote rem2"
    assert shown(authority, path) == (
        "config\n\n    authority\n\n"
        "        router  r1\n            name  r1\n\n"
        "            node  n1\n                name          n1\n\n"
        "                ipsec-client  client1\n                    name    client1\n\n"
        "                    remote  rem2\n"
        "                        name     rem2\n"
        "                        host     172.16.5.4\n"
        "                        profile  primary\n"
        "                    exit\n                exit\n            exit\n        exit\n"
        "    exit\nexit\n"
    )


def test_a_path_may_be_cut_short_begin_with_config_and_end_at_a_field(
    authority: Authority,
) -> None:
    short = shown(authority, "auth rout r1 ipsec-p primary ike-l")
    assert short == shown(
        authority, "config authority router r1 ipsec-profile primary ike-lifetime"
    )
    assert "ike-lifetime  2h" in short
    assert "pre-shared-key" not in short


def test_all_and_no_key_mean_every_entry(authority: Authority) -> None:
    for path in ("authority router", "authority router all"):
        text = shown(authority, path)
        assert "router  r1" in text
        assert "router  r2" in text
        assert "\n        tenant" not in text
    remotes = shown(authority, "authority router all node all ipsec-client all remote rem1")
    assert "rem1" in remotes
    assert "rem2" not in remotes
    assert "router  r2" not in remotes


def test_verbose_adds_defaults_that_read_back_as_unset(authority: Authority) -> None:
    text = shown(authority, "authority verbose")
    assert "# ike-v2" in text
    assert "# ike-v2" not in shown(authority, "authority")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("authority gold", "config authority has no gold. It has name, tenant"),
        ("authority routre", "config authority has no routre. Did you mean router?"),
        ("authority router r9", "config authority router r9 is not configured"),
        ("authority service", "config authority service is not configured"),
        ("authority router r1 name r1", "is a field; nothing is below it"),
        ("authority router all node n9", "router all node n9 is not configured"),
        ("authority router r1 ipsec-profile primary ike", "'ike' is ambiguous: ike-encryption"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(authority: Authority, path: str, why: str) -> None:
    with pytest.raises(InputFault) as caught:
        shown(authority, path)
    assert why in str(caught.value)


def test_words_that_lead_nowhere_from_the_start_are_left_to_others(authority: Authority) -> None:
    assert present(authority, ["gold"]) is None
