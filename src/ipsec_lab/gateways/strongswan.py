"""strongSwan as a gateway: Debian's charon and swanctl, unpacked privately, seen by this machine alone."""

from __future__ import annotations

import os
import re
import subprocess
from itertools import zip_longest
from pathlib import Path

from ipsec_lab import syscalls
from ipsec_lab.document import Remote, Site
from ipsec_lab.errors import LabError
from ipsec_lab.gateways.base import (
    IF_ID,
    MTU,
    Association,
    Daemon,
    in_silence,
)
from ipsec_lab.gateways.proposals import (
    Profile,
    Proposal,
    esp_proposals,
    ike_proposals,
    ike_version,
)
from ipsec_lab.host import Host
from ipsec_lab.topology import TUNNEL, UPLINK, tunnel_routes
from ipsec_lab.waiting import wait_until

_CHARON = "/usr/lib/ipsec/charon"
_DAEMON_CONF, _CONNECTIONS = "/run/strongswan.conf", "/run/swanctl.conf"
_SURROUNDINGS = {"STRONGSWAN_CONF": _DAEMON_CONF, "PATH": "/usr/sbin:/usr/bin"}
_SOCKET = "/run/charon.vici"
_PID = "/run/charon.pid"
_LOG = "/run/charon.log"
_CONNECTION, _FIRST = "client", "net1"

_WORDS = {
    "aes_gcm128": "aes128gcm16",
    "aes_gcm192": "aes192gcm16",
    "aes_gcm256": "aes256gcm16",
    "aes-256-gcm": "aes256gcm16",
    "aes_ccm128": "aes128ccm16",
    "aes_ccm256": "aes256ccm16",
    "chacha20_poly1305": "chacha20poly1305",
    "sha2": "sha256",
    "sha2_256": "sha256",
    "sha2_384": "sha384",
    "sha2_512": "sha512",
    "aes_xcbc": "aesxcbc",
    "aes_cmac": "aescmac",
    "dh-19": "ecp256",
    "dh-20": "ecp384",
    "dh-21": "ecp521",
    "dh-22": "modp1024s160",
    "dh-23": "modp2048s224",
    "dh-24": "modp2048s256",
    "dh-31": "curve25519",
}
"""The profile's words that strongSwan spells otherwise."""

_DAEMON = f"""\
charon {{
    load = random nonce aes des sha1 sha2 md5 hmac xcbc cmac gcm ccm chapoly curve25519 openssl kdf drbg pem x509 \
pubkey constraints kernel-netlink socket-default vici null
    install_routes = no
    install_virtual_ip = no
    filelog {{
        lab {{
            path = {_LOG}
            flush_line = yes
        }}
    }}
}}
"""

_TEMPLATE = """\
connections {{
    {connection} {{
        version = {version}
        local_addrs = {host}
        remote_addrs = %any
        proposals = {ike}
        unique = replace
        local {{
            auth = psk
            id = {remote_id}
        }}
        remote {{
            auth = psk
            id = {local_id}
        }}
        children {{
{children}        }}
    }}
}}
secrets {{
    ike-client {{
        id-1 = {local_id}
        id-2 = {remote_id}
        secret = 0x{key}
    }}
}}
"""


_CHILD = """\
            {name} {{
                local_ts = {behind}
                remote_ts = {router_side}
                esp_proposals = {esp}
                ipcomp = {compress}
                if_id_in = {if_id}
                if_id_out = {if_id}
                start_action = none
                close_action = none
                dpd_action = clear
            }}
"""


def _children(remote: Remote) -> str:
    """One child for all networks; in IKEv1 one for each pair, since a quick mode has room for no more."""
    ends = [(",".join(map(str, remote.subnets)), ",".join(map(str, remote.local_subnets)))]
    if ike_version(remote.profile) == 1:
        ends = [(str(far), str(near)) for far in remote.subnets for near in remote.local_subnets]
    return "".join(
        _CHILD.format(
            name=f"net{number}",
            behind=behind,
            router_side=router_side,
            esp=_written(esp_proposals(remote.profile), ike=False, more=_esn(remote.profile)),
            compress="yes" if remote.profile.get("compress") else "no",
            if_id=IF_ID,
        )
        for number, (behind, router_side) in enumerate(ends, 1)
    )


def configuration(remote: Remote) -> str:
    """swanctl.conf for the gateway of a remote. The key goes in as hexadecimal: nothing in it can be syntax."""
    return _TEMPLATE.format(
        connection=_CONNECTION,
        version=ike_version(remote.profile),
        host=",".join(map(str, remote.hosts)),
        ike=_written(ike_proposals(remote.profile), ike=True),
        children=_children(remote),
        remote_id=_identity(remote.remote_id),
        local_id=_identity(remote.local_id),
        key=remote.key.encode().hex(),
    )


def _esn(profile: Profile) -> tuple[str, ...]:
    """With extended sequence numbers alone if that is what the remote's connection insists on."""
    options = {option["name"]: option["value"] for option in profile.get("custom-option", ())}
    return ("esn",) if options.get("esn") == "yes" else ()


def _written(proposals: tuple[Proposal, ...], *, ike: bool, more: tuple[str, ...] = ()) -> str:
    return ", ".join(
        "-".join(
            (
                _word(proposal.cipher),
                *(
                    f"prf{_word(digest)}" if ike and proposal.aead else _word(digest)
                    for digest in proposal.digests
                ),
                *map(_word, proposal.groups),
                *more,
            )
        )
        for proposal in proposals
    )


def _word(word: str) -> str:
    return _WORDS.get(word, word)


