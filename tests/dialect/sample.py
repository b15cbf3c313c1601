"""Node documents to render: the page's example, and one-remote clients around a profile."""

from __future__ import annotations

from itertools import chain

from ipsec_client.base.secret import Secret
from ipsec_client.model import values as v
from ipsec_client.model.definition import definition
from ipsec_client.model.elements import (
    DIGESTS,
    ENCRYPTIONS,
    GROUPS,
    Authority,
    CustomOption,
    IpsecClient,
    IpsecProfile,
    Node,
    Remote,
    Router,
)
from ipsec_client.wire.document import Document

KEY = "somekey1"


ALGORITHMS = [leaf.attribute for leaf in definition(IpsecProfile).leaves if leaf.many]


def profile(**fields: object) -> IpsecProfile:
    """A profile with a key and these fields; an algorithm may stand for a list of one."""
    several = {
        name: (value,) if name in ALGORITHMS and isinstance(value, str) else value
        for name, value in fields.items()
    }
    return IpsecProfile(name="primary", pre_shared_key=Secret(KEY), **several)  # type: ignore[arg-type]


def remote(**fields: object) -> Remote:
    """rem1 of the page with these fields."""
    given = {"name": "rem1", "host": "172.16.4.3", "profile": "primary"} | fields
    return Remote(**given)  # type: ignore[arg-type]


def document(*remotes: Remote, profiles: tuple[IpsecProfile, ...] = ()) -> Document:
    """A node with one client of these remotes; by default rem1 with a profile that has only a key."""
    client = IpsecClient(name="client1", tenant="ipsec", remote=remotes or (remote(),))
    node = Node(name="node1", ipsec_client=(client,))
    router = Router(name="router1", ipsec_profile=profiles or (profile(),), node=(node,))
    return Document("1", Authority(router=(router,)))


def prefixes(*texts: str) -> tuple[v.Prefix, ...]:
    """Networks as a remote has them."""
    return tuple(map(v.Prefix, texts))


def page_example() -> Document:
    """The two remotes of the page's complete example."""
    second = IpsecProfile(name="secondary", pre_shared_key=Secret("somekey2"))
    return document(
        remote(),
        remote(name="rem2", host="172.16.5.4", profile="secondary"),
        profiles=(profile(), second),
    )


def page_profile(**fields: object) -> IpsecProfile:
    """The page's profile with everything written, as far as 4.10 can do it."""
    everything: dict[str, object] = {
        "ike_encryption": "aes128",
        "ike_digest": "sha1",
        "ike_modp": "modp2048",
        "ike_v2": "insist",
        "authentication_protocol": "esp",
        "phase2_encryption": "null",
        "phase2_digest": "md5",
        "phase2_modp": "modp1024",
        "ike_lifetime": v.Duration(1, "h"),
        "connection_lifetime": v.Duration(8, "h"),
        "ike_retransmit_interval": v.Duration(500, ""),
        "compress": False,
        "perfect_forward_secrecy": False,
        "dpddelay": v.Duration(10, ""),
        "dpdtimeout": v.Duration(30, ""),
        "dpdaction": "restart",
        "local_id": "branch1.example.net",
        "metric": 5,
        "mtu": 1400,
        "encapsulation": "yes",
        "remote_peer_type": "cisco",
    }
    return profile(**(everything | fields))


def configurations() -> dict[str, Document]:
    """Configurations of many kinds, none of which 4.10 refuses, by a name for each."""
    return {
        "page": page_example(),
        "everything": document(profiles=(page_profile(),)),
        "ikev1": document(profiles=(page_profile(ike_v2="no", phase2_encryption="3des"),)),
        "ikev1-unset": document(profiles=(profile(ike_v2="permit", dpddelay=v.Duration(5, "s")),)),
        "pfs": document(profiles=(profile(perfect_forward_secrecy=True, phase2_modp="dh-20"),)),
        "half-written": document(profiles=(profile(ike_digest="sha1", phase2_digest="sha2_256"),)),
        "aead": document(
            profiles=(profile(phase2_encryption="aes_gcm256", phase2_digest="sha2_512"),)
        ),
        "several": document(
            profiles=(
                profile(
                    ike_encryption=("aes-256-gcm", "aes256", "aes128"),
                    ike_digest=("sha512", "sha2"),
                    ike_modp=("dh-20", "modp2048"),
                    phase2_encryption=("aes_gcm128", "aes256"),
                    phase2_digest=("sha2_512", "sha2_256"),
                    phase2_modp=("dh-20", "modp2048"),
                    perfect_forward_secrecy=True,
                ),
            )
        ),
        "ah": document(profiles=(profile(authentication_protocol="ah", phase2_digest="sha2_512"),)),
        "lists": document(
            remote(
                subnet=prefixes("10.0.0.0/8", "192.168.7.1"),
                local_subnet=prefixes("172.16.1.0/24", "172.16.2.9/24"),
                remote_id="@vpn",
            )
        ),
        "ipv6-outside": document(remote(host="2001:db8::3")),
        "ipv6-mixed": document(
            remote(), remote(name="rem2", host="2001:db8::4", subnet=prefixes("::/0"))
        ),
        "ipv6-inside": document(remote(subnet=prefixes("fd00::/8"))),
        "identities": document(
            remote(remote_id="user@example.net"), profiles=(profile(local_id="router-1"),)
        ),
        "custom": document(
            profiles=(
                profile(
                    custom_option=tuple(
                        CustomOption(name=name, value=value)
                        for name, value in (
                            ("Fragmentation", "force"),
                            ("retransmit-timeout", "20s"),
                            ("rekeyfuzz", "50%"),
                            ("replay-window", "64"),
                        )
                    )
                ),
            )
        ),
    }


def single_choices() -> list[IpsecProfile]:
    """Profiles with each algorithm of the model in each place, under both versions of IKE, refused or not."""
    places = chain(
        (("ike_encryption", name) for name in ENCRYPTIONS),
        (("ike_digest", name) for name in DIGESTS),
        (("ike_modp", name) for name in GROUPS),
        (("phase2_encryption", name) for name in ("null", *ENCRYPTIONS)),
        (("phase2_digest", name) for name in DIGESTS),
        (("phase2_modp", name) for name in GROUPS),
    )
    return [
        profile(**{place: name}, ike_v2=version, perfect_forward_secrecy=place == "phase2_modp")
        for place, name in places
        for version in ("insist", "no")
    ]
