"""Asks the programs themselves what they have: the product's schema, `ipsec algparse`, the gateway, the kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from ipsec_lab.errors import LabError
from ipsec_lab.gateways.libreswan import word
from ipsec_lab.host import Host
from ipsec_lab.matrix.combinations import ESP, IKE, VERSIONS, Combination, Hole
from ipsec_lab.matrix.words import CIPHERS, DIGESTS, GROUPS, unknown
from ipsec_lab.router import CLIENT

_FIELDS = {
    "ike-encryption": "ike-encryption",
    "ike-digest": "ike-digest",
    "esp-encryption": "phase2-encryption",
    "esp-digest": "phase2-digest",
    "group": "ike-modp",
}
_AT_ONCE = 400
"""Proposals that one `ipsec algparse` is given."""
_ROW = re.compile(
    r"^(?:ipsec )?algparse: +(?P<name>[A-Z0-9_]+) +(?:[\[{](?P<keys>[\d,*]*)[\]}])? +"
    r"IKEv1:(?P<one>[A-Z ]*?)IKEv2:(?P<two>(?: (?:IKE|   )| (?:ESP|   )| (?:AH|  ))*)"
)
_LIBRESWANS = {
    "MODP": "MODP_",
    "DH19": "ECP_256",
    "DH20": "ECP_384",
    "DH21": "ECP_521",
    "DH31": "CURVE_25519",
}
_PRFS = {"AES_XCBC": "AES128_XCBC"}
_NOT_ALGORITHMS = {"NONE", "IDENTITY"}


def model(host: Host) -> dict[str, list[str]]:
    """The words of the product's profiles, by field; raises LabError for one that the lab has no names for."""
    schema = json.loads(host.must([CLIENT, "schema", "--json"]))
    found = {name: _words(schema, field) for name, field in _FIELDS.items()}
    if strange := unknown(word for words in found.values() for word in words):
        raise LabError(
            f"profiles have words the matrix does not know: {', '.join(strange)}",
            cure="Give their names in src/ipsec_lab/matrix/words.py",
        )
    return found


def _words(tree: Any, field: str) -> list[str]:
    """The words of the first enumeration below the first key of that name."""
    if isinstance(tree, Mapping):
        if field in tree and (found := _enumeration(tree[field])):
            return found
        tree = list(tree.values())
    if isinstance(tree, list):
        return next((found for part in tree if (found := _words(part, field))), [])
    return []


def _enumeration(tree: Any) -> list[str]:
    if isinstance(tree, Mapping):
        if "enum" in tree:
            return list(tree["enum"])
        tree = list(tree.values())
    if isinstance(tree, list):
        return next((found for part in tree if (found := _enumeration(part))), [])
    return []


class Libreswan:
    """What `ipsec algparse` says."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def refusals(self, combinations: Sequence[Combination]) -> list[str]:
        """Why it refuses each combination, in its own words; empty where it does not."""
        found: dict[Combination, str] = {}
        for version, kind in product(VERSIONS, (IKE, ESP)):
            mine = [one for one in combinations if (one.version, one.kind) == (version, kind)]
            for begin in range(0, len(mine), _AT_ONCE):
                part = mine[begin : begin + _AT_ONCE]
                texts = [f"{kind}={_proposal(one)}" for one in part]
                shown = self._host.run(["ipsec", "algparse", f"-v{version}", "-pfs", *texts]).stdout
                found |= dict(zip(part, _answers(shown, len(part)), strict=True))
        return [found[one] for one in combinations]

    def table(self) -> dict[str, list[int]]:
        """All algorithms it has for IKE or ESP, by charon's names, with the bits of their keys."""
        # the table comes with any proposal
        shown = self._host.run(["ipsec", "algparse", "-v", "esp=null-sha1"])
        rows = (shown.stdout + shown.stderr).partition("IPCOMP")[0].splitlines()
        return {_as_charon(row["name"]): _bits(row["keys"]) for row in map(_ROW.match, rows) if row}


def as_gateway(table: Iterable[str]) -> frozenset[str]:
    """The same algorithms as a gateway's: what makes keys is named as charon does."""
    prfs = {f"PRF_{_PRFS.get(name, name)}" for name in table}
    return frozenset({*table, *prfs})