def _identity(written: str) -> str:
    """Libreswan's `@name` is strongSwan's `fqdn:name`; addresses and `user@domain` are the same in both."""
    return f'"fqdn:{written[1:]}"' if written.startswith("@") else f'"{written}"'


_IKE = re.compile(r"^client: #(\d+), \w+, IKEv(\d)", re.MULTILINE)
_IKE_ALGORITHMS = re.compile(r"^  ([A-Z0-9_]+(?:-\d+)?/\S+)$", re.MULTILINE)
_CHILD_SA = re.compile(r"^  \w+: #(\d+), .*INSTALLED, .*ESP:(\S+)$", re.MULTILINE)


def read_associations(shown: str) -> list[Association]:
    """The IKE SAs in what ``swanctl --list-sas`` shows, oldest first."""
    found = {}
    heads = list(_IKE.finditer(shown))
    for head, following in zip_longest(heads, heads[1:]):
        block = shown[head.end() : following.start() if following else len(shown)]
        algorithms = _IKE_ALGORITHMS.search(block)
        children = {int(child[1]): child for child in _CHILD_SA.finditer(block)}
        newest = children[max(children)] if children else None
        found[int(head[1])] = Association(
            version=int(head[2]),
            ike=algorithms[1] if algorithms else "",
            esp=newest[2] if newest else "",
        )
    return [found[number] for number in sorted(found)]


def machine(name: str, root: Path) -> Host:
    """A machine that has strongSwan, unpacked below ``root``, laid over its /usr."""
    layers = f"lowerdir={root}/usr:/usr"
    return Host.new(name, lambda: syscalls.mount("overlay", "/usr", options=layers))


class StrongSwan(Daemon):
    """The IKE daemon of one gateway."""

    software = "strongSwan"

    def __init__(self, host: Host, site: Site, remote: Remote) -> None:
        super().__init__(host, site, remote)
        host.write(_DAEMON_CONF, _DAEMON)
        self.version = host.must([_CHARON, "--version"], env=_SURROUNDINGS).split()[-1]

    def start(self) -> None:
        """Make the tunnel device, start charon, and return when it has its connection."""
        self._host.ip(
            f"link add {TUNNEL} type xfrm dev {UPLINK} if_id {IF_ID}",
            f"link set {TUNNEL} up mtu {MTU}",
            *tunnel_routes(self._site, self._remote),
        )
        self._host.write(_CONNECTIONS, configuration(self._remote))
        self._begin()

    def _begin(self) -> None:
        self._host.do(lambda: _remove(_SOCKET, _PID))
        self._process = self._host.start(
            [_CHARON],
            env=_SURROUNDINGS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if not wait_until(self._answers, deadline=15.0):
            raise LabError(f"charon does not start on {self._host.name}", cure=self.log()[-2000:])
        self._swanctl("--load-all", "--file", _CONNECTIONS)

    def _answers(self) -> bool:
        return self._host.do(Path(_SOCKET).exists)

    def load(self, remote: Remote) -> None:
        """Be the gateway of this remote from now on, with an empty log; SAs that are there stay."""
        self._remote = remote
        self._host.write(_CONNECTIONS, configuration(remote))
        self._host.do(lambda: os.truncate(_LOG, 0))
        self._swanctl("--load-all", "--file", _CONNECTIONS)

    def algorithms(self) -> frozenset[str]:
        """The names of all that charon has."""
        return frozenset(re.findall(r"^  (\S+)\[", self._swanctl("--list-algs"), re.MULTILINE))

    def associations(self) -> list[Association]:
        """The IKE SAs that it has, oldest first."""
        return read_associations(self._swanctl("--list-sas"))

    def rekey_child(self) -> None:
        """Replace the child SA by one that is exchanged for itself."""
        self._swanctl("--rekey", "--child", _FIRST)

    def drop(self) -> None:
        """Delete the IKE SA with its child: charon tells the client and does not come back."""
        self._end("ike", rf"^{_CONNECTION}: #(\d+)")

    def drop_child(self) -> None:
        """Delete the child SA alone."""
        self._end("child", rf"^  {_FIRST}: #(\d+)")

    def _end(self, kind: str, pattern: str) -> None:
        """The newest first: of older ones a client that found us silent may know no more, and will not answer."""
        found = re.findall(pattern, self._swanctl("--list-sas"), re.MULTILINE)
        if not found:
            raise LabError(f"charon has no {kind} SA on {self._host.name}")
        newest, *older = sorted(found, key=int, reverse=True)
        self._swanctl("--terminate", f"--{kind}-id", newest, "--timeout", "5")
        for serial in older:
            argv = ["swanctl", "--terminate", f"--{kind}-id", serial, "--timeout", "1"]
            self._host.run(argv, env=_SURROUNDINGS)

    def forget(self) -> None:
        """End the SAs; nobody hears of it."""
        terminate = ["swanctl", "--terminate", "--ike", _CONNECTION, "--force", "--timeout", "1"]
        with in_silence(self._host):
            self._host.run(terminate, env=_SURROUNDINGS)  # fails, as nobody answers
            if not wait_until(lambda: not self._swanctl("--list-sas").strip(), deadline=10.0):
                raise LabError(f"charon keeps its SAs on {self._host.name}")

    def _swanctl(self, *words: str) -> str:
        return self._host.must(["swanctl", *words], env=_SURROUNDINGS)

    def log(self) -> str:
        """What charon has written."""
        return self._host.do(lambda: _read(_LOG))


def _remove(*paths: str) -> None:
    for path in paths:
        Path(path).unlink(missing_ok=True)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
