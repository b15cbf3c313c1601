"""A DNS query as bytes, and what its answer says. Pure; RFC 1035, section 4.1. Records are counted, none is read."""

from __future__ import annotations

import struct

HEADER = struct.Struct("!HHHHHH")
"""Identifier, flags, and how many questions, answers, authorities and additions follow."""

TYPES = {"A": 1, "AAAA": 28}  # RFC 1035, 3.2.2; RFC 3596, 2.1
IN = 1
ANSWER, OPCODE, RECURSION, RCODE = 0x8000, 0x7800, 0x0100, 0x000F  # of the flags
CODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
LARGEST = 4096  # bytes; without EDNS an answer has 512 at most


def query(identifier: int, name: str, kind: str) -> bytes:
    """A query for the records of a name, by recursion."""
    return HEADER.pack(identifier, RECURSION, 1, 0, 0, 0) + _question(name, kind)


def trouble(asked: bytes, data: bytes) -> str | None:
    """What is wrong with an answer to the query ``asked``: nothing ("") where there are records; None: it is no
    answer to it, but somebody else's, or damaged.
    """
    question = asked[HEADER.size :]
    if len(data) < HEADER.size + len(question):
        return None
    identifier, flags, questions, answers, _, _ = HEADER.unpack_from(data)
    echoed = data[HEADER.size : HEADER.size + len(question)]
    if (identifier, questions) != (HEADER.unpack_from(asked)[0], 1):
        return None
    if not flags & ANSWER or flags & OPCODE or echoed.lower() != question.lower():
        return None
    code = flags & RCODE
    if code:
        return f"answers {CODES.get(code, f'code {code}')}"
    return "" if answers else "answers without a record"


def _question(name: str, kind: str) -> bytes:
    labels = name.removesuffix(".").encode("ascii", "replace").split(b".")
    name_bytes = b"".join(bytes((len(label) & 0x3F,)) + label[:63] for label in labels)
    return name_bytes + b"\0" + struct.pack("!HH", TYPES[kind], IN)