def _proposal(one: Combination) -> str:
    algorithms = "-".join(map(word, filter(None, (one.cipher, one.digest))))
    return algorithms + (f"{';' if one.kind == ESP else '-'}{word(one.group)}" if one.group else "")


def _answers(shown: str, number: int) -> list[str]:
    blocks = shown.split("algparse -v")[1:]
    if len(blocks) != number:
        raise LabError(f"`ipsec algparse` answered {len(blocks)} of {number} proposals")
    errors = (re.search(r"ERROR: (.*)", block) for block in blocks)
    return [f"Libreswan: {error[1]}" if error else "" for error in errors]


def _as_charon(name: str) -> str:
    if name.startswith("MODP"):
        return f"MODP_{name.removeprefix('MODP')}"
    return _LIBRESWANS.get(name, name)


def _bits(keys: str | None) -> list[int]:
    return sorted(int(key.strip("*")) for key in (keys or "").split(",") if key.strip("*"))


def kernel(host: Host) -> frozenset[str]:
    """The words of ciphers and digests that this kernel makes an SA with."""
    ciphers = (w for w in CIPHERS if _makes_sa(host, w, "" if CIPHERS[w].aead else "sha1"))
    return frozenset((*ciphers, *(w for w in DIGESTS if _makes_sa(host, "aes128", w))))


def _makes_sa(host: Host, cipher: str, digest: str) -> bool:
    one = CIPHERS[cipher]
    key = "0x" + "0123456789abcdef" * (one.key // 64) + "01" * (one.key % 64 // 8)
    algorithms = ["enc", one.kernel, key if one.key else ""]
    if one.aead:
        algorithms = ["aead", one.kernel, key, "128"]
    elif digest:
        other = DIGESTS[digest]
        own = "0x" + "01" * (other.key // 8)
        algorithms += ["auth-trunc", other.kernel, own, str(other.icv)]
    place = ["src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "0x999"]
    made = host.run(["ip", "xfrm", "state", "add", *place, "mode", "tunnel", *algorithms])
    host.run(["ip", "xfrm", "state", "delete", *place])
    return made.returncode == 0


AH = "AH (`authentication-protocol ah`)"


def refused(host: Host, series: str, ciphers: Iterable[str]) -> dict[str, str]:
    """Why the product takes some ciphers for no child SA with this series of Libreswan, and not AH; its own words."""
    fields = {AH: "authentication-protocol ah"}
    fields |= {word: f"phase2-encryption {word}" for word in ciphers}
    profiles = "".join(
        f"ipsec-profile p{number}\npre-shared-key key-of-p{number}\n{field}\nexit\n"
        for number, field in enumerate(fields.values())
    )
    text = f"config\nauthority\nrouter router1\n{profiles}exit\nexit\nexit\n"
    shown = host.run([CLIENT, "check", "--libreswan", series, "-"], text=text)
    errors = re.findall(r"error: .* ipsec-profile p(\d+) \S+: (.*)", shown.stdout + shown.stderr)
    found = {list(fields)[int(number)]: f"ipsec-client: {said}" for number, said in errors}
    if AH not in found:
        raise LabError("`ipsec-client check` takes AH, which is in no combination of the matrix")
    return found


def beyond_the_model(libreswan: Mapping[str, Sequence[int]], gateway: Iterable[str]) -> list[Hole]:
    """What both ends have and no profile can say."""
    said: dict[str, list[int]] = {}
    for cipher in CIPHERS.values():
        name, _, bits = cipher.told.partition("-")
        said.setdefault(name, []).append(int(bits or 0))
    names = {*said, *(digest.told for digest in DIGESTS.values()), *GROUPS.values()}
    names |= {digest.prf.removeprefix("PRF_") for digest in DIGESTS.values()}
    both = sorted(set(libreswan) & set(gateway) - _NOT_ALGORITHMS)
    holes = [Hole(name, _WORDLESS) for name in both if name not in names]
    for name, known in said.items():
        missing = set(libreswan.get(name, ())) - set(known) if name in both and known[0] else set()
        holes += [Hole(f"{name} with keys of {bits} bits", _WORDLESS) for bits in sorted(missing)]
    return holes


_WORDLESS = "both ends have it, the documented profile has no word for it"
