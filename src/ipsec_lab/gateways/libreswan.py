"""Libreswan as a gateway: the installed pluto, run privately on this machine of the lab."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from ipsec_lab.document import Network, Remote, Site
from ipsec_lab.errors import LabError
from ipsec_lab.gateways.base import MTU, Association, Daemon, in_silence
from ipsec_lab.gateways.proposals import Proposal, esp_proposals, ike_proposals, ike_version
from ipsec_lab.host import Host
from ipsec_lab.topology import TUNNEL, tunnel_routes
from ipsec_lab.waiting import wait_until

_FOLDER = "/run/gateway"
_CONF, _SECRETS, _NSS = f"{_FOLDER}/ipsec.conf", f"{_FOLDER}/ipsec.secrets", f"{_FOLDER}/nss"
_LOG = f"{_FOLDER}/pluto.log"
_SOCKET = f"{_FOLDER}/pluto.ctl"
_WHACK = ("ipsec", "whack", "--ctlsocket", _SOCKET)
_ADDCONN = "/usr/libexec/ipsec/addconn"
_PLUTO = (
    *("/usr/libexec/ipsec/pluto", "--config", _CONF, "--nofork", "--rundir", _FOLDER),
    *("--nssdir", _NSS, "--secretsfile", _SECRETS, "--ipsecdir", _FOLDER, "--logfile", _LOG),
)
_CONNECTION = "client"
_MARK = 5

_TEMPLATE = """\
config setup
    ikev1-policy=accept
    virtual-private=%v4:10.0.0.0/8,%v4:100.64.0.0/10,%v4:169.254.0.0/16,%v4:172.16.0.0/12,%v4:192.168.0.0/16

conn {connection}
    authby=secret
    left={host}
    leftid={remote_id}
    {behind}
    right=%any
    rightid={local_id}
    {router_side}
    ikev2={ikev2}
    ike={ike}
    phase2alg={esp}
    pfs={pfs}
    compress={compress}
    encapsulation={encapsulation}
    mark={mark}/0xffffffff
    leftupdown=/bin/true
    dpdaction=clear
    auto=add
"""

_WORDS = {"aes-256-gcm": "aes_gcm256", "sha2": "sha2_256", "sha512": "sha2_512"}
"""The profile's words that Libreswan spells otherwise, besides its `dh-N`, which is `dhN`."""


def configuration(remote: Remote) -> str:
    """ipsec.conf for the gateway of a remote."""
    profile = remote.profile
    each = _one_by_one if ike_version(profile) == 1 else tuple
    return _TEMPLATE.format(
        connection=_CONNECTION,
        host=remote.host,
        remote_id=_identity(remote.remote_id),
        local_id=_identity(remote.local_id),
        behind=_subnets("left", remote.subnets),
        router_side=_subnets("right", remote.local_subnets),
        ikev2="insist" if ike_version(profile) == 2 else "no",
        ike=_written(each(ike_proposals(profile)), before_group="-"),
        esp=_written(each(esp_proposals(profile)), before_group=";"),
        pfs="yes" if profile.get("perfect-forward-secrecy") else "no",
        compress="yes" if profile.get("compress") else "no",
        encapsulation=profile.get("encapsulation", "auto"),
        mark=_MARK,
    )


def secrets(remote: Remote) -> str:
    """ipsec.secrets for it. The key goes in as hexadecimal: nothing in it can be syntax."""
    ends = f"{_identity(remote.remote_id)} {_identity(remote.local_id)}"
    return f"{ends} : PSK 0x{remote.key.encode().hex()}\n"


