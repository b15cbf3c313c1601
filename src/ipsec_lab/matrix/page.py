"""docs/interop.md from the rows: what was tried, by whom, and each hole with its reason.

docs/interop.json keeps of each row what the page tells of it, so that the page can be made, and held to it, anywhere.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

from ipsec_lab.gateways.strongswan import StrongSwan
from ipsec_lab.matrix import rows
from ipsec_lab.matrix.combinations import ESP, IKE
from ipsec_lab.matrix.rows import Extent, Row
from ipsec_lab.matrix.words import CIPHERS, DIGESTS, GROUPS

RESULTS, PAGE = Path("docs/interop.json"), Path("docs/interop.md")

_OK = "ok"
_TITLES = {
    IKE: "The IKE SA",
    ESP: "The child SA",
}
_NO_GROUP = "–"
_FIRST = StrongSwan.software

_HEAD = """\
# Interop: which algorithms work with which peer

What `ipsec algparse`, `swanctl --list-algs`, the kernel and the documented profile all have is tried, each
combination once: every one for the IKE SA with one for the child SA, every one for the child SA with one for the IKE
SA, in each version of IKE that allows it; by one tunnel where two differ in nothing else, otherwise beside AES-128
with SHA-256. What was not good so is tried again by itself. A combination is good only if

* the router, configured by its configuration text alone, brings the SA up with a gateway that offers exactly this;
* the gateway names the algorithms that were asked, for both SAs, and so does the router's kernel, with the length of
  keys; only the group of a child SA in IKEv1 a Libreswan as gateway does not name, and there the router's log counts;
* echo requests of 64, 512 and 1232 bytes pass, and their answers, to each network behind the gateway.

In IKEv2 a group for the child SA shows only in a second one (RFC 7296, 1.2): the gateway rekeys the first, and
traffic is sent again after that. The IKE SA has the same group then, for Libreswan 4.10 replaces a first child with
the IKE SA's group, whatever `phase2-modp` says; `ipsec-client check` warns where the two differ.

IPv4 and IPv6 outside and inside, no `subnet`, one, and a list of two, extended sequence numbers (`custom-option
esn`, IKEv2) are spread over the combinations: each of these values meets every algorithm, and each other. Lists are
in IPv4 alone, inside and outside: Libreswan 4.10 drops others in silence, and `ipsec-client check` refuses them.

"""

_REPEAT = """\
## How to repeat it

```
ipsec-lab matrix --resume --seconds 300    # again until none is left
ipsec-lab matrix --gateway libreswan       # what strongSwan could not, with a Libreswan as gateway
ipsec-lab matrix --libreswan 5 --resume    # with Debian 13's Libreswan on the router
ipsec-lab matrix --page                    # writes this page
```

