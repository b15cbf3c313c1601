"""``ipsec-client render``: what it prints, what it never prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.app.main import main

CONFIGURATION = """\
config
    authority
        tenant ipsec
        exit
        service ipsec
            name ipsec
            address 172.16.0.0/16
            access-policy ipsec
                source ipsec
            exit
        exit
        router router1
            ipsec-profile primary
                name primary
                pre-shared-key somekey1
                dpddelay 5
                {more}
            exit
            node node1
                device-interface wan
                    name wan
                    network-interface wanintf
                        name wanintf
                        address 172.16.3.2
                            ip-address 172.16.3.2
                            prefix-length 24
                            gateway 172.16.3.5
                        exit
                    exit
                exit
                ipsec-client client1
                    name client1
                    tenant ipsec
                    remote rem1
                        name rem1
                        host {host}
                        profile primary
                    exit
                exit
            exit
        exit
    exit
exit
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "router.conf"


def write(file: Path, more: str = "", host: str = "172.16.4.3") -> None:
    file.write_text(CONFIGURATION.format(more=more, host=host))


def test_every_file_is_headed_by_its_name_and_no_key_is_printed(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file)
    assert main(["render", str(file)]) == 0
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line.startswith("#")] == [
        "# file: ipsec.conf",
        "# file: conns/ipsec-client-tunnel-primary-rem1.conf",
    ]
    assert "\tright=172.16.4.3\n" in printed
    assert "somekey1" not in printed


def test_the_same_configuration_gives_the_same_bytes(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file)
    main(["render", str(file), "--router", "router1", "--node", "node1", "--libreswan", "4"])
    first = capsys.readouterr().out
    main(["render", str(file)])
    assert capsys.readouterr().out == first


def test_a_name_stands_where_its_address_will(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file, host="vpn.example.net")
    assert main(["render", str(file)]) == 0
    assert "\tright=vpn.example.net\n\trightid=vpn.example.net\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("ike-modp modp1024", "modp1024 is not supported by Libreswan 4.10"),
        (
            "custom-option key\n name key\n value value\n exit",
            "custom-option key: no such Libreswan option",
        ),
    ],
)
def test_what_the_series_lacks_ends_it_with_1_and_nothing_printed(
    more: str, told: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file, more)
    assert main(["render", str(file)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--router", "absent"], 1),
        (["--node", "absent"], 1),
    ],
)
def test_how_it_ends(
    arguments: list[str], status: int, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file)
    assert main(["render", str(file), *arguments]) == status
    assert capsys.readouterr().out == ""


def test_an_unreadable_file_is_a_matter_of_usage(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(file)]) == 2
    assert capsys.readouterr().out == ""
