"""The layout of printed text, as the PCLI has it, and what is hidden."""

from __future__ import annotations

from ipsec_client.base.secret import Secret
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority, Config, Tenant
from tests.configs import client, complete, in_authority

GOLDEN = """\
config

    authority

        tenant   lan
            name         lan
            description  "the \\"LAN\\" side"
        exit

        service  s
            name           s
            address        1.1.1.0/24
            address        2.2.2.2

            access-policy  lan
                source      lan
                permission  allow
            exit
        exit

        router   r1
            name           r1

            service-route  a
                name          a
                service-name  s

                next-hop      n1 rem1-intf
                    node-name  n1
                    interface  rem1-intf
                exit
            exit
        exit
    exit
exit
"""


def test_the_layout_is_that_of_the_pcli() -> None:
    text = in_authority(
        """
        tenant lan
        description "the \\"LAN\\" side"
        exit
        service s
        access-policy lan
        permission allow
        exit
        address 1.1.1.0/24
        address 2.2.2.2
        exit
        router r1
        service-route a
        service-name s
        next-hop n1 rem1-intf
        exit
        exit
        exit
        """
    )
    assert write(read(text).config) == GOLDEN
    assert write(read(GOLDEN).config) == GOLDEN


def test_a_container_and_a_field_after_a_list_stand_as_in_the_pcli() -> None:
    text = client(
        "tunnel-monitor\nenabled true\nexit", client_fields="tunnel-monitor-nat-network 10.0.0.0/28"
    )
    lines = write(read(text).config).split("\n")
    start = lines.index("                    tenant                      ipsec")
    assert lines[start + 1 : start + 13] == [
        "",
        "                    remote                      rem1",
        "                        name            rem1",
        "                        host            172.16.4.3",
        "                        profile         p",
        "",
        "                        tunnel-monitor",
        "                            enabled  true",
        "                        exit",
        "                    exit",
        "                    tunnel-monitor-nat-network  10.0.0.0/28",
        "                exit",
    ]


def test_keys_are_removed_unless_asked_for() -> None:
    config = read(complete()).config
    assert "somekey" not in write(config)
    assert "pre-shared-key  (removed)" in write(config)
    assert "pre-shared-key  somekey1" in write(config, secrets=True)


def test_a_removed_key_reads_back_as_removed() -> None:
    reading = read(write(read(complete()).config))
    assert reading.config.authority
    key = reading.config.authority.router[0].ipsec_profile[0].pre_shared_key
    assert key == Secret(None)
    assert "pre-shared-key  (removed)" in write(reading.config, secrets=True)


def test_verbose_shows_defaults_so_that_they_read_back_as_unset() -> None:
    config = read(client("", profile_fields="ike-v2 insist\nike-lifetime 2h")).config
    lines = [line.strip() for line in write(config, verbose=True).split("\n")]
    assert "# dpdaction                restart" in lines
    assert "ike-v2                   insist" in lines
    assert "ike-lifetime             2h" in lines
    assert not any("dpddelay" in line for line in lines)
    assert read(write(config, secrets=True, verbose=True)).config == config


def test_the_empty_configuration() -> None:
    assert write(Config()) == "config\n\nexit\n"
    assert write(Config(authority=Authority())) == "config\n\n    authority\n\n    exit\nexit\n"
    one = Config(authority=Authority(tenant=(Tenant(name="t"),)))
    assert read(write(one)).config == one