Every row, with the algorithms as both ends named them, is in `build/matrix` (`build/matrix-5`). `--quick` tries
few that have each algorithm; the suite does so in `tests/lab/test_matrix.py`.
"""


def summary(tried: Sequence[Row], extent: Extent) -> dict[str, Any]:
    """What the page tells, as data."""
    return {
        "untried": len({*extent.combinations} - {row.name for row in tried}),
        "date": max(row.date for row in tried),
        "ends": sorted({f"router {row.router}, gateway {row.gateway}" for row in tried}),
        "kernel": sorted({row.kernel for row in tried}),
        "seconds": round(sum(row.seconds for row in tried)),
        "holes": [asdict(hole) for hole in extent.holes],
        "others": [],
        "rows": [
            [
                row.kind,
                row.version,
                row.cipher,
                row.digest,
                row.group,
                f"{row.outside}/{row.inside} {row.form}{' esn' if row.esn else ''}",
                row.maker,
                row.reason or _OK,
            ]
            for row in sorted(tried, key=lambda row: (row.kind, -row.version, _order(row)))
        ],
    }


def other(tried: Sequence[Row], extent: Extent, first: Extent) -> dict[str, Any]:
    """What the page tells of another Libreswan on the router: what of it is not as with the first one."""
    good = {row.name for row in tried if not row.reason}
    differs = [(row.name, f"{row.maker}: {row.reason}") for row in tried if row.name not in good]
    names, known = {*extent.combinations}, {*first.combinations}
    differs += [(name, "only here") for name in extent.combinations if name not in known]
    differs += [(name, "not here") for name in first.combinations if name not in names]
    holes = {hole.what for hole in first.holes}  # a reason may name the version
    differs += [(hole.what, hole.reason) for hole in extent.holes if hole.what not in holes]
    return {
        "date": max(row.date for row in tried),
        "router": ", ".join(sorted({row.router for row in tried})),
        "gateways": sorted({row.gateway for row in tried}),
        "seconds": round(sum(row.seconds for row in tried)),
        "combinations": len(names),
        "good": len(good),
        "differs": sorted(differs),
    }


def _order(row: Row) -> tuple[int, int, int]:
    """As the tables have them."""
    places = (
        list(table).index(word) if word else -1
        for table, word in (
            (CIPHERS, row.cipher),
            (DIGESTS, row.digest),
            (GROUPS, row.group),
        )
    )
    one, two, three = places
    return one, two, three


def text(results: Mapping[str, Any]) -> str:
    """The page."""
    found = results["rows"]
    good = {(*row[:5], row[6]) for row in found if row[7] == _OK}
    tried = {tuple(row[:5]) for row in found}
    parts = [_HEAD, _what(results, len(tried), len({key[:5] for key in good}))]
    for kind in (IKE, ESP):
        parts += [f"## {_TITLES[kind]}\n\n", _explained(kind), *_table(kind, tried, good), "\n"]
    parts += ["## Holes\n\n", *_holes(results, good), "\n"]
    parts += ["## Addresses and subnets\n\n", *_settings(found), "\n"]
    parts += [_told_of(one) for one in results["others"]]
    return "".join((*parts, _REPEAT))


def _told_of(one: Mapping[str, Any]) -> str:
    """The section on another Libreswan."""
    table = "".join(f"| {what} | {why} |\n" for what, why in one["differs"])
    differs = (
        f"\n| what differs | why |\n|---|---|\n{table}"
        if table
        else "Combinations and holes are the same.\n"
    )
    return (
        f"## With {one['router']} on the router\n\n"
        f"{one['date']}: {one['combinations']} combinations, {one['good']} of them good, "
        f"in {one['seconds'] // 60} minutes, with {' and '.join(one['gateways'])}.\n{differs}\n"
    )


def _what(results: Mapping[str, Any], tried: int, good: int) -> str:
    ends = "; ".join(results["ends"])
    left = f" {results['untried']} are not tried yet." if results["untried"] else ""
    return (
        f"{results['date']}: {tried} combinations, {good} of them good, "
        f"in {results['seconds'] // 60} minutes.\n{ends}; kernel {', '.join(results['kernel'])}.{left}\n\n"
    )


def _explained(kind: str) -> str:
    if kind == IKE:
        return (
            "`2` and `1` are the versions of IKE in which it works, `1L` that it does with a Libreswan as\n"
            "gateway and not with strongSwan, `✖2` or `✖1` that it works with neither. With an AEAD cipher the\n"
            "digest is the PRF.\n\n"
        )
    return f"The same for packets; `{_NO_GROUP}` is without perfect forward secrecy.\n\n"


Key = tuple[Any, ...]


def _table(kind: str, tried: set[Key], good: set[Key]) -> Iterator[str]:
    mine = [key for key in tried if key[0] == kind]
    groups = [group for group in ("", *GROUPS) if any(key[4] == group for key in mine)]
    yield "| | " + " | ".join(group or _NO_GROUP for group in groups) + " |\n"
    yield "|---" * (len(groups) + 1) + "|\n"
    for cipher, digest in product(CIPHERS, ("", *DIGESTS)):
        if not any(key[2:4] == (cipher, digest) for key in mine):
            continue
        cells = (
            "".join(
                _mark((kind, version, cipher, digest, group), tried, good) for version in (2, 1)
            )
            for group in groups
        )
        yield f"| {'-'.join(filter(None, (cipher, digest)))} | {' | '.join(cells)} |\n"


def _mark(key: Key, tried: set[Key], good: set[Key]) -> str:
    if key not in tried:
        return ""
    if (*key, _FIRST) in good:
        return str(key[1])
    return f"{key[1]}L" if any(one[:5] == key for one in good) else f"✖{key[1]}"


def _holes(results: Mapping[str, Any], good: set[Key]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for hole in results["holes"]:
        by_reason.setdefault(hole["reason"], []).append(hole["what"])
    for row in results["rows"]:
        if row[7] != _OK and not any(key[:5] == tuple(row[:5]) for key in good):
            what = "-".join(filter(None, row[2:5]))
            by_reason.setdefault(f"{row[6]}: {row[7]}", []).append(f"IKEv{row[1]} {row[0]} {what}")
    yield "| what | why |\n|---|---|\n"
    for reason, several in by_reason.items():
        yield f"| {', '.join(several)} | {reason} |\n"


def _settings(found: Iterable[Sequence[Any]]) -> Iterator[str]:
    """How many combinations were good with each setting."""
    yield "| outside/inside, subnets | IKEv2 | IKEv1 |\n|---|---|---|\n"
    numbers = Counter((row[5], row[1]) for row in found if row[7] == _OK)
    for setting in sorted({setting for setting, _ in numbers}):
        yield f"| IPv{setting} | {numbers[setting, 2]} | {numbers[setting, 1]} |\n"


def write() -> None:
    """Writes results and page from the rows there are; of other Libreswans than the first, where there are any."""
    measured = [
        (rows.read(folder / rows.ROWS), rows.read_extent(folder))
        for folder in rows.FOLDERS.values()
        if folder.joinpath(rows.ROWS).exists()
    ]
    (tried, extent), *others = measured
    results = summary(tried, extent)
    results["others"] = [other(*one, extent) for one in others]
    RESULTS.write_text(_compact(results))
    PAGE.write_text(text(results))


def _compact(results: Mapping[str, Any]) -> str:
    """JSON with a line for each row."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in results["rows"])
    head = json.dumps({**results, "rows": []}, indent=1, ensure_ascii=False)
    return head.replace('"rows": []', f'"rows": [\n{lines}\n]') + "\n"