def _one_by_one(proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    """In IKEv1 Libreswan knows no `a+b`."""
    return tuple(
        Proposal(proposal.cipher, (digest,) if digest else (), (group,) if group else ())
        for proposal in proposals
        for digest in proposal.digests or ("",)
        for group in proposal.groups or ("",)
    )


def _written(proposals: tuple[Proposal, ...], *, before_group: str) -> str:
    texts = []
    for proposal in proposals:
        text = word(proposal.cipher)
        if proposal.digests:
            text += "-" + "+".join(map(word, proposal.digests))
        if proposal.groups:
            text += before_group + "+".join(map(word, proposal.groups))
        texts.append(text)
    return ",".join(texts)


def word(word: str) -> str:
    """A word of a profile as Libreswan spells it."""
    return _WORDS.get(word, word.replace("dh-", "dh"))


def _identity(written: str) -> str:
    """A name is not to be looked up: Libreswan takes `@name` as it stands."""
    is_address = ":" in written or written.replace(".", "").isdigit()
    return written if is_address or "@" in written else f"@{written}"


def _subnets(side: str, subnets: tuple[Network, ...]) -> str:
    if len(subnets) == 1:
        return f"{side}subnet={subnets[0]}"
    return f"{side}subnets={','.join(map(str, subnets))}"


_IKE_SA = re.compile(
    r"#\d+: .*?(?:cipher=(?P<cipher>\w+) integ=(?P<integ>[\w/]+)(?: prf=(?P<prf>\w+))? group=(?P<group>\w+))"
)
_CHILD_SA = re.compile(
    r"(?P<how>established Child SA|rekeyed Child SA|IPsec SA established).*\{ESP(?:inUDP|inTCP)?"
    r"(?P<esn>/ESN)?=>\S+ <\S+ xfrm=(?P<xfrm>\S+)"
)
_CHARONS = {
    "DH19": "ECP_256",
    "DH20": "ECP_384",
    "DH21": "ECP_521",
    "DH31": "CURVE_25519",
    "AES_XCBC": "AES128_XCBC",
}
"""charon's names of what pluto names otherwise, besides its MODP_2048 and the place of a key's length."""


_INTEGRITY = {
    "HMAC_MD5": "HMAC_MD5_96",
    "HMAC_SHA1": "HMAC_SHA1_96",
    "HMAC_SHA2_256": "HMAC_SHA2_256_128",
    "HMAC_SHA2_384": "HMAC_SHA2_384_192",
    "HMAC_SHA2_512": "HMAC_SHA2_512_256",
}
"""With the length that protects messages, which pluto leaves out in IKEv1."""


def read_associations(log: str) -> list[Association]:
    """The newest IKE SA of pluto's log with its newest child, in charon's names."""
    ikes, children = list(_IKE_SA.finditer(log)), list(_CHILD_SA.finditer(log))
    if not ikes or not children:
        return []
    ike, child = ikes[-1], children[-1]
    version = 1 if child["how"].startswith("IPsec") else 2
    integ = "" if ike["integ"] == "n/a" else ike["integ"]
    prf = ike["prf"] or integ  # IKEv1 has one algorithm for both
    told = [
        charons(ike["cipher"]),
        _INTEGRITY.get(integ, integ),
        f"PRF_{_CHARONS.get(prf, prf)}",
        charons(ike["group"]),
    ]
    esp = [charons(part) for part in child["xfrm"].split("-") if part != "NONE"]
    return [
        Association(
            version=version,
            ike="/".join(filter(None, told)),
            esp="/".join((*esp, *(("ESN",) if child["esn"] else ()))),
        )
    ]


def charons(name: str) -> str:
    """charon's name of an algorithm that pluto tells."""
    if name.startswith("MODP"):
        return f"MODP_{name.removeprefix('MODP')}"
    cipher = re.fullmatch(r"((?:AES|CAMELLIA)_(?:CBC|GCM_16|CCM_16|CTR))_(\d+)", name)
    return f"{cipher[1]}-{cipher[2]}" if cipher else _CHARONS.get(name, name)


class Libreswan(Daemon):
    """The IKE daemon of one gateway."""

    software = "Libreswan"

    def __init__(self, host: Host, site: Site, remote: Remote) -> None:
        super().__init__(host, site, remote)
        self.version = host.must(["ipsec", "--version"]).split()[-1]

    def start(self) -> None:
        """Make the tunnel device, start pluto, and return when it has its connection."""
        wan = self._site.wan
        kind, router = "vti", str(wan.address.ip)
        if self._remote.host.version == 6 and wan.six:
            kind, router = "vti6", str(wan.six.ip)
        self._host.ip(
            # A VTI is told the router's address, which is the same for all that it translates.
            f"link add {TUNNEL} type {kind} local {self._remote.host} remote {router} key {_MARK}",
            f"link set {TUNNEL} up mtu {MTU}",
            *tunnel_routes(self._site, self._remote),
        )
        self._host.sysctl(
            [
                (f"ipv4/conf/{TUNNEL}/disable_policy", 1),
                (f"ipv4/conf/{TUNNEL}/rp_filter", 0),
            ]
        )
        self._host.write(_CONF, configuration(self._remote))
        self._host.write(_SECRETS, secrets(self._remote))
        self._host.do(lambda: Path(_NSS).mkdir())
        self._host.must(["certutil", "-N", "-d", f"sql:{_NSS}", "--empty-password"])
        self._begin()

    def _begin(self) -> None:
        self._process = self._host.start(
            _PLUTO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if not wait_until(self._has_connection, deadline=15.0):
            raise LabError(f"pluto does not start on {self._host.name}", cure=self.log()[-2000:])

    def _has_connection(self) -> bool:
        status = self._host.run([*_WHACK, "--status"])
        return status.returncode == 0 and f'"{_CONNECTION}' in status.stdout

    def load(self, remote: Remote) -> None:
        """Be the gateway of this remote from now on, with an empty log; SAs that are there end."""
        self._remote = remote
        self._host.write(_CONF, configuration(remote))
        self._host.run([*_WHACK, "--delete", "--name", _CONNECTION])
        self._host.do(lambda: os.truncate(_LOG, 0))
        self._host.must([_ADDCONN, "--ctlsocket", _SOCKET, "--config", _CONF, _CONNECTION])

    def associations(self) -> list[Association]:
        """The newest IKE SA of those that it made since its log was emptied."""
        return read_associations(self.log())

    def rekey_child(self) -> None:
        """Replace the child SA by one that is exchanged for itself."""
        self._host.must([*_WHACK, "--rekey-ipsec", "--name", _CONNECTION, "--asynchronous"])

    def drop(self) -> None:
        """Delete the SAs: pluto tells the client, and as responder does not come back."""
        self._host.must([*_WHACK, "--terminate", "--name", _CONNECTION])

    def drop_child(self) -> None:
        """Delete the child SA alone."""
        traffic = self._host.must([*_WHACK, "--trafficstatus"])
        for serial in re.findall(r"#(\d+):", traffic):
            self._host.must([*_WHACK, "--deletestate", serial])

    def forget(self) -> None:
        """End the SAs; nobody hears of it."""
        with in_silence(self._host):
            self.drop()

    def log(self) -> str:
        """What pluto has written."""
        return self._host.do(lambda: Path(_LOG).read_text(errors="replace"))
