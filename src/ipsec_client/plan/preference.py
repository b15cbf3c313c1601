"""Which next hops a service uses, and in what order: by the vectors of its service-policy, else as written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from ipsec_client.model.definition import value_of
from ipsec_client.model.elements import ServicePolicy, Vector

T = TypeVar("T")

_LAST = 10**9
"""The cost of a path without a vector that the policy names: after all that have one."""


def preferred(policy: ServicePolicy | None, paths: Iterable[tuple[T, Sequence[str]]]) -> list[T]:
    """Of paths with their vectors those that are used, best first; paths of equal cost stay in their order.

    The best of a path's vectors counts; a path that has none but ``never`` ones is left out.
    """
    priced = costs(policy)
    judged = []
    for path, vectors in paths:
        known = [priced[vector] for vector in vectors if vector in priced]
        possible = [cost for cost in known if cost is not None]
        if possible or not known:
            judged.append((min(possible, default=_LAST), path))
    return [path for _, path in sorted(judged, key=lambda each: each[0])]


def costs(policy: ServicePolicy | None) -> dict[str, int | None]:
    """What each vector costs that the policy names; None: it is never used."""
    vectors = policy.vector if policy else ()
    return {vector.name: _cost(vector, place) for place, vector in enumerate(vectors)}


def _cost(vector: Vector, place: int) -> int | None:
    """Ordered vectors cost 1, 10, 100, ... by their place in the list; None is never."""
    priority = value_of(vector, "priority")
    if priority == "never":
        return None
    return priority if isinstance(priority, int) else min(10**place, _LAST - 1)
