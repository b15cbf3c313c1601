"""Configurations that tests read: the page's, word for word, and what completes its fragments."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
COMPLETE = FOLDER.parent.parent / "examples" / "page-complete.conf"


def complete() -> str:
    """The page's complete example."""
    return COMPLETE.read_text()


def fragment(name: str) -> str:
    """One of the page's other examples; its placeholders for values left out, as an operator would."""
    lines = (FOLDER / f"{name}.conf").read_text().splitlines()
    return "\n".join(line for line in lines if "<" not in line and "[" not in line)


def in_authority(text: str, *tenants: str) -> str:
    """A ``router`` made whole: a root around it and the tenants it names."""
    named = "".join(f"tenant {name}\nexit\n" for name in tenants)
    return f"config\nauthority\n{named}{text}\nexit\nexit\n"


def in_router(text: str, further: str = "") -> str:
    """What stands inside a router made whole."""
    return in_authority(f"router r1\n{further}{text}\nexit", "t1", "lan", "ipsec")


def client(text: str, client_fields: str = "", profile_fields: str = "") -> str:
    """What stands inside a remote ``rem1`` made whole, with fields of its client and its profile."""
    return in_router(
        f"""
        ipsec-profile p
            pre-shared-key somekey1
            {profile_fields}
        exit
        node n1
            ipsec-client client1
                tenant ipsec
                {client_fields}
                remote rem1
                    host 172.16.4.3
                    profile p
                    {text}
                exit
            exit
        exit
        """
    )


def clean() -> str:
    """The complete example with all cured that ``check`` warns of: a text without findings."""
    cures = {
        "gateway        2.2.2.1": "gateway        172.16.1.1",
        "address        172.16.4.3\n": "address        172.16.4.3\n address 172.16.5.4\n",
        "pre-shared-key       somekey1": "pre-shared-key       somekey1\n dpddelay 10",
        "pre-shared-key       somekey2": "pre-shared-key       somekey2\n dpddelay 10",
        "next-hop      router1": "next-hop      node1",
        "node-name   router1": "node-name   node1",
    }
    text = complete()
    for ill, cure in cures.items():
        assert ill in text
        text = text.replace(ill, cure)
    return text
