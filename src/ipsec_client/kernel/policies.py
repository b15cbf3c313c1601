"""Security policies of a namespace, as far as a tunnel stands on them: which lead outward to SAs that are there.

Pluto leaves a trap where a connection has no SAs: a policy without an SA of its own (reqid 0), whose first packet
has the kernel ask for one. Pluto then looks for a connection by the packet's addresses alone, and where several
have equal selectors it opens a second child SA for a neighbour that is up. So nothing is to be sent before a
tunnel's policy has been put in place of its trap, a moment after its SAs are there. Layouts: linux/xfrm.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ipsec_client.kernel.netlink import attributes

XFRM_MSG_NEWPOLICY, XFRM_MSG_DELPOLICY, XFRM_MSG_GETPOLICY = 0x13, 0x14, 0x15
XFRM_MSG_UPDPOLICY, XFRM_MSG_FLUSHPOLICY = 0x19, 0x1D
XFRMNLGRP_POLICY = 4

XFRMA_TMPL, XFRMA_POLICY, XFRMA_IF_ID = 5, 7, 31
XFRM_SELECTOR = 56  # bytes of struct xfrm_selector
XFRM_USERPOLICY_INFO = 168  # bytes
XFRM_USERPOLICY_DIR_AT = 160  # after selector, lifetimes (64, 32), priority, index
XFRM_USERPOLICY_ID = 64  # bytes
XFRM_USER_TMPL_REQID_AT = 44  # after id (24), family (4), source address (16)
XFRM_POLICY_OUT = 1
NUMBER = struct.Struct("=I")


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: ``bound`` where it names the SAs to use (an in or forward policy, a trap: not)."""

    if_id: int
    selector: bytes
    direction: int
    bound: bool


@dataclass(frozen=True, slots=True)
class PolicyEvent:
    """What a message says: a policy is there (``added``), or it is gone."""

    added: bool
    policy: Policy


@dataclass(frozen=True, slots=True)
class PoliciesFlushed:
    """Every policy was flushed at once."""


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """The outward policies of a namespace that name SAs. Pure: each change is a new table."""

    bound: frozenset[Policy] = frozenset()

    @classmethod
    def of(cls, dumped: Iterable[Policy]) -> PolicyTable:
        """The table that a dump shows."""
        return cls(frozenset(policy for policy in dumped if policy.bound))

    def after(self, event: PolicyEvent | PoliciesFlushed) -> PolicyTable:
        """The table once ``event`` has happened."""
        if isinstance(event, PoliciesFlushed):
            return PolicyTable()
        changed = event.policy
        others = frozenset(known for known in self.bound if _key(known) != _key(changed))
        return PolicyTable(others | {changed} if event.added and changed.bound else others)

    def leads_out(self, if_id: int) -> bool:
        """Whether packets into this tunnel's device find SAs to use."""
        return any(policy.if_id == if_id for policy in self.bound)

    def changed(self, other: PolicyTable) -> frozenset[int]:
        """The if_ids whose policies differ between the two tables."""
        return frozenset(policy.if_id for policy in self.bound ^ other.bound)


def parse(kind: int, body: memoryview) -> PolicyEvent | PoliciesFlushed | None:
    """What an event says of policies; None for one of another kind, or a truncated one."""
    if kind == XFRM_MSG_FLUSHPOLICY:
        return PoliciesFlushed()
    added = kind in (XFRM_MSG_NEWPOLICY, XFRM_MSG_UPDPOLICY)
    policy: Policy | None = None
    if added:
        policy = parse_policy(body)
    elif kind == XFRM_MSG_DELPOLICY:
        policy = _parse_deleted(body)
    return PolicyEvent(added, policy) if policy else None


def parse_policy(body: memoryview) -> Policy | None:
    """The policy in the body of NEWPOLICY or UPDPOLICY; None when it is cut short."""
    return _parse_info(body, body[XFRM_USERPOLICY_INFO:])


def _parse_deleted(body: memoryview) -> Policy | None:
    """DELPOLICY begins with struct xfrm_userpolicy_id; the whole info comes as an attribute among the others."""
    extra = body[XFRM_USERPOLICY_ID:]
    for kind, data in attributes(extra):
        if kind == XFRMA_POLICY:
            return _parse_info(data, extra)
    return None


def _parse_info(info: memoryview, extra: memoryview) -> Policy | None:
    if len(info) < XFRM_USERPOLICY_INFO:
        return None
    direction = info[XFRM_USERPOLICY_DIR_AT]
    if_id = reqid = 0
    for kind, data in attributes(extra):
        if kind == XFRMA_IF_ID and len(data) == NUMBER.size:
            (if_id,) = NUMBER.unpack(data)
        elif kind == XFRMA_TMPL and len(data) >= XFRM_USER_TMPL_REQID_AT + NUMBER.size:
            (reqid,) = NUMBER.unpack_from(data, XFRM_USER_TMPL_REQID_AT)
    bound = direction == XFRM_POLICY_OUT and bool(reqid)
    return Policy(if_id, bytes(info[:XFRM_SELECTOR]), direction, bound)


def _key(policy: Policy) -> tuple[int, bytes, int]:
    return policy.if_id, policy.selector, policy.direction
